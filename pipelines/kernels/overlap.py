"""Reasons that come together: how many rows have both of two."""

from __future__ import annotations

from typing import Final

import polars as pl

MOST: Final = 12


def overlap_of(reasons: pl.DataFrame) -> pl.DataFrame:
    """`reason_a`, `reason_b`, `rows` over the twelve most frequent reasons; a reason with itself counts its rows.

    Args:
        reasons: row_number and code; the same pair may stand more than once.
    """
    told = reasons.select("row_number", "code").unique()
    most = told.group_by("code").len().sort(["len", "code"], descending=[True, False]).head(MOST)
    shown = told.filter(pl.col("code").is_in(most["code"].implode()))
    pairs = shown.join(shown, on="row_number", suffix="_b")
    counted = pairs.group_by(reason_a="code", reason_b="code_b").agg(pl.len().cast(pl.Int64).alias("rows"))
    return counted.sort("reason_a", "reason_b")
