"""Reasons why a row cannot be read as a record, and what headers had."""

from __future__ import annotations

from typing import Final

TEXTS: Final = """
PB-RW-001 quarantine_row
该行列数少于表头
The row has fewer columns than the header
请检查分隔符和缺列
Look for a lost separator or column

PB-RW-002 quarantine_row
该行列数多于表头
The row has more columns than the header
请检查字段内的分隔符
Look for a separator inside a field

PB-RW-003 quarantine_row
该行含 NUL 字节
The row has a NUL byte
请重新导出
Export it again

PB-RW-004 quarantine_row
该行引号没有闭合
A quote of the row never closes
请检查字段内的引号
Look for quotes inside fields

PB-RW-005 quarantine_row
该行含无法解码的字节
The row has bytes that do not decode
请按约定编码导出
Export in the agreed encoding

PB-RW-006 quarantine_row
身份号码单元格被 Excel 存为 15 位以上的数值，末位已失真
An ID cell was stored by Excel as a number of 15 or more digits; its tail is lost
请将该列设为文本后重新填写
Make the column text and type it again

PB-RW-007 quarantine_row
必填的主键为空
A required key is blank
请补充主键
Fill in the key

PB-RW-008 quarantine_row
增量标志不是 I、U、D
The operation flag is none of I, U, D
请填写 CZBZ
Fill in CZBZ

PB-RW-009 quarantine_row
字段长度超过上限
A field is longer than the limit
请检查该行
Look at the row

PB-RW-010 quarantine_row
该行的编码与约定不同（疑为 UTF-8）
The row is written in another encoding than agreed (it looks like UTF-8)
请按约定编码导出
Export in the agreed encoding

PB-RW-011 quarantine_row
该行（记录）的字节长度或标志与定长布局不符
The record's length in bytes or its mark is not the layout's
请按约定布局导出
Export in the agreed layout

PB-RW-012 quarantine_row
该行按销毁令不予接收
The row is withheld by an order of erasure
请勿再报送该人员
Do not send this person again

PB-HD-001 warn
列名使用了别名
A column came under an alias
请使用约定列名
Use the agreed name

PB-HD-002 warn
有未约定的列，已原样保留
There is an unknown column; it was kept as delivered
如需长期提供请登记
Have it added to the contract if it stays

PB-HD-003 refuse_delivery
缺少必需的列
A required column is missing
请补齐后重报
Add it and deliver again

PB-HD-004 warn
缺少可选的列
An optional column is missing
如不再提供请登记
Have it taken out of the contract if it stays away

PB-HD-005 refuse_delivery
列名重复
A column name stands twice
请去掉重复列
Remove one of them

PB-HD-006 note
列的顺序与约定不同
The columns came in another order
无需改正
Nothing needs mending

PB-HD-007 refuse_delivery
找不到表头
The header was not found
请保留表头行
Keep the header row

PB-HD-008 refuse_delivery
增量数据缺少 CZBZ 列
An incremental delivery lacks the column CZBZ
请补充操作标志列
Add the operation column

PB-HD-009 note
约定列名与其别名同时出现，以约定列名为准
A column and its alias both came; the column of the feed was taken
请去掉多余的列
Remove the spare column

PB-HD-010 warn
表头不在约定的行，已按实际位置读取
The header was in another row than agreed; it was found
请按约定保留标题行
Keep the agreed title rows

PB-HD-011 warn
列名含空格、全角或不可见字符
A column name has blanks, full-width or invisible characters
请使用约定列名
Use the agreed name

PB-HD-012 refuse_delivery
列数超过上限
There are more columns than the limit
请检查表头和分隔符
Look at the header and the separator

PB-HD-013 refuse_delivery
列与约定不符，按约定退回
The columns are not as agreed, and the contract refuses that
请按约定的列重报，或先变更约定
Deliver the agreed columns, or have the contract changed first

PB-HD-014 warn
列值多数不合约定类型
Most values of a column are not of its agreed type
请核实该列是否换了内容或格式
Check whether the column changed its content or form
"""
