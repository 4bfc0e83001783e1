"""Reasons about citizen IDs (GB 11643) and unified social credit codes (GB 32100)."""

from __future__ import annotations

from typing import Final

TEXTS: Final = """
PB-ID-010 warn
公民身份号码含全角字符，已转半角
The citizen ID had full-width characters; they were narrowed
请在录入端限制为半角
Allow half-width input only

PB-ID-011 warn
校验码为小写 x，已改为大写 X
The check character was a lower-case x; it was made a capital
请统一使用大写 X
Always use the capital X

PB-ID-012 warn
校验码 X 写成了形近字符（罗马数字、西里尔或希腊字母、乘号），已改正
The check character X was typed as a look-alike (Roman, Cyrillic, Greek, times sign); mended
请用键盘上的大写字母 X
Use the capital letter X of the keyboard

PB-ID-013 warn
公民身份号码前后有引号、撇号或等号等标记，已去除
The citizen ID carried quotation marks, an apostrophe or an equals sign; they were removed
导出时请勿添加文本标记
Do not add text markers when exporting

PB-ID-014 warn
公民身份号码含不可见字符（BOM、零宽、控制字符），已去除
The citizen ID had invisible characters (BOM, zero-width, control); they were removed
请清理来源系统中的不可见字符
Clean the invisible characters in the source system

PB-ID-015 warn
公民身份号码中间或首尾有空格或连字符，已去除
The citizen ID had blanks or hyphens in it; they were removed
请去除空格和连字符
Remove blanks and hyphens

PB-ID-020 warn
15 位旧号码，已补“19”和校验码升为 18 位
A 15-digit number; it was upgraded to 18 with the century 19 and the check character
请补录 18 位号码
Record the 18-digit number

PB-ID-021 warn
15 位旧号码顺序码为 996 至 999（百岁老人专用），世纪无法确定
A 15-digit number with an order code 996 to 999 (kept for centenarians): century ambiguous
请核对户口簿，补录 18 位号码
Check the household book and record the 18-digit number

PB-ID-022 warn
15 位旧号码中的出生日期不存在
A 15-digit number whose birth date does not exist
请核对户口簿
Check the household book

PB-ID-030 warn
公民身份号码位数不对
The citizen ID has a wrong length
应为 18 位
It has 18 characters

PB-ID-031 warn
公民身份号码含数字和末位 X 以外的字符
The citizen ID has characters other than digits and a final X
请核对证件
Check the document

PB-ID-032 warn
公民身份号码校验码不对，号码可能录错
The check character of the citizen ID is wrong; the number was probably mistyped
请核对证件，不要自行推算校验码
Check the document; do not compute a new check character

PB-ID-033 warn
公民身份号码中的出生日期不存在
The birth date in the citizen ID does not exist
请核对证件
Check the document

PB-ID-034 warn
公民身份号码中的出生日期晚于数据日期
The birth date in the citizen ID is later than the delivery's date
请核对证件
Check the document

PB-ID-035 warn
公民身份号码中的出生年份早于 1850 年
The birth year in the citizen ID is before 1850
请核对证件
Check the document

PB-ID-036 warn
校验码写成了 *，号码待核实
The check character was typed as *; the number must be confirmed
请录入真实校验码
Record the real check character

PB-ID-037 warn
公民身份号码已脱敏（含连续 *）
The citizen ID is masked (several *)
入库需提供完整号码
The register needs the whole number

PB-ID-040 warn
按公民身份号码推算年龄超过 130 岁
By the citizen ID the person is over 130
请核实是否在世、号码是否录错
Confirm that the person lives and that the number is right

PB-ID-041 warn
公民身份号码前六位不是任何年份的行政区划代码
The first six digits are no division code of any year
请核对证件；如为历史代码请补充区划表
Check the document; add the code to the division list if it is an old one

PB-ID-050 warn
公民身份号码被 Excel 变成科学计数法，原号码已丢失
Excel turned the citizen ID into scientific notation; the number is lost
请将单元格设为文本后重新导出
Make the cells text and export again

PB-ID-051 warn
公民身份号码被 Excel 截成 15 位有效数字，末三位变为 000
Excel kept 15 significant digits of the citizen ID; the last three became 000
请将单元格设为文本后重新导出
Make the cells text and export again

PB-ID-052 warn
公民身份号码经浮点数转换后末位失真
The tail of the citizen ID was lost in a floating-point conversion
请全程按文本传递号码
Carry the number as text all the way

PB-ID-053 note
公民身份号码校验正确，但末三位为 000，可能被 Excel 截断
The citizen ID passes its check, but ends in 000 as Excel leaves it; it may have been cut
请核对证件
Check the document

PB-ID-060 warn
旧版外国人永久居留证号码（3 位字母加 12 位数字），不是公民身份号码
An old foreign permanent resident number (3 letters and 12 digits), not a citizen ID
换证后请补录 18 位号码
Record the 18-digit number once the card is renewed

PB-ID-061 warn
是护照、军官证等其他证件号码的样式，不是公民身份号码
It has the shape of another document's number (passport, military, travel permit)
请填写正确的证件类型
Give the right document type

PB-ID-062 warn
是统一社会信用代码，不是公民身份号码
It is a unified social credit code, not a citizen ID
请填入单位证件栏
It belongs into the unit's column

PB-ID-063 warn
是学籍号，不是公民身份号码
It is a school-roll number, not a citizen ID
J、L 开头的学籍号不能当作身份号码
School rolls with J or L are never citizen IDs

PB-ID-064 warn
身份号码栏填写的是“无”“不详”等说明
The citizen ID column holds a word for none or unknown
没有号码时请留空
Leave it blank when there is none

PB-ID-065 warn
学籍号不是字母（G、J、L）加 18 位
The school-roll number is not a letter (G, J, L) and 18 characters
请核对学籍号
Check the school-roll number

PB-ID-066 warn
G 开头学籍号中的公民身份号码无效
The citizen ID inside the school-roll number (G) is not valid
请核对学籍号
Check the school-roll number

PB-ID-070 warn
公民身份号码与出生日期不一致
The citizen ID and the birth date disagree
请核对证件和户口簿
Check the document and the household book

PB-ID-071 warn
公民身份号码与性别不一致
The citizen ID and the sex disagree
请核对证件和户口簿
Check the document and the household book

PB-ID-072 warn
同一份数据中该公民身份号码出现在不同的人身上
The same citizen ID stands on different people in this delivery
请逐人核对证件
Check each person's document

PB-UC-010 warn
统一社会信用代码含全角、小写、空格或连字符，已整理
The credit code had full-width or lower-case letters, blanks or hyphens; they were mended
请使用半角大写
Use half-width capitals

PB-UC-030 warn
统一社会信用代码位数不对
The credit code has a wrong length
应为 18 位；15 位工商注册号请换发后补录
It has 18 characters; replace 15-digit registration numbers

PB-UC-031 warn
统一社会信用代码含不允许的字符（I、O、S、V、Z 等）
The credit code has characters that GB 32100 leaves out (I, O, S, V, Z or others)
请核对营业执照
Check the licence

PB-UC-032 warn
统一社会信用代码校验码不对
The check character of the credit code is wrong
请核对营业执照
Check the licence
"""
