"""What every reader yields: consecutive rows of a delivery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

LONGEST_FIELD: Final = 4000
"""Characters of a cell; what is longer is no value of a register (PB-RW-009)."""


@dataclass(frozen=True)
class Chunk:
    """Consecutive rows of a delivery.

    Attributes:
        rows: `row_number` (Int32) and one String column a header field, readable rows only.
        unreadable: `row_number` (Int32), `code` (String): rows that are no records, and why.
    """

    rows: pl.DataFrame
    unreadable: pl.DataFrame


def chunk_of(judged: Sequence[str | Sequence[str]], first: int, names: Sequence[str]) -> Chunk:
    """A chunk of rows that are either their cells or the reason code why they are no record."""
    cells = [(n, *row) for n, row in enumerate(judged, first) if not isinstance(row, str)]
    codes = [(n, row) for n, row in enumerate(judged, first) if isinstance(row, str)]
    return Chunk(
        rows=pl.DataFrame(cells, schema=row_schema(names), orient="row"),
        unreadable=pl.DataFrame(codes, schema={"row_number": pl.Int32, "code": pl.String}, orient="row"),
    )


def row_schema(names: Sequence[str]) -> dict[str, pl.DataType]:
    """Columns of `Chunk.rows`."""
    return {"row_number": pl.Int32(), **dict.fromkeys(names, pl.String())}


def row_numbers(first: int, count: int) -> pl.Series:
    """Consecutive row numbers."""
    return pl.int_range(first, first + count, dtype=pl.Int32, eager=True).alias("row_number")
