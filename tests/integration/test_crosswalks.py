"""A department finds the person of its own records, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pytest

from pipelines.contract.load import load_contracts
from pipelines.errors import PopbaseError
from pipelines.store import publication, runs
from pipelines.store.postgres import Connection, connect, execute, fetch
from tests.generative.test_two_times_model import NO_SAID
from tests.integration.conftest import Server

CONTRACTS = load_contracts()
OWNERS = sorted({contract.owner.department for contract in CONTRACTS.values()})
NAME = "crosswalks"


def give(conn: Connection, run: str, persons: dict[str, str]) -> None:
    """A run that finds these records to be these persons."""
    runs.begin_run(conn, run, 0, {"feeds": {}}, len(persons))
    execute(conn, "update ledger.run set started_at = clock_timestamp() where run_id = %s", (run,))
    for number, (key, person) in enumerate(persons.items(), 1):
        made = "insert into resolution.person (person_id, number, first_run) select %s, max(number) + 1, %s from (select number from resolution.person union all select %s) as n on conflict do nothing"
        execute(conn, made, (person, run, number))
        moved = "insert into resolution.membership values (%s, %s, %s) on conflict (record_key) do update set person_id = excluded.person_id, run_id = excluded.run_id"
        execute(conn, moved, (key, person, run))


def publish(conn: Connection, run: str, persons: dict[str, str]) -> None:
    ids = sorted(set(persons.values()))
    people = pl.DataFrame(
        {"row_key": ids, "person_id": ids}, schema={"row_key": pl.String, "person_id": pl.String}
    )
    number = publication.stage(conn, run, {"person": people}, NO_SAID, base=publication.pointer(conn)).number
    publication.release(conn, number)


FIRST = {f"{feed}|1|a": f"P-{feed}" for feed in CONTRACTS} | {
    f"{feed}|2|b#2": "P-shared" for feed in CONTRACTS
}
SECOND = dict.fromkeys(FIRST, "P-one")


@pytest.fixture(scope="module")
def told(database: Server) -> Iterator[Server]:
    database.admin(f"alter database {database.copy()} rename to {NAME}")
    with connect(database.url(NAME)) as conn:
        give(conn, "run-1", FIRST)
        publish(conn, "run-1", FIRST)
    yield database
    database.admin(f"drop database {NAME} with (force)")


def seen(server: Server, department: str) -> dict[str, str]:
    with connect(server.reader(NAME, department)) as conn:
        rows = fetch(conn, f"select * from shared.crosswalk_{department}")  # noqa: S608
    return {f"{row['feed']}|{row['record_key']}": row["person_id"] for row in rows}


def own(department: str, persons: dict[str, str]) -> dict[str, str]:
    feeds = {f for f, contract in CONTRACTS.items() if contract.owner.department == department}
    return {key: person for key, person in persons.items() if key.split("|")[0] in feeds}


@pytest.mark.parametrize("department", OWNERS)
def test_a_department_sees_all_its_own_keys_and_no_other(told: Server, department: str) -> None:
    assert seen(told, department) == own(department, FIRST)
    with connect(told.reader(NAME, department)) as conn:
        for other in set(OWNERS) - {department}:
            with pytest.raises(PopbaseError, match="permission denied"):
                fetch(conn, f"select from shared.crosswalk_{other}")  # noqa: RUF100, S608
            conn.rollback()


def test_it_says_what_the_publication_says_that_is_seen(told: Server) -> None:
    """Not what a run found that is not published yet; and after a rollback what was so then."""
    department = OWNERS[0]
    with connect(told.url(NAME)) as conn:
        give(conn, "run-2", SECOND)
    assert seen(told, department) == own(department, FIRST)
    with connect(told.url(NAME)) as conn:
        publish(conn, "run-2", SECOND)
    assert seen(told, department) == own(department, SECOND)
    with connect(told.url(NAME)) as conn:
        publication.rollback(conn, 1)
    assert seen(told, department) == own(department, FIRST)


def test_every_view_of_persons_is_watched(told: Server) -> None:
    """Where the server has pgaudit, it logs who reads one: each that shows who a person is."""
    unwatched = (
        "select c.relname from pg_class as c join pg_attribute as a on a.attrelid = c.oid and a.attname = 'person_id'"
        " where c.relnamespace = 'shared'::regnamespace and c.relkind = 'v' and c.relname not like '%\\_version'"
        " and not has_table_privilege('popbase_watched', c.oid, 'select')"
    )
    with connect(told.url(NAME)) as conn:
        assert fetch(conn, unwatched) == []
