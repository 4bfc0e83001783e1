"""Rows of a versioned table by their place and hash: what differs is found without moving, or looking up, the rest.

A place is a row's ctid. It holds while nobody else writes the table: the pointer's row is the lock among writers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from pipelines.errors import PopbaseError
from pipelines.store.postgres import compose, copy_frame, execute, fetch_binary

if TYPE_CHECKING:
    from pipelines.store.postgres import Connection

_LINE: Final = np.dtype(
    [
        ("fields", ">i2"),
        ("place_bytes", ">i4"), ("block", ">u4"), ("item", ">u2"),
        ("hash_bytes", ">i4"), ("row_hash", "V32"),
        ("open_bytes", ">i4"), ("is_open", "?"),
    ]
)  # fmt: skip
_WIDTHS: Final = {"fields": 3, "place_bytes": 6, "hash_bytes": 32, "open_bytes": 1}


_SELECT: Final = "select ctid as place, row_hash, to_publication is null as is_open from {table} where "


def places_seen(conn: Connection, table: str, condition: str, whose: str | None = None) -> pl.DataFrame:
    """Rows for which `condition` is true: block, item (their ctid), row_hash, is_open (nothing has ended them yet).

    Args:
        conn: the transaction.
        table: its name.
        condition: in SQL.
        whose: the column that says whose row it is: only rows of the persons in the temporary table `touched` are
            looked up, by the index on it.

    Raises:
        PopbaseError: when a row's hash is none.
    """
    query = compose(conn, _SELECT, table=table)
    sent = fetch_binary(conn, query + condition if whose is None else _each(f"{query}{whose} =", condition))
    if len(sent) % _LINE.itemsize:
        raise PopbaseError(f"{table} has a row without its hash", hint="popbase verify tells more")
    lines = np.frombuffer(sent, dtype=_LINE)
    if any((lines[name] != width).any() for name, width in _WIDTHS.items()):
        raise PopbaseError(f"{table} has a row without its hash", hint="popbase verify tells more")
    native = {"block": np.uint32, "item": np.uint16}
    return pl.DataFrame(
        {
            **{name: lines[name].astype(dtype) for name, dtype in native.items()},
            "row_hash": pl.Series(lines["row_hash"].tolist(), dtype=pl.Binary),
            "is_open": lines["is_open"],
        }
    )


def _each(query: str, condition: str) -> str:
    """The query for each touched person: `offset 0` keeps the planner from reading the whole table instead."""
    rows = f"{query} t.person_id and {condition} offset 0"
    return f"select g.* from touched as t cross join lateral ({rows}) as g"  # noqa: S608 - our own conditions


def close_places(conn: Connection, table: str, ending: pl.DataFrame, number: int) -> None:
    """End the rows at these places (block, item) with a publication.

    Raises:
        PopbaseError: when somebody else wrote the table meanwhile.
    """
    if not ending.height:
        return
    execute(conn, "create temp table ending (place tid)")
    copy_frame(conn, "ending", ending.select(pl.format("({},{})", "block", "item").alias("place")))
    close = compose(conn, "update {table} as g set to_publication = ", table=table) + str(int(number))
    there = "g.ctid = any (array(select place from ending))"  # looked up by place, however many the table has
    closed = execute(conn, f"{close} where {there} and g.to_publication is null")
    execute(conn, "drop table ending")
    if closed != ending.height:
        raise PopbaseError(f"{table} was written while a publication was staged", hint="popbase run again")
