"""Reasons why a delivery was refused or waits, and notes about its place in the sequence."""

from __future__ import annotations

from typing import Final

TEXTS: Final = """
PB-DL-001 refuse_delivery
交接单（manifest.json）无法读取或缺少必需项
The manifest cannot be read or lacks a required key
请按交接约定重新生成
Make it again as agreed

PB-DL-002 refuse_delivery
没有该数据项的约定
No contract knows this feed
请先登记数据约定
Have a contract made first

PB-DL-003 refuse_delivery
交接单的数据项与所在目录不符
The manifest's feed is not the folder's
请放入正确目录
Put it into the right folder

PB-DL-004 refuse_delivery
文件摘要（SHA-256）与交接单不符
The file's SHA-256 is not the manifest's
请重新传送文件
Send the file again

PB-DL-005 refuse_delivery
行数与交接单不符
The row count is not the manifest's
请核对导出行数
Check the export's row count

PB-DL-006 refuse_delivery
控制总数与交接单不符
A control total is not the manifest's
请核对后重报
Check and deliver again

PB-DL-007 refuse_delivery
交接单所列文件不存在
The manifest's file is not there
请补传文件
Send the file

PB-DL-008 refuse_delivery
文件名不合规定
The file name is not allowed
只能使用字母、数字、点、下划线和短横，不超过 100 个字符
Use letters, digits, dot, underscore and hyphen, at most 100 characters

PB-DL-009 refuse_delivery
压缩包不安全（路径、成员数、大小或压缩比超限）
The archive is unsafe (paths, members, size or ratio beyond the limit)
请只压缩一个数据文件
Pack the one data file only

PB-DL-010 refuse_delivery
压缩包无法打开或内容与约定不符
The archive cannot be opened or does not hold what was agreed
请重新压缩
Pack it again

PB-DL-011 refuse_delivery
文件没有表头
The file has no header
请保留表头行
Keep the header row

PB-DL-012 refuse_delivery
同一序号已有内容不同的交付
This sequence number was already delivered with other content
如为更正请在交接单注明 replaces
Say replaces in the manifest if it is a correction

PB-DL-013 refuse_delivery
序号早于已接收的最新序号
The sequence number is older than the newest accepted one
如为更正请在交接单注明 replaces
Say replaces in the manifest if it is a correction

PB-DL-014 refuse_delivery
前置库中没有该表或该数据包
The table or its package is not in the exchange database
请确认数据包已写入
Confirm that the package was written

PB-DL-015 refuse_delivery
文件整体无法按约定编码解码
The file does not decode at all in the agreed encoding
请按约定编码导出
Export in the agreed encoding

PB-DL-016 refuse_delivery
有一条规则不予通过：问题超过约定上限
A rule stops the delivery: its faults are beyond the agreed limit
请按该批次报告所列规则整改后重报
Mend what the batch's report names and deliver again

PB-DL-017 refuse_delivery
工作簿无法读取
The workbook cannot be read
请另存为 xlsx 后重报
Save it as xlsx and deliver again

PB-DL-018 refuse_delivery
全量数据将删除的比例超过约定，等待人工确认
The full delivery would remove more than the agreed share; it waits for a person's yes
请数据管理员核实后确认
The data office confirms it after a check

PB-DL-019 refuse_delivery
更正所指的序号不存在
The delivery to be replaced is not known
请核对 replaces
Check replaces

PB-DL-020 refuse_delivery
交付方式（全量或增量）不在约定之内
The contract does not allow this mode
请按约定方式报送
Deliver in the agreed mode

PB-DL-021 refuse_delivery
文件超过大小上限
The file is larger than the limit
请联系数据管理员
Ask the data office

PB-DL-022 refuse_delivery
控制总数所指的列不存在
A control total names a column that is not there
请核对交接单
Check the manifest

PB-DL-023 refuse_delivery
数据日期晚于今天或早于上次全量
The data date is in the future or before the last full delivery
请核对交接单
Check the manifest

PB-DL-024 refuse_delivery
有一行超过长度上限（可能缺少换行）
A line is longer than the limit (line ends may be missing)
请检查换行后重报
Check the line ends and deliver again

PB-DL-025 refuse_delivery
DBF 文件损坏，或文件头与记录不符，或含非文本字段
The DBF file is damaged, its header and records disagree, or it has fields that are no text
请重新导出
Export it again

PB-DL-026 refuse_delivery
无法读取而隔离的行超过约定比例
More rows had to be set aside than the contract allows
请检查导出格式后重报
Check how the file was exported and deliver again

PB-DL-027 refuse_delivery
该次交付已按令或因保存期满销毁，不再接收
This delivery was erased by order or after its retention, and is not taken again
如仍需报送，请用新的序号
If it is needed all the same, deliver under a new sequence

PB-SQ-001 note
重复交付（序号和内容相同），未再生效
A re-delivery (same sequence, same content); it took no second effect
无需改正
Nothing needs mending

PB-SQ-002 warn
序号不连续，中间有缺号
There is a gap in the sequence
请确认是否漏报
Confirm that nothing was left out

PB-SQ-003 note
替代了以前的交付，其后各次已重新生效
It replaced an earlier delivery; what came after was applied again
无需改正
Nothing needs mending

PB-SQ-004 warn
新增（I）的主键已存在，按更新处理
An insert met a key that is there; it was taken as an update
请核对操作标志
Check the operation flag

PB-SQ-005 warn
更新（U）的主键不存在，按新增处理
An update met a key that is not there; it was taken as an insert
请核对操作标志
Check the operation flag

PB-SQ-006 warn
删除（D）的主键不存在
A delete met a key that is not there
请核对操作标志
Check the operation flag

PB-SQ-007 warn
同一次交付中主键重复，各行均保留
A key is repeated inside one delivery; every row was kept
请核对重复行
Check the repeated rows

PB-SQ-008 note
同一主键在增量中多次出现，以最后一行为准
A key came several times in an incremental delivery; its last row holds
无需改正
Nothing needs mending

PB-SQ-009 note
该交付已被替代或撤回
This delivery was replaced or withdrawn
无需改正
Nothing needs mending
"""
