"""What of the ledger's rows may stand on a page: remarks of officers are free text, so long numbers are cut from them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pipelines.contract.model import Contract
from pipelines.report.names import known_column

FREE: Final = ("remark", "reason", "signed_by", "waived_by")
"""Columns that people wrote by hand."""
LONGEST: Final = 200
NO_COLUMN: Final = ("", "*")
"""What is said of a delivery as a whole."""
GRADES: Final = {"a": 0.999, "b": 0.99, "c": 0.95, "d": 0.9}
"""The least score of each grade."""
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


def by_indicator(rules: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row an indicator of GB/T 36344: its rules, what they examined and found, score and grade."""
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for rule in rules:
        grouped.setdefault(str(rule["indicator"]), []).append(rule)
    return [_scored(indicator, grouped[indicator]) for indicator in sorted(grouped)]


def _scored(indicator: str, rules: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    answered = [rule for rule in rules if rule["status"] != "not_checked"]
    examined, failed = (sum(rule[name] or 0 for rule in answered) for name in ("examined", "failed"))
    score = 1 - failed / examined if examined else None
    counts = {"rules": len(rules), "unchecked": len(rules) - len(answered)}
    found = {"examined": examined, "failed": failed, "score": score, "grade": grade_of(score)}
    return {"indicator": indicator, **counts, **found}


def grade_of(score: float | None) -> str:
    """Of five grades, a to e; `none` where nothing was examined."""
    if score is None:
        return "none"
    return next((grade for grade, least in GRADES.items() if score >= least), "e")


def unanswered(rules: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rules that were not checked, and why."""
    names = ("rule_id", "zh", "en", "reason")
    return [{name: rule[name] for name in names} for rule in rules if rule["status"] == "not_checked"]


def _cut(text: str) -> str:
    return _LONG_NUMBER.sub("…", text)[:LONGEST]
