"""Small things said of columns of people."""

from __future__ import annotations

import polars as pl

from pipelines.synthetic.dice import Ints
from pipelines.synthetic.identifiers import compact

NEVER = 400_000  # a day that does not come


def column(people: pl.DataFrame, name: str) -> Ints:
    """A whole-number column as an array."""
    return people[name].cast(pl.Int64).to_numpy()


def year_of(days: Ints) -> Ints:
    """Calendar years of days."""
    return compact(days) // 10_000
