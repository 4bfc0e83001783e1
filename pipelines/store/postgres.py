"""PostgreSQL: connections, statements, and frames by COPY.

What the server says about values never leaves this module: DETAIL and CONTEXT of its errors quote rows, and so
do the messages of class 22 and 23. Errors carry the SQLSTATE and names only.
"""

from __future__ import annotations

import io
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeAlias, TypeVar

import polars as pl
import psycopg2
import psycopg2.extensions
from psycopg2 import sql

from pipelines.errors import DependencyMissing, PopbaseError

Connection: TypeAlias = psycopg2.extensions.connection
Schema: TypeAlias = Mapping[str, Any]
Item = TypeVar("Item")

CHUNK = 50_000
BLOCK = 1 << 16
_SESSION = "-c timezone=UTC -c datestyle=ISO -c client_min_messages=warning"
_TELLING = ("08", "28", "3D", "3F", "42", "53", "55", "57", "58")
"""Classes of SQLSTATE whose messages name objects and conditions, never values."""

_GONE = ("08", "57P")
"""Classes of SQLSTATE after which there is no connection any more."""

_TYPES: dict[int, Any] = {
    16: pl.Boolean(), 17: pl.Binary(), 20: pl.Int64(), 21: pl.Int32(), 23: pl.Int32(), 700: pl.Float64(),
    701: pl.Float64(), 1082: pl.Date(), 1114: pl.Datetime("us"), 1184: pl.Datetime("us", "UTC"),
    1700: pl.Float64(),
}  # fmt: skip


@contextmanager
def connect(url: str) -> Iterator[Connection]:
    """One transaction: committed when the block ends well, rolled back on any error.

    Raises:
        DependencyMissing: when the server cannot be reached or does not let us in.
    """
    try:
        conn = psycopg2.connect(url, options=_SESSION, connect_timeout=10, application_name="popbase")
    except psycopg2.Error as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else "no answer"
        raise DependencyMissing(f"no database: {reason}", hint="popbase database start") from None
    try:
        with _discreet():
            yield conn
            conn.commit()
    finally:
        conn.close()


@contextmanager
def _discreet() -> Iterator[None]:
    try:
        yield
    except psycopg2.Error as error:
        raise _fault(error) from None


@contextmanager
def _unprinted() -> Iterator[None]:
    """When a connection breaks inside a COPY, psycopg2 prints one error with the row it was at, and raises the next."""
    hook, sys.excepthook = sys.excepthook, lambda *_: None
    try:
        yield
    finally:
        sys.excepthook = hook


def _fault(error: psycopg2.Error) -> PopbaseError:
    """The error without a value in it."""
    state = error.pgcode or "none"
    if _lost_server(error):
        return DependencyMissing(
            f"the database went away in the middle of the work ({state})",
            hint="run the same command again: what was not finished is done anew",
        )
    place = [
        f"{what} {name}"
        for what in ("schema", "table", "column", "constraint")
        if (name := getattr(error.diag, f"{what}_name", None))
    ]
    told = [error.diag.message_primary or ""] if state.startswith(_TELLING) else []
    said = ", ".join([f"{type(error).__name__} ({state})", *place, *told])
    return PopbaseError(f"the database refused a statement: {said}")


def _lost_server(error: psycopg2.Error) -> bool:
    """Whether the connection broke, or the server ended it: what the driver says then has no SQLSTATE."""
    if error.pgcode is not None:
        return error.pgcode.startswith(_GONE)
    return (
        isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError)
        or type(error) is psycopg2.DatabaseError
    )


def execute(conn: Connection, statement: str, params: Sequence[object] = ()) -> int:
    """Run a statement and return the number of rows it touched."""
    with _discreet(), conn.cursor() as cursor:
        cursor.execute(statement, tuple(params) or None)
        return cursor.rowcount


def fetch(conn: Connection, statement: str, params: Sequence[object] = ()) -> list[dict[str, Any]]:
    """Run a query and return its rows by column name."""
    with _discreet(), conn.cursor() as cursor:
        cursor.execute(statement, tuple(params) or None)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def fetch_frame(
    conn: Connection, statement: str, params: Sequence[object] = (), schema: Schema | None = None
) -> pl.DataFrame:
    """Run a query and return its rows as a frame, by COPY.

    Args:
        conn: a connection.
        statement: a SELECT.
        params: its parameters.
        schema: names and types of the frame's columns, in order; None takes the server's. numeric becomes Float64.
    """
    with _discreet(), conn.cursor() as cursor:
        query = cursor.mogrify(statement, tuple(params) or None).decode("utf-8")
        if schema is None:
            cursor.execute(f"select * from ({query}) as q limit 0")  # noqa: S608 - parameters are bound above
            schema = {c.name: _TYPES.get(c.type_code, pl.String()) for c in cursor.description or ()}
        rows = io.BytesIO()
        cursor.copy_expert(f"copy ({query}) to stdout (format csv)", rows)
    return _read_csv(rows, schema)


_SIGNATURE = 19
_TRAILER = 2


def fetch_binary(conn: Connection, statement: str) -> bytes:
    """Run a query without parameters and return its rows as COPY sends them in binary, without header and trailer."""
    with _discreet(), conn.cursor() as cursor:
        rows = io.BytesIO()
        cursor.copy_expert(f"copy ({statement}) to stdout (format binary)", rows, size=BLOCK)
    return bytes(rows.getbuffer()[_SIGNATURE:-_TRAILER])


def _read_csv(rows: io.BytesIO, schema: Schema) -> pl.DataFrame:
    if not rows.tell():
        return pl.DataFrame(schema=dict(schema))
    rows.seek(0)
    text = pl.read_csv(rows, has_header=False, schema=dict.fromkeys(schema, pl.String()))
    return text.select(_from_text(name, dtype) for name, dtype in schema.items())


def _from_text(name: str, dtype: Any) -> pl.Expr:
    """What PostgreSQL wrote, as the type it was."""
    text = pl.col(name)
    if dtype == pl.Boolean:
        return text == "t"
    if dtype == pl.Binary:
        return text.str.strip_prefix("\\x").str.decode("hex")
    if dtype == pl.Date:
        return text.str.to_date("%Y-%m-%d")
    if dtype == pl.Datetime:
        return _datetime(text, dtype)
    return text.cast(dtype)


def _datetime(text: pl.Expr, dtype: Any) -> pl.Expr:
    """`2026-06-30 01:02:03.4+00`: fractions are cut by the server, the zone is UTC."""
    parsed = text.str.strip_suffix("+00").str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us")
    zone = getattr(dtype, "time_zone", None)
    return parsed.dt.replace_time_zone(zone) if zone else parsed


def stream(conn: Connection, statement: str, size: int) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a query, `size` at a time: the server keeps the rest, so memory does not grow with them."""
    with _discreet(), conn.cursor(name="popbase_stream") as cursor:
        cursor.execute(statement)
        while rows := cursor.fetchmany(size):
            yield rows


def copy_frame(conn: Connection, table: str, frame: pl.DataFrame) -> int:
    """Append a frame to `table` (or `schema.table`) by COPY; null and '' stay apart. Returns its height."""
    columns = sql.SQL(", ").join(map(sql.Identifier, frame.columns))
    copy = sql.SQL("copy {} ({}) from stdin (format csv)").format(identifier(table), columns)
    with _discreet(), _unprinted(), conn.cursor() as cursor:
        for rows in ahead(_csv(chunk) for chunk in frame.iter_slices(CHUNK)):
            cursor.copy_expert(copy, rows, size=BLOCK)
    return frame.height


def _csv(chunk: pl.DataFrame) -> io.BytesIO:
    plain = chunk.with_columns(
        pl.col(pl.Binary).bin.encode("hex").str.replace("^", r"\x"),
        pl.col(pl.Categorical, pl.Enum).cast(pl.String),
    )
    rows = io.BytesIO()
    plain.write_csv(rows, include_header=False)
    rows.seek(0)
    return rows


def ahead(items: Iterator[Item], places: int = 1) -> Iterator[Item]:
    """The same items in the same order; the next `places` are made while the present one is used."""
    with ThreadPoolExecutor(max_workers=1) as maker:
        coming = deque(maker.submit(next, items, None) for _ in range(places))
        while (item := coming.popleft().result()) is not None:
            coming.append(maker.submit(next, items, None))
            yield item


def identifier(name: str) -> sql.Identifier:
    """`schema.table`, quoted."""
    return sql.Identifier(*name.split("."))


def compose(conn: Connection, template: str, **names: str) -> str:
    """A statement with `{name}` replaced by quoted identifiers (`schema.table` or a plain name)."""
    parts = {key: identifier(name) for key, name in names.items()}
    return sql.SQL(template).format(**parts).as_string(conn)


def has_table(conn: Connection, name: str) -> bool:
    """Whether there is such a table or view, `schema.table`.

    Asked of the catalogue's rows: to_regclass() answers from a cache that a wait for a lock does not refresh.
    """
    schema, table = name.split(".")
    found = "select from pg_class c join pg_namespace n on n.oid = relnamespace where nspname = %s and relname = %s"
    return bool(fetch(conn, found, (schema, table)))


def advisory_lock(conn: Connection, name: str) -> None:
    """Wait until nobody else holds the lock of that name; it is let go at the end of the transaction."""
    execute(conn, "select pg_advisory_xact_lock(hashtextextended(%s, 0))", (name,))


def see_one_state(conn: Connection) -> None:
    """Begin a transaction whose queries all see the same state, whoever writes meanwhile."""
    conn.commit()
    execute(conn, "set transaction isolation level repeatable read")


@contextmanager
def acting_as(conn: Connection, role: str) -> Iterator[None]:
    """Be that role for a while, so that what is made belongs to it."""
    before = fetch(conn, "select current_user as name")[0]["name"]
    execute(conn, compose(conn, "set local role {role}", role=role))
    yield
    execute(conn, compose(conn, "set local role {role}", role=before))
