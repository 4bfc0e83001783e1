"""Reasons found while records of one person are linked."""

from __future__ import annotations

from typing import Final

TEXTS: Final = """
PB-LK-001 warn
同一公民身份号码对应两个不同的人（重号）
One citizen ID stands on two different people
请逐人核对证件
Check each person's document

PB-LK-002 warn
同一人有两个有效公民身份号码
One person has two valid citizen IDs
请核实号码变更记录
Check the number's history

PB-LK-003 warn
公民身份号码与姓名、出生日期均不一致，可能录成他人号码
The citizen ID disagrees with name and birth date; it may be another person's number
请核对证件
Check the document

PB-LK-004 note
号码有误，凭其他信息关联到该人，来源数据未改动
The number is faulty; other evidence linked the record, and the source value was kept
请更正号码
Correct the number

PB-LK-005 warn
同一公民身份号码下的记录过多，未自动合并
Too many records share one citizen ID; they were not merged automatically
请核实是否为占位号码
Check whether the number is a filler

PB-LK-006 warn
关联不确定，已转人工复核
The link is uncertain; it went to clerical review
请复核
Review it

PB-LK-007 warn
登记死亡后仍有活动记录
There is activity after the registered death
请核实
Check it

PB-LK-008 warn
同一人在同一数据项中有多条记录
One person has several records in one feed
请核实是否重复登记
Check for a double registration

PB-LK-009 warn
记录仍使用旧公民身份号码，登记机关已更正
The record still carries an old citizen ID that a register has corrected
请更新号码
Update the number
"""
