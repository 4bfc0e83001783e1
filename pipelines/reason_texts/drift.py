"""Reasons why a delivery as a whole is not like the ones before it."""

from __future__ import annotations

from typing import Final

TEXTS: Final = """
PB-DR-001 warn
行数超出控制限（与最近十二次交付相比）
The number of rows lies outside its control limits (last twelve deliveries)
请核实是否漏报或重复
Check whether rows are missing or doubled

PB-DR-002 warn
空值比例超出控制限（与最近十二次交付相比）
A column's share of blanks lies outside its control limits (last twelve deliveries)
请核实该列的导出
Check how the column was exported

PB-DR-003 warn
代码分布超出控制限（与最近十二次交付相比）
A code's share lies outside its control limits (last twelve deliveries)
请核实代码口径是否改变
Check whether the code's meaning changed
"""
