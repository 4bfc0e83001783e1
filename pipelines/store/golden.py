"""Golden tables, made from the contracts: `person`, and one table for each contract that publishes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipelines.contract.load import shared_title, title_of
from pipelines.contract.model import PERSON_ATTRIBUTES, Bilingual, Column, Contract
from pipelines.errors import ContractError, Fault
from pipelines.store.migrations import declare
from pipelines.store.postgres import Connection, fetch, has_table

_VERSIONED = (
    "row_key text not null, person_id text not null, row_hash bytea not null,"
    " from_publication integer not null, to_publication integer, check (to_publication > from_publication)"
)
VERSION_COLUMNS = ("row_key", "person_id", "row_hash", "from_publication", "to_publication")
"""Columns every golden table has before its own."""

UNTIL = "coalesce(to_publication, 2147483647)"
"""The publication a row stands until, in SQL: the largest number while nothing ended it, so that an index leads past
the versions that ended."""

_SQL_TYPES = {
    "date": "date", "timestamp": "timestamp", "decimal": "numeric", "integer": "bigint", "flag": "boolean",
}  # fmt: skip
_PERSON_TYPES = {
    "born_on": "date", "struck_off_on": "date", "is_struck_off": "boolean", "record_count": "bigint",
}  # fmt: skip
PERSON_COLUMNS = (*PERSON_ATTRIBUTES, "is_struck_off", "record_count", "feeds")


@dataclass(frozen=True)
class GoldenColumn:
    """A column: its SQL type, and what it is in both languages."""

    name: str
    sql_type: str
    title: Bilingual


@dataclass(frozen=True)
class Holds:
    """When a row held, by its own columns: SQL of the first and the last day, `{t}` being the row; null is unknown."""

    since: str
    until: str

    def on(self, day: str, row: str) -> str:
        """SQL that is true of rows that hold on a day; what is unknown is no bound."""
        since, until = self.since.format(t=row), self.until.format(t=row)
        return f"coalesce({since} <= {day}, true) and coalesce({until} >= {day}, true)"


_A_LIFE = Holds('{t}."born_on"', 'case when {t}."is_struck_off" then {t}."struck_off_on" end')
"""A person: from birth until struck off; who moved is struck off in one register and stands in another."""


@dataclass(frozen=True)
class GoldenTable:
    """A golden table.

    Attributes:
        name: as in golden.<name> and shared.<name>.
        title: what it is.
        columns: its own columns, in order.
        departments: who reads it; None means every department, masked.
        holds: when its rows held.
    """

    name: str
    title: Bilingual
    columns: tuple[GoldenColumn, ...]
    departments: tuple[str, ...] | None
    holds: Holds

    @property
    def keys(self) -> tuple[str, ...]:
        """Columns by which readers tell its rows apart, and whose they are."""
        return ("person_id",) if self.departments is None else ("row_key", "person_id")


def golden_tables(contracts: Mapping[str, Contract]) -> list[GoldenTable]:
    """`person`, then the domain tables in the order of the contracts."""
    domains = [_domain_table(contract) for contract in contracts.values() if contract.publishes]
    return [_person_table(), *domains]


def _person_table() -> GoldenTable:
    columns = tuple(
        GoldenColumn(name, _PERSON_TYPES.get(name, "text"), shared_title(name)) for name in PERSON_COLUMNS
    )
    return GoldenTable("person", Bilingual(zh="人口基础信息", en="Persons"), columns, None, _A_LIFE)


def _domain_table(contract: Contract) -> GoldenTable:
    published = contract.publishes
    if published is None:
        raise ValueError(contract.feed)
    columns = []
    for name in published.columns:
        column = contract.column(name)
        columns.append(GoldenColumn(name, _SQL_TYPES.get(column.type, "text"), title_of(column)))
    readers = dict.fromkeys((contract.owner.department, *published.readers))
    valid = published.valid
    since = _day(contract.column(valid.since), "first_day")
    until = "null::date" if valid.until is None else _day(contract.column(valid.until), "last_day")
    return GoldenTable(published.table, published.title, tuple(columns), tuple(readers), Holds(since, until))


def _day(column: Column, of_a_month: str) -> str:
    """A day of a date, or the first or last of a month, in SQL."""
    value = f'{{t}}."{column.name}"'
    return f"shared.{of_a_month}({value})" if column.type == "month" else f"{value}::date"


def ensure_tables(conn: Connection, contracts: Mapping[str, Contract]) -> list[str]:
    """Make the golden tables and add the columns that contracts gained; return the names of what changed.

    Raises:
        ContractError: when a contract gives a published column another type than it was made with.
    """
    tables = golden_tables(contracts)
    _check_types(conn, tables)
    if has_table(conn, "golden.row_provenance"):
        declare(conn, "golden.row_provenance", _PROVENANCE_INDEXES)
    return [table.name for table in tables if declare(conn, f"golden.{table.name}", _ddl(table))]


def _check_types(conn: Connection, tables: list[GoldenTable]) -> None:
    made = {
        (row["table_name"], row["column_name"]): row["sql_type"]
        for row in fetch(
            conn,
            "select c.relname as table_name, a.attname as column_name, format_type(a.atttypid, null) as sql_type"
            " from pg_attribute a join pg_class c on c.oid = a.attrelid"
            " where c.relnamespace = 'golden'::regnamespace and a.attnum > 0 and not a.attisdropped",
        )
    }
    faults = [
        Fault("contracts", f"{table.name}.{column.name}", f"was published as {was}, is now {column.sql_type}")
        for table in tables
        for column in table.columns
        if (was := made.get((table.name, column.name))) is not None
        and was.removesuffix(" without time zone") != column.sql_type
    ]
    if faults:
        raise ContractError(faults)


def _ddl(table: GoldenTable) -> str:
    """Idempotent DDL: columns a contract gained are added, those it lost stay and are no longer filled."""
    name = f'golden."{table.name}"'
    lines = [
        f"create table if not exists {name} ({_VERSIONED});",
        *_indexes(table.name, name, is_person=table.departments is None),
        f"comment on table {name} is {_comment(table.title)};",
    ]
    for column in table.columns:
        lines += [
            f'alter table {name} add column if not exists "{column.name}" {column.sql_type};',
            f'comment on column {name}."{column.name}" is {_comment(column.title)};',
        ]
    return "\n".join(lines)


def _indexes(table: str, name: str, *, is_person: bool) -> Iterator[str]:
    """A row is found by its person among those that stand, however many stood before, and stands there once.

    A person's key is its id, so one index does both.
    """
    before = [f'golden."{table}_{old}"' for old in ("version", "person", "person_version")]
    if is_person:
        yield f'create unique index if not exists "{table}_standing" on {name} (person_id, ({UNTIL}));'
    else:
        yield f'create unique index if not exists "{table}_standing" on {name} (row_key, ({UNTIL}));'
        yield f'create index if not exists "{table}_whose" on {name} (person_id, ({UNTIL}));'
    yield f"drop index if exists {', '.join(before)};"


_PROVENANCE_INDEXES = f"""
create unique index if not exists row_provenance_standing on golden.row_provenance (row_key, table_name, ({UNTIL}));
drop index if exists golden.row_provenance_version;
"""


def _comment(title: Bilingual) -> str:
    return literal(f"{title.zh}; {title.en}")


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"
