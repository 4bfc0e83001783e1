"""Hashes of sets of rows, made by the server: rows travel nowhere, and their order does not count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.store.postgres import compose, fetch
from pipelines.store.versions import columns_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.store.postgres import Connection

# Buckets keep each aggregate small: what is joined at once may not exceed 1 GB.
_DIGEST = """
select coalesce(sum(rows), 0)::bigint as rows,
    encode(sha256(coalesce(string_agg(h, ''::bytea order by place), ''::bytea)), 'hex') as sha256
from (
    select get_byte(h, 0) as place, count(*) as rows, sha256(string_agg(h, ''::bytea order by h)) as h
    from (select sha256(convert_to(told, 'UTF8')) as h from ({rows}) as told_rows) as hashed
    group by get_byte(h, 0)
) as bucket
"""
_PLAIN = {"search_path": "pg_catalog, pg_temp", "bytea_output": "hex", "timezone": "UTC", "datestyle": "ISO"}
_SPAN = ("from_publication", "to_publication")


def digest(conn: Connection, rows: str, params: Sequence[object] = ()) -> dict[str, Any]:
    """{"rows", "sha256"} of a query with one text column, `told`: of each row its SHA-256, of those, sorted, another."""
    (found,) = fetch(conn, _DIGEST.format(rows=rows), params)
    return found


def read_plainly(conn: Connection) -> None:
    """Until the transaction ends, names mean PostgreSQL's own functions and values are written in one way.

    Whoever may set defaults of a role could otherwise let another function answer for sha256().
    """
    for name, value in _PLAIN.items():
        fetch(conn, "select pg_catalog.set_config(%s, %s, true)", (name, value))


def golden_digest(conn: Connection, table: str, seen: str) -> dict[str, Any]:
    """Of a golden table's rows for which `seen` is true: all that they hold but since when and until when.

    A column that was added later is null in older rows and stands at the end, so it does not count.
    """
    own = [name for name in columns_of(conn, table) if name not in _SPAN]
    values = ", ".join(compose(conn, "g.{c}", c=name) for name in own)
    source = compose(conn, "{table}", table=f"golden.{table}")
    return digest(conn, f"select rtrim(row({values})::text, ',)') as told from {source} as g where {seen}")  # noqa: S608
