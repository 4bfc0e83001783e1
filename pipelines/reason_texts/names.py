"""Reasons about names of persons."""

from __future__ import annotations

from typing import Final

TEXTS: Final = """
PB-NM-001 note
姓名中的间隔号写法不一，已统一为“·”（U+00B7）
The name dot was in another spelling; it was made U+00B7
请按民委发〔2016〕33 号使用“·”
Use U+00B7, as 民委发〔2016〕33号 says

PB-NM-002 note
姓名含全角字母等字符，已统一
The name had full-width or compatibility characters; they were unified
请使用规范字符
Use plain characters

PB-NM-003 warn
姓名中间或首尾有空格，已去除
The name had blanks in it; they were removed
请勿用空格对齐姓名
Do not pad names with blanks

PB-NM-004 warn
姓名含不可见字符，已去除
The name had invisible characters; they were removed
请清理来源系统
Clean the source system

PB-NM-005 note
姓名含繁体字或异体字，比较时按规范字
The name has traditional or variant characters; it is compared by the standard ones
来源系统的写法予以保留，无需改正
The spelling is kept; nothing needs mending

PB-NM-010 warn
姓名中的生僻字变成了 ? 或 □
A rare character of the name became ? or □
请使用支持 GB 18030 的系统补录
Record it in a system that knows GB 18030

PB-NM-011 warn
姓名中的生僻字用拼音代替
A rare character of the name was replaced by pinyin
请使用支持 GB 18030 的系统补录
Record it in a system that knows GB 18030

PB-NM-012 warn
姓名含自造字（私用区字符）
The name has a private-use character
请改用 GB 18030 编码字
Use the character's code of GB 18030

PB-NM-013 warn
姓名中的生僻字用文字描述代替，如“（加王旁）”
A rare character of the name was described in words, as (加王旁)
请使用支持 GB 18030 的系统补录
Record it in a system that knows GB 18030

PB-NM-020 warn
姓名是“之子”“之女”等新生儿代称
The name is a stand-in for a newborn (之子, 之女)
取名后请更新
Update it once the child is named

PB-NM-021 warn
姓名栏填写的是“无”“不详”等说明
The name column holds a word for none or unknown
请核实姓名
Confirm the name

PB-NM-022 warn
姓名只有一个汉字
The name has only one Chinese character
请核实是否漏录
Confirm that nothing is missing

PB-NM-023 warn
姓名含数字或其他不应出现的符号
The name has digits or signs that no name has
请核实姓名
Confirm the name

PB-NM-024 warn
姓名超过 50 个字符
The name is longer than 50 characters
请核实姓名
Confirm the name
"""
