"""What of the ledger's rows may stand on a page: remarks of officers are free text, so long numbers are cut from them."""

from __future__ import annotations

import re
from typing import Any, Final

from pipelines.contract.model import Contract
from pipelines.report.names import known_column

FREE: Final = ("remark", "reason", "signed_by", "waived_by")
"""Columns that people wrote by hand."""
LONGEST: Final = 200
NO_COLUMN: Final = ("", "*")
"""What is said of a delivery as a whole."""
_LONG_NUMBER: Final = re.compile(r"[0-9０-９][0-9０-９Xx \-]{5,}[0-9０-９XxＸ]")


def allowed(row: dict[str, Any], contract: Contract | None) -> dict[str, Any]:
    """The row with its free texts shortened and without numbers that could be a person's.

    A column that no contract knows is a department's own word and stands as `?`.
    """
    cut = {name: _cut(cell) if name in FREE and isinstance(cell, str) else cell for name, cell in row.items()}
    if cut.get("column_name", "") not in NO_COLUMN:
        column = known_column(cut["column_name"], contract)
        cut["column_name"] = column.source if column else "?"
    return cut


def _cut(text: str) -> str:
    return _LONG_NUMBER.sub("…", text)[:LONGEST]
