"""The shared views as a department reads them: under its role, so that the matrix decides, in one snapshot."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pipelines.errors import UsageError
from pipelines.store.access import reader_role
from pipelines.store.database import database_url, open_database
from pipelines.store.postgres import compose, connect, execute, fetch, stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.settings import Settings
    from pipelines.store.postgres import Connection

CHUNK: Final = 20_000
"""Rows that are in memory at once."""
_MAY = "select coalesce((select pg_has_role(current_user, oid, 'member') from pg_roles where rolname = %s)) as may"
_VIEWS = """
select relname as name from pg_class
where relnamespace = 'shared'::regnamespace and relkind = 'v' and has_table_privilege(oid, 'select')
order by relname collate "C"
"""
_COLUMNS = """
select a.attname as name, format_type(a.atttypid, null) as sql_type,
    coalesce(col_description(a.attrelid, a.attnum), '') as told
from pg_attribute as a
where a.attrelid = %s::regclass and a.attnum > 0 and not a.attisdropped
order by a.attnum
"""


@dataclass(frozen=True)
class ViewColumn:
    """A column of a shared view: its SQL type, and what it is in both languages, `zh; en`."""

    name: str
    sql_type: str
    told: str


@contextmanager
def reading_as(settings: Settings, department: str) -> Iterator[Connection]:
    """A read-only snapshot on which all is done under the role of a department's readers.

    Raises:
        UsageError: no contract names the department, or the server was not prepared for it.
    """
    with open_database(settings):
        pass
    role = reader_role(department)
    with connect(database_url(settings)) as conn:
        may = fetch(conn, _MAY, (role,))[0]["may"]
        if may is None:
            raise UsageError(f"no contract names the department {department!r}", hint="popbase dictionary")
        if not may:
            hint = "a DBA runs it again: popbase database bootstrap | psql"
            raise UsageError(f"popbase may not read as {role} on this server", hint=hint)
        conn.commit()
        execute(conn, "set transaction isolation level repeatable read, read only")
        execute(conn, compose(conn, "set role {role}", role=role))
        yield conn


def readable_views(conn: Connection) -> list[str]:
    """Names of the views of `shared` that the reader may select from."""
    return [row["name"] for row in fetch(conn, _VIEWS)]


def columns_of_view(conn: Connection, view: str) -> list[ViewColumn]:
    """The columns of a shared view, in order."""
    return [ViewColumn(**row) for row in fetch(conn, _COLUMNS, (f'shared."{view}"',))]


def seen_publication(conn: Connection) -> int:
    """The publication that the views show; 0 before the first."""
    rows = fetch(conn, "select number from shared.publication")
    return rows[0]["number"] if rows else 0


def rows_of_view(
    conn: Connection, view: str, columns: Sequence[ViewColumn]
) -> Iterator[list[tuple[Any, ...]]]:
    """All rows, in an order that does not depend on how they are stored, a chunk at a time."""
    names = ", ".join(compose(conn, "{c}", c=column.name) for column in columns)
    source = compose(conn, "{schema}.{view}", schema="shared", view=view)
    order = ", ".join(compose(conn, "({c})::text", c=c.name) + ' collate "C"' for c in columns)
    query = f"select {names} from {source} order by {order}"  # noqa: S608 - identifiers, quoted above
    return stream(conn, query, CHUNK)
