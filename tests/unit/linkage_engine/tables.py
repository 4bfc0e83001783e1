"""Small made-up tables and models for the engine's tests."""

from __future__ import annotations

from typing import Any

import polars as pl

from pipelines.linkage.engine.model import LinkageModel

Rows = list[dict[str, Any]]
COLUMNS = {
    "key": pl.String, "given": pl.String, "surname": pl.String, "born": pl.String, "telephones": pl.String,
    "height": pl.String, "origin": pl.String,
}  # fmt: skip


def frame(rows: Rows) -> pl.DataFrame:
    numbered = [{name: row.get(name) for name in COLUMNS} | {"key": f"k{n:03}"} for n, row in enumerate(rows)]
    return pl.DataFrame(numbered, schema=COLUMNS)


def level(name: str, test: str, m: float, u: float, **more: Any) -> dict[str, Any]:
    return {"name": name, "test": test, "m": m, "u": u, **more}


def declared(**changes: Any) -> LinkageModel:
    """A model with every kind of test but names, all of it declared."""
    given = [
        level("same", "exact", 0.7, 0.02),
        level("exchanged", "crossed", 0.05, 0.001, column="surname"),
        level("close", "jaro_winkler", 0.1, 0.01, at_least=0.9),
        level("like", "jaro_winkler", 0.05, 0.05, at_least=0.7),
        level("other", "otherwise", 0.1, 0.919),
    ]
    surname = [
        level("same", "exact", 0.8, 0.05),
        level("one", "edits", 0.1, 0.05, at_most=1),
        level("two", "edits", 0.05, 0.1, at_most=2),
        level("other", "otherwise", 0.05, 0.8),
    ]
    born = [
        level("same", "exact", 0.8, 0.01),
        level("slip", "date_slip", 0.1, 0.02),
        level("month", "same_month", 0.02, 0.02),
        level("near", "days", 0.02, 0.05, at_most=40),
        level("other", "otherwise", 0.06, 0.9),
    ]
    telephones = [level("shared", "exact", 0.6, 0.01), level("other", "otherwise", 0.4, 0.99)]
    height = [level("near", "number", 0.9, 0.2, at_most=2), level("other", "otherwise", 0.1, 0.8)]
    plan = {
        "name": "declared",
        "key": "key",
        "columns": {"born": {"type": "date"}, "telephones": {"many": ";"}, "height": {"type": "number"}},
        "derived": {"initial": {"column": "given", "take": "first"}},
        "blocking": [["surname"], ["initial", "born"], ["telephones"]],
        "comparisons": [
            {"name": name, "column": name, "levels": levels}
            for name, levels in (
                ("given", given), ("surname", surname), ("born", born), ("telephones", telephones),
                ("height", height),
            )
        ],
        "prior": {"probability": 0.05},
        "possible_weight": -2,
        "link_weight": 4,
    }  # fmt: skip
    return LinkageModel.model_validate(plan | changes)
