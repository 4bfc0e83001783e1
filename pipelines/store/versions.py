"""Golden rows by publication: which a number sees, what a new number writes, and how that is undone.

A row stands in publications from <= n < to. A number that is being staged writes rows with from = n and sets
to = n on rows that end; readers at an earlier number see neither.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from pipelines.errors import PopbaseError
from pipelines.store.contents import contents
from pipelines.store.golden import UNTIL, VERSION_COLUMNS
from pipelines.store.places import close_places, places_seen
from pipelines.store.postgres import Connection, compose, copy_frame, execute, fetch, fetch_frame, has_table

PROVENANCE = "row_provenance"
_SEEN = f"from_publication <= {{n}} and {UNTIL} > {{n}}"


@dataclass(frozen=True)
class Change:
    """Rows that a publication opens, closes and leaves, against what readers see."""

    opened: int
    closed: int
    unchanged: int


@dataclass(frozen=True)
class Written:
    """What was written of a table: how much changed, and the hashes of the rows that begin and of those that end."""

    change: Change
    begun: pl.Series
    ended: pl.Series


@dataclass(frozen=True)
class Span:
    """The publication that is staged, the one readers see, and whether others between them were withdrawn."""

    number: int
    base: int
    after_withdrawn: bool


def golden_names(conn: Connection) -> list[str]:
    """Names of the golden tables, in order, whether a contract still makes them or not."""
    rows = fetch(
        conn,
        "select relname from pg_class where relnamespace = 'golden'::regnamespace and relkind = 'r'"
        ' and relname <> %s order by relname collate "C"',
        (PROVENANCE,),
    )
    return [row["relname"] for row in rows]


def row_hashes(frame: pl.DataFrame) -> pl.Series:
    """SHA-256 of each row's given values, by name, with their lengths: a column that is null does not count."""
    texts = [
        pl.concat_str(pl.lit(f"{name}="), _text(frame, name).str.len_bytes(), pl.lit(":"), _text(frame, name))
        for name in sorted(frame.columns)
    ]
    rows = frame.select(pl.concat_str(texts, ignore_nulls=True).cast(pl.Binary)).to_series()
    hashed = [hashlib.sha256(row).digest() for row in rows.to_list()]
    return pl.Series("row_hash", hashed, dtype=pl.Binary)


def _text(frame: pl.DataFrame, name: str) -> pl.Expr:
    column = pl.col(name)
    return column.dt.to_string("iso:strict") if frame.schema[name].is_temporal() else column.cast(pl.String)


def content_hash(hashes: Mapping[str, pl.Series]) -> str:
    """SHA-256 over the sorted hashes of the rows of all tables; an empty table counts like one that is not there."""
    return contents(hashes).sha256


def content_hash_of(conn: Connection, number: int) -> str:
    """The content hash of a publication, from the hashes of its rows as they are stored; '' when one is no hash."""
    hashes = {name: seen_hashes(conn, name, number) for name in golden_names(conn)}
    try:
        return content_hash(hashes)
    except ValueError:
        return ""


def seen_hashes(conn: Connection, table: str, number: int) -> pl.Series:
    """The hashes of a table's rows in a publication, as they are stored."""
    return _seen(conn, table, ["row_hash"], number)["row_hash"]


def rows_at(conn: Connection, table: str, number: int) -> pl.DataFrame | None:
    """Rows of a golden table as publication `number` has or had them: row_key, person_id, its own columns.

    None when there is no such table. Works for staged, withdrawn and past publications alike.
    """
    if not has_table(conn, f"golden.{table}"):
        return None
    own = [name for name in columns_of(conn, table) if name not in VERSION_COLUMNS]
    return _seen(conn, table, ["row_key", "person_id", *own], number).sort("row_key")


def published_query(conn: Connection, table: str, number: int) -> str | None:
    """SELECT of what `rows_at` gives, for programs that ask the database themselves; None without such a table."""
    if not has_table(conn, f"golden.{table}"):
        return None
    own = [name for name in columns_of(conn, table) if name not in {*VERSION_COLUMNS, "row_key", "person_id"}]
    quoted = ", ".join(compose(conn, "{c}", c=name) for name in ("row_key", "person_id", *own))
    source = compose(conn, "from {table}", table=f"golden.{table}")
    return f"select {quoted} {source} where {seen_condition(number)}"


def seen_condition(number: int) -> str:
    """SQL that is true of the golden rows a publication has or had."""
    return _SEEN.format(n=int(number))


def count_at(conn: Connection, table: str, number: int, also: str = "true") -> int:
    """How many rows of a golden table a publication has or had, of those for which `also`, in SQL, is true."""
    counted = compose(conn, "select count(*) as rows from {table} where ", table=f"golden.{table}")
    return int(fetch(conn, f"{counted}{seen_condition(number)} and {also}")[0]["rows"])


def columns_of(conn: Connection, table: str) -> list[str]:
    """Columns of a golden table, in the order in which they were made."""
    rows = fetch(
        conn,
        "select attname from pg_attribute a join pg_class c on c.oid = a.attrelid"
        " where c.relnamespace = 'golden'::regnamespace and c.relname = %s and attnum > 0 and not attisdropped"
        " order by attnum",
        (table,),
    )
    return [row["attname"] for row in rows]


def _seen(conn: Connection, table: str, columns: Iterable[str], number: int) -> pl.DataFrame:
    """Columns of the rows that a number sees."""
    quoted = ", ".join(compose(conn, "{c}", c=name) for name in columns)
    source = compose(conn, "from {table}", table=f"golden.{table}")
    return fetch_frame(conn, f"select {quoted} {source} where {seen_condition(number)}")


def write_rows(
    conn: Connection, table: str, fresh: pl.DataFrame, span: Span, *, touched_only: bool = False
) -> Written:
    """Stage one golden table, or the provenance.

    Only what differs travels: places and hashes come out of the server, changed rows go in.

    Args:
        conn: the transaction.
        table: its name.
        fresh: its whole content, with `row_hash`, by which rows differ.
        span: what is staged, against what.
        touched_only: the content is that of the persons in the temporary table `touched`, see touch; other rows
            stand, and are not counted either.

    Raises:
        PopbaseError: when the frame has a column that the table has not, or somebody else writes the table.
    """
    unknown = sorted(set(fresh.columns) - set(columns_of(conn, table)))
    if unknown:
        raise PopbaseError(
            f"golden.{table} has no column {', '.join(unknown)}", hint="does its contract publish them?"
        )
    name = f"golden.{table}"
    seen = places_seen(conn, name, seen_condition(span.base), _whose(table) if touched_only else None)
    still_open = seen.filter("is_open")
    ending = still_open.join(fresh, on="row_hash", how="anti")
    opened = fresh.join(still_open, on="row_hash", how="anti", maintain_order="left")
    reopened = opened.join(seen.filter(~pl.col("is_open")), on="row_hash", how="semi").height
    _close_withdrawn(conn, name, span)
    close_places(conn, name, ending, span.number)
    copy_frame(conn, name, opened.with_columns(pl.lit(span.number).alias("from_publication")))
    unchanged = still_open.height - ending.height + reopened
    change = Change(fresh.height - unchanged, seen.height - unchanged, unchanged)
    return Written(change, opened["row_hash"], ending["row_hash"])


def _whose(table: str) -> str:
    """The column that says whose row it is; what is said of a person's values stands under the person's key."""
    return "row_key" if table == PROVENANCE else "person_id"


def touch(conn: Connection, persons: pl.Series) -> None:
    """Make the temporary table `touched` of the persons whose rows are staged; a second time it is made anew.

    Until the transaction ends their rows are looked up by plain index scans: a bitmap scan of a row or two hands each
    page to an I/O worker of PostgreSQL 18 and waits, which takes six times as long.
    """
    execute(conn, "set local enable_bitmapscan = off")
    execute(conn, "drop table if exists pg_temp.touched")
    execute(conn, "create temp table touched (person_id text) on commit drop")
    copy_frame(conn, "touched", persons.alias("person_id").to_frame())


def _close_withdrawn(conn: Connection, name: str, span: Span) -> None:
    """End the rows that a withdrawn publication had opened."""
    if span.after_withdrawn:
        close = compose(conn, "update {table} set to_publication = ", table=name) + str(int(span.number))
        execute(conn, f"{close} where from_publication > {int(span.base)} and to_publication is null")


def undo(conn: Connection, number: int) -> None:
    """Remove what a number that readers never saw has written."""
    for name in (*golden_names(conn), PROVENANCE):
        table = f"golden.{name}"
        execute(conn, compose(conn, "delete from {t} where from_publication = ", t=table) + str(int(number)))
        reopen = compose(conn, "update {t} set to_publication = null where to_publication = ", t=table)
        execute(conn, reopen + str(int(number)))
