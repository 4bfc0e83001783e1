"""One person's rows in the database: who is meant, what would go, and its going. In the caller's transaction.

Published rows with their history and provenance, memberships, cases, judgements, number changes, findings, pseudonyms.
What stays are ids that mean nothing elsewhere, counts, and hashes of whole rows in the audit chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pipelines.errors import UsageError
from pipelines.kernels.golden import row_keys
from pipelines.store.postgres import compose, execute, fetch
from pipelines.store.versions import PROVENANCE, columns_of, golden_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.store.postgres import Connection

import polars as pl

_PERSONS: Final = """
with recursive mine as (
    select person_id from resolution.person where person_id = %s
    union
    select p.person_id from resolution.person as p join mine on p.redirect_to = mine.person_id
)
select person_id from mine order by person_id
"""
_TOUCHED: Final = """
select person_id from resolution.person where person_id = any(%(persons)s)
union
select person_id from resolution.assignment where record_key = any(%(keys)s)
order by person_id
"""
_ROWS: Final[dict[str, str]] = {
    "resolution.conflict": "record_keys && %(keys)s",
    "resolution.review_item": "case_id in (select case_id from resolution.review_case where {pair})",
    "resolution.review_sample": "case_id in (select case_id from resolution.review_case where {pair})",
    "resolution.review_case": "{pair}",
    "resolution.judgement_undo": "judgement_id in (select judgement_id from resolution.judgement where {pair})",
    "resolution.judgement": "{pair}",
    "resolution.number_change": "record_key = any(%(keys)s) or old_number = any(%(numbers)s) or new_number = any(%(numbers)s)",
    "resolution.assignment": "record_key = any(%(keys)s)",
    "resolution.membership": "record_key = any(%(keys)s)",
    "feedback.event": "finding_id in (select finding_id from feedback.finding where record_key = any(%(keys)s))",
    "feedback.finding": "record_key = any(%(keys)s)",
}  # fmt: skip
"""What goes of each table, in an order that no reference forbids."""
_PAIR: Final = "(record_a = any(%(keys)s) or record_b = any(%(keys)s))"
_CAUSES: Final = f"update resolution.event_cause set record_a = null, record_b = null where {_PAIR}"  # noqa: S608 - a constant
_PUBLISHED: Final = """
(person_id = any(%(persons)s) or row_key = any(%(row_keys)s) or exists (
    select from golden.row_provenance as p where p.table_name = {name} and p.row_key = g.row_key
        and p.record_keys && %(keys)s and p.from_publication < coalesce(g.to_publication, 2147483647)
        and g.from_publication < coalesce(p.to_publication, 2147483647)))
"""
_SAID: Final = "record_keys && %(keys)s or row_key = any(%(row_keys)s) or row_key = any(%(persons)s)"


@dataclass(frozen=True)
class Person:
    """Somebody who is to be erased.

    Attributes:
        person_id: as readers know it.
        persons: that id and those that were merged into it.
        keys: keys of all records, of all feeds, that belong to it now or did when they were last delivered.
        numbers: citizen IDs that were published of it or that its records carry.
    """

    person_id: str
    persons: tuple[str, ...]
    keys: tuple[str, ...]
    numbers: tuple[str, ...]

    @property
    def row_keys(self) -> tuple[str, ...]:
        """Its rows in domain tables."""
        return tuple(row_keys(pl.Series(self.keys, dtype=pl.String)).to_list())

    @property
    def params(self) -> dict[str, list[str]]:
        """By name, for SQL."""
        return {
            "persons": list(self.persons), "keys": list(self.keys), "numbers": list(self.numbers),
            "row_keys": list(self.row_keys),
        }  # fmt: skip


def find_person(conn: Connection, person_id: str) -> Person:
    """Who is meant.

    Raises:
        UsageError: there is no such person, it was merged into another, or it was erased before.
    """
    known = fetch(conn, "select redirect_to from resolution.person where person_id = %s", (person_id,))
    if not known:
        raise UsageError(f"there is no person {person_id}", hint="select person_id from shared.person")
    order = erased_persons(conn).get(person_id)
    if order is not None:
        told = f"{order['erased_at']:%Y-%m-%d} by order {order['order_reference']}"
        raise UsageError(f"{person_id} was erased on {told}", hint="popbase upkeep finishes what was killed")
    if known[0]["redirect_to"] is not None:
        raise UsageError(f"{person_id} is one person with {known[0]['redirect_to']} now", hint="erase that")
    persons = tuple(row["person_id"] for row in fetch(conn, _PERSONS, (person_id,)))
    keys = fetch(conn, "select record_key from resolution.membership where person_id = any(%s)"
                 ' order by record_key collate "C"', (list(persons),))  # fmt: skip
    said = fetch(conn, "select distinct citizen_id from golden.person where person_id = any(%s)"
                 " and citizen_id is not null order by 1", (list(persons),))  # fmt: skip
    return Person(
        person_id, persons, tuple(r["record_key"] for r in keys), tuple(r["citizen_id"] for r in said)
    )


def erased_persons(conn: Connection) -> dict[str, dict[str, Any]]:
    """Every erasure of a person, by person_id."""
    rows = fetch(conn, "select * from ledger.person_erasure order by erasure_id")
    return {row["person_id"]: row for row in rows}


def record_order(conn: Connection, person: Person, *, order: str, by: str, reason: str) -> int:
    """Write down that the person is erased; its number. From then on this transaction may delete what is append-only."""
    touched = [row["person_id"] for row in _fetch(conn, _TOUCHED, person)]
    sql = (
        "insert into ledger.person_erasure (person_id, person_ids, order_reference, reason, erased_by)"
        " values (%s, %s, %s, %s, %s) returning erasure_id"
    )
    return int(fetch(conn, sql, (person.person_id, touched, order, reason, by))[0]["erasure_id"])


def count_rows(conn: Connection, person: Person) -> dict[str, int]:
    """Rows that would go, by table."""
    told = {
        table: _fetch(conn, _of(conn, "select count(*) as n from {t} as g where ", table, where), person)[0][
            "n"
        ]
        for table, where in _chosen(conn)
    }
    return {table: n for table, n in told.items() if n}


def delete_rows(conn: Connection, person: Person) -> dict[str, int]:
    """Delete the person's rows; how many, by table."""
    shown = _shown_values(conn, person)
    gone = {
        table: _execute(conn, _of(conn, "delete from {t} as g where ", table, where), person)
        for table, where in _chosen(conn)
    }
    gone["resolution.event_cause"] = _execute(conn, _CAUSES, person)
    gone["masking.pseudonym"] = sum(_forget(conn, column, values) for column, values in shown.items())
    return {table: n for table, n in sorted(gone.items()) if n}


def _of(conn: Connection, head: str, table: str, where: str) -> str:
    return compose(conn, head, t=table) + where


def _chosen(conn: Connection) -> Iterator[tuple[str, str]]:
    """Each table with the condition that is true of the person's rows; provenance after what it is asked for."""
    for name in golden_names(conn):
        quoted = "'" + name.replace("'", "''") + "'"
        yield f"golden.{name}", _PUBLISHED.format(name=quoted)
    yield f"golden.{PROVENANCE}", _SAID
    for table, where in _ROWS.items():
        yield table, where.format(pair=_PAIR)


def _shown_values(conn: Connection, person: Person) -> dict[str, list[str]]:
    """By column what is shown as a pseudonym somewhere, and the person's published values of it."""
    columns = [r["column_name"] for r in fetch(conn, "select distinct column_name from masking.pseudonym")]
    values: dict[str, set[str]] = {column: set() for column in columns}
    for table, where in _chosen(conn):
        name = table.partition(".")[2]
        if table.startswith("golden.") and name != PROVENANCE:
            for column in values.keys() & set(columns_of(conn, name)):
                sql = compose(conn, "select distinct g.{c} as value from {t} as g where ", c=column, t=table)
                rows = _fetch(conn, sql + where, person)
                values[column] |= {row["value"] for row in rows if row["value"] is not None}
    return {column: sorted(found) for column, found in values.items()}


def _forget(conn: Connection, column: str, values: list[str]) -> int:
    """Delete pseudonyms of values that nobody is published with any more."""
    still = [
        compose(conn, "select from {t} as g where g.{c} = p.value", t=f"golden.{name}", c=column)
        for name in golden_names(conn)
        if column in columns_of(conn, name)
    ]
    unused = " and ".join(f"not exists ({query})" for query in still) or "true"
    sql = f"delete from masking.pseudonym as p where column_name = %s and value = any(%s) and {unused}"  # noqa: S608
    return execute(conn, sql, (column, values))


def _fetch(conn: Connection, sql: str, person: Person) -> list[dict[str, Any]]:
    return fetch(conn, *_bound(sql, person))


def _execute(conn: Connection, sql: str, person: Person) -> int:
    return execute(conn, *_bound(sql, person))


def _bound(sql: str, person: Person) -> tuple[str, list[object]]:
    """Named parameters as places, because every statement goes through one gate that takes places."""
    params: list[object] = []
    names = person.params
    while (start := sql.find("%(")) >= 0:
        end = sql.index(")s", start)
        params.append(names[sql[start + 2 : end]])
        sql = f"{sql[:start]}%s{sql[end + 2 :]}"
    return sql, params
