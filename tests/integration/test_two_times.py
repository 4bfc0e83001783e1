"""What did we publish on day D about day E? The manual of the functions by which a department looks back.

Two months of the housing office: in the first it says of a flat that it is let from March on; in the second, that the
lease had ended in April. Then the second publication is withdrawn, and a third one says May.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import polars as pl
import pytest

from pipelines.errors import PopbaseError
from pipelines.store import publication
from pipelines.store.embedded import ADMIN
from pipelines.store.postgres import Connection, connect, fetch
from tests.generative.test_two_times_model import CONTRACT, NO_SAID, SINCE, TABLE, UNTIL, VALUE
from tests.integration.conftest import Server

OWNER = CONTRACT.owner.department
T = f"shared.{TABLE.table}"
MARCH, APRIL, MAY, JUNE = (date(2026, month, 15) for month in (3, 4, 5, 6))


def lease(value: str, until: date | None) -> pl.DataFrame:
    row = {"row_key": ["r"], "person_id": ["p"], VALUE: [value], SINCE: [MARCH]}
    return pl.DataFrame(row | {UNTIL: pl.Series([until], dtype=pl.Date)})


@pytest.fixture(scope="module")
def told(database: Server) -> Iterator[Server]:
    name = database.copy()
    database.admin(f"alter database {name} rename to two_times")
    with connect(database.url("two_times")) as conn:
        for base, until in enumerate((None, APRIL)):
            publication.stage(conn, f"run-{base}", {TABLE.table: lease("x", until)}, NO_SAID, base=base)
            publication.release(conn, base + 1)
        publication.rollback(conn, 1)
        publication.stage(conn, "run-2", {TABLE.table: lease("y", MAY)}, NO_SAID, base=1)
        publication.release(conn, 3)
    yield database
    database.admin("drop database two_times with (force)")


@pytest.fixture
def reader(told: Server) -> Iterator[Connection]:
    with connect(told.reader("two_times", OWNER)) as conn:
        yield conn


def asked(conn: Connection, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in fetch(conn, sql.format(t=T, v=VALUE, u=UNTIL))]


def test_as_published_at_a_number(reader: Connection) -> None:
    assert asked(reader, "select {v}, {u} from {t}_as_of(1)") == [("x", None)]
    assert asked(reader, "select {v}, {u} from {t}_as_of(3)") == [("y", MAY)]


def test_about_a_day(reader: Connection) -> None:
    """Both bounds belong to it; what is not told is no bound."""
    for day, rows in ((MARCH - timedelta(days=1), 0), (MARCH, 1), (MAY, 1), (MAY + timedelta(days=1), 0)):
        assert asked(reader, f"select count(*) from {{t}}_as_of(3, '{day}')") == [(rows,)], day  # noqa: S608
    assert asked(reader, f"select count(*) from {{t}}_as_of(1, '{JUNE}')") == [(1,)]  # noqa: S608


def test_as_published_on_a_day(reader: Connection) -> None:
    today = fetch(reader, "select (now() at time zone 'Asia/Shanghai')::date as day")[0]["day"]
    assert asked(reader, f"select shared.publication_on('{today}')") == [(3,)]
    assert asked(reader, f"select {{v}} from {{t}}_as_of(shared.publication_on('{today}'), '{MAY}')") == [  # noqa: S608
        ("y",)
    ]
    assert asked(reader, f"select shared.publication_on('{today - timedelta(days=1)}')") == [(0,)]


def test_a_withdrawn_publication_is_not_looked_at(reader: Connection) -> None:
    assert asked(reader, "select number, state from shared.publication_history order by 1") == [
        (1, "released"), (2, "withdrawn"), (3, "released"),
    ]  # fmt: skip
    for number in (0, 2, 4):
        with pytest.raises(PopbaseError, match="22023"):
            asked(reader, f"select * from {{t}}_as_of({number})")  # noqa: S608
        reader.rollback()
    withdrawn = "select {v}, {u}, valid_until, since_publication, until_publication from {t}_history where is_withdrawn"
    assert asked(reader, withdrawn) == [(None, None, None, 2, 3)]


def test_what_changed_between_two_publications(reader: Connection) -> None:
    changes = "select change, row_key, {v}, {u} from {t}_changes"
    assert asked(reader, f"{changes}(0, 3)") == [("inserted", "r", "y", MAY)]
    assert asked(reader, f"{changes}(1, 3)") == [("updated", "r", "y", MAY)]
    assert asked(reader, f"{changes}(3, 1)") == [("updated", "r", "x", None)], "back again"
    assert asked(reader, f"{changes}(3, 3)") == []


def test_who_holds_a_withdrawn_publication_comes_back_to_one_that_holds(reader: Connection) -> None:
    assert asked(reader, "select change, {v} from {t}_changes(2, 3)") == [("updated", "y")]
    with pytest.raises(PopbaseError, match="22023"):
        asked(reader, "select * from {t}_changes(1, 2)")
    reader.rollback()


def test_a_staged_publication_does_not_show(told: Server, reader: Connection) -> None:
    everything = "select * from {t}_history order by since_publication"
    before = asked(reader, everything)
    with connect(told.url("two_times")) as conn:
        number = publication.stage(conn, "run-3", {TABLE.table: lease("z", JUNE)}, NO_SAID, base=3).number
    reader.rollback()
    assert asked(reader, everything) == before
    with pytest.raises(PopbaseError, match="22023"):
        asked(reader, f"select * from {{t}}_changes(3, {number})")  # noqa: S608
    reader.rollback()
    with connect(told.url("two_times")) as conn:
        publication.refuse(conn, number)


def test_a_person_holds_from_birth_until_struck_off(database: Server, copy: str) -> None:
    """Who moved is struck off in one register and stands in another: such a date is no end."""
    lives = {"born_on": [MARCH, MARCH], "is_struck_off": [True, False], "struck_off_on": [MAY, MAY]}
    with connect(database.url(copy, ADMIN)) as conn:
        people = pl.DataFrame({"row_key": ["a", "b"], "person_id": ["a", "b"]} | lives)
        publication.stage(conn, "run", {"person": people}, NO_SAID, base=0)
        publication.release(conn, 1)
        about = (
            "select coalesce(string_agg(person_id, '' order by 1), '') as ids from shared.person_as_of(1, %s)"
        )
        found = [fetch(conn, about, (day,))[0]["ids"] for day in (date(2026, 1, 1), MARCH, MAY, JUNE)]
    assert found == ["", "ab", "ab", "b"]
