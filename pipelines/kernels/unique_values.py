"""Work is spent once on each distinct value and gathered back to the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable


def on_unique_values(raw: pl.Series, kernel: Callable[[pl.Series], pl.DataFrame]) -> pl.DataFrame:
    """Apply a kernel to the distinct values of `raw`; same height and order as `raw`.

    `kernel` answers one row for each value it is given, in that order, nulls included.
    """
    values = raw.alias("__value")
    distinct = values.unique(maintain_order=True)
    if len(distinct) == len(raw):
        return kernel(raw)
    answers = kernel(distinct).with_columns(distinct)
    return (
        values.to_frame()
        .join(answers, on="__value", how="left", nulls_equal=True, maintain_order="left")
        .drop("__value")
    )
