"""Reasons about dates, code lists, telephones, addresses, numbers and text."""

from __future__ import annotations

from typing import Final

TEXTS: Final = """
PB-DT-001 note
日期为中文写法（1990年1月1日），已转换
The date was written in Chinese (1990年1月1日); it was converted
请使用 yyyymmdd
Use yyyymmdd

PB-DT-002 note
日期为 Excel 序列号，已转换
The date was an Excel serial number; it was converted
请导出为文本日期
Export dates as text

PB-DT-003 note
日期含全角字符、空格或不可见字符，已整理
The date had full-width, blank or invisible characters; they were mended
请使用半角数字
Use half-width digits

PB-DT-005 warn
日期只有两位年份，世纪无法确定
The date has a two-digit year; the century is ambiguous
请使用四位年份
Use four-digit years

PB-DT-010 warn
日期不存在（如 2 月 30 日）
The date does not exist (as 30 February)
请核对原始材料
Check the original paper

PB-DT-011 warn
日期的月或日为 00，表示不详
Month or day is 00, that is unknown
请补充完整日期
Give the whole date

PB-DT-012 warn
日期为农历，未换算
The date is lunar; it was not converted
请提供公历日期
Give the Gregorian date

PB-DT-013 warn
无法识别为日期
It cannot be read as a date
请使用 yyyymmdd
Use yyyymmdd

PB-DT-014 warn
日期晚于数据日期
The date is later than the delivery's date
请核对
Check it

PB-DT-015 warn
日期早于 1850 年
The date is before 1850
请核对
Check it

PB-DT-016 warn
日期为系统默认值（19000101、99991231 等），视为不详
The date is a system default (19000101, 99991231); it was taken as unknown
不详时请留空
Leave it blank when unknown

PB-DT-020 warn
年月不存在或无法识别
The month does not exist or cannot be read
请使用 yyyymm
Use yyyymm

PB-DT-021 warn
时间不存在或无法识别
The timestamp does not exist or cannot be read
请使用 yyyymmddHHMMSS
Use yyyymmddHHMMSS

PB-DT-022 warn
日期列表中有无法识别的日期，已略去
The list holds dates that cannot be read; they were left out
请用分号分隔 yyyymmdd
Join yyyymmdd by semicolons

PB-CD-001 note
代码含全角字符、空格或不可见字符，已整理
The code had full-width, blank or invisible characters; they were mended
请使用半角
Use half-width characters

PB-CD-002 warn
代码不在代码表中
The code is not in its code list
请对照代码表，或申请补充对照关系
Compare it with the code list, or ask for a lookup

PB-CD-010 warn
行政区划代码不是六位数字
The division code is not six digits
请使用 GB/T 2260 代码
Use codes of GB/T 2260

PB-CD-011 warn
行政区划代码不是任何年份的代码
The division code existed in no year
请对照区划表
Compare it with the division list

PB-CD-012 warn
乡级区划代码不是九位数字
The township code is not nine digits
请使用九位代码
Use the nine-digit code

PB-CD-020 warn
是否栏无法识别为是或否
The flag can be read neither as yes nor as no
请填写 1/0 或 是/否
Give 1/0 or 是/否

PB-TL-001 note
电话号码含 +86、空格、短横等，已整理
The telephone had +86, blanks or dashes; they were mended
请只填数字
Give digits only

PB-TL-002 note
一栏内有多个电话号码，取第一个
The column held several telephones; the first was taken
请只填一个常用号码
Give one number

PB-TL-003 note
电话带分机号，已略去分机
The telephone had an extension; it was left out
请填写直拨号码
Give a direct number

PB-TL-010 warn
电话号码位数或号段不对
The telephone has a wrong length or prefix
请核对
Check it

PB-TL-011 warn
固定电话缺少区号
The landline lacks its area code
请补充区号
Add the area code

PB-TL-012 warn
电话号码是重复数字等占位号码
The telephone is a filler (repeated digits)
没有电话时请留空
Leave it blank when there is none

PB-TL-013 warn
电话号码已脱敏
The telephone is masked
请提供完整号码
Give the whole number

PB-AD-001 note
地址含全角字符、空格或写法不一，已统一
The address had full-width characters, blanks or other spellings; they were unified
请按地址标准填写
Follow the address standard

PB-AD-010 warn
地址是“无”“不详”等说明
The address is a word for none or unknown
不详时请留空
Leave it blank when unknown

PB-AD-011 warn
地址过短或只有数字，无法定位
The address is too short, or digits only, and names no place
请补充完整地址
Give the whole address

PB-AD-012 warn
地址含乱码或替代字符
The address holds replacement characters
请核对编码
Check the encoding

PB-AD-020 warn
地址所在乡镇与乡镇代码不一致
The address names another township than the township code
请核对地址和乡镇代码
Check the address and the township code

PB-NB-001 note
数值含千分位、货币符号或单位（万元），已换算
The number had separators, a currency sign or a unit (万元); it was converted
请只填数字
Give digits only

PB-NB-010 warn
无法识别为数值
It cannot be read as a number
请核对
Check it

PB-NB-011 warn
应为整数
It should be a whole number
请核对
Check it

PB-NB-012 warn
数值超出可存储范围
The number is out of the range that can be kept
请核对
Check it

PB-TX-001 note
文本含控制字符、零宽字符或多余空格，已去除
The text had control or zero-width characters or spare blanks; they were removed
请清理来源系统
Clean the source system

PB-TX-002 note
文本含 2000 版 GB 18030 的临时编码，已改为正式编码
The text had provisional codes of GB 18030-2000; they were made the final ones
请升级到 GB 18030-2022
Move to GB 18030-2022

PB-TX-010 warn
文本含自造字（私用区字符）
The text has private-use characters
请改用 GB 18030 编码字
Use codes of GB 18030

PB-TX-011 warn
文本含替代字符（�），原字已丢失
The text has replacement characters (U+FFFD); the originals are lost
请核对导出编码
Check the encoding of the export
"""
