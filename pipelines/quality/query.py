"""The rows that an SQL query over a frame gives, by their numbers."""

from __future__ import annotations

from typing import Final

import polars as pl

from pipelines.quality.checkable import NotCheckable

ROW: Final = "popbase_row"


def rows_of(frame: pl.LazyFrame, query: str) -> pl.LazyFrame:
    """One column of row numbers, from 0.

    Raises:
        NotCheckable: the query does not name `{batch}`, is none that Polars' SQL takes, or does not give whole rows.
    """
    told = query.replace("{batch}", "batch").strip().rstrip(";")
    if "{batch}" not in query:
        raise NotCheckable("the query does not name {batch}")
    try:
        found = pl.SQLContext(batch=frame.with_row_index(ROW)).execute(told, eager=False)
        columns = found.collect_schema().names()
    except pl.exceptions.PolarsError:
        raise NotCheckable("the query is none that Polars' SQL takes") from None
    if ROW not in columns:
        raise NotCheckable("the query does not give whole rows")
    return found.select(ROW)
