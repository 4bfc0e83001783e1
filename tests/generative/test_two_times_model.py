"""Both times and the change feed, as a department asks for them, against a model that keeps a copy of every number."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.contract.load import load_contracts
from pipelines.contract.model import Contract, Publishes
from pipelines.errors import PopbaseError, UsageError
from pipelines.looking_back import CHINA, changes, seen_on
from pipelines.settings import Settings, settings_from_environment
from pipelines.store import publication
from pipelines.store.access import reader_role
from pipelines.store.database import open_database
from pipelines.store.embedded import ADMIN, server_url, stop_server
from pipelines.store.postgres import Connection, connect, execute, fetch

Row = tuple[str, date | None, date | None]
Content = dict[str, Row]


def dated() -> tuple[Contract, Publishes]:
    """A contract whose rows hold from a date to a date."""
    for contract in load_contracts().values():
        valid = contract.publishes and contract.publishes.valid
        if valid and valid.until and contract.column(valid.until).type == "date":
            assert contract.publishes is not None
            return contract, contract.publishes
    raise AssertionError


CONTRACT, TABLE = dated()
READER = reader_role(CONTRACT.owner.department)
SINCE, UNTIL = TABLE.valid.since, str(TABLE.valid.until)
VALUE = next(name for name in TABLE.columns if name not in (SINCE, UNTIL))
DAYS = [date(2026, month, 1) for month in (1, 2, 3, 4)]
NO_SAID = pl.DataFrame(
    schema=dict.fromkeys(("table", "row_key", "attribute", "record_key", "rule"), pl.String)
)

days = st.sampled_from([None, *DAYS])
contents = st.dictionaries(st.sampled_from("abc"), st.tuples(st.sampled_from("12"), days, days), max_size=3)
kinds = st.sampled_from(["publish", "publish", "rollback", "publish", "refuse"])
steps = st.lists(st.tuples(kinds, contents, st.integers(0, 3)), min_size=3, max_size=8)


@dataclass
class Model:
    """Every publication that readers ever saw, whole, and which of them still hold."""

    copies: dict[int, Content] = field(default_factory=lambda: {0: {}})
    released: list[int] = field(default_factory=list)

    def publish(self, number: int, content: Content) -> None:
        self.copies[number] = content
        self.released.append(number)

    def rollback(self, choice: int) -> int:
        candidates = [0, *self.released]
        pointer = candidates[-1 - choice % len(candidates)]
        self.released = [n for n in self.released if n <= pointer]
        return pointer


@pytest.fixture(scope="module")
def home() -> Iterator[Settings]:
    folder = Path(tempfile.mkdtemp(prefix="popbase-times-"))
    folder.chmod(0o755)  # the server's account looks in
    made = Settings(home=folder / "home", pg_bin=settings_from_environment().pg_bin)
    with open_database(made):
        pass
    yield made
    stop_server(made)
    shutil.rmtree(folder)


@pytest.fixture
def conn(home: Settings) -> Iterator[Connection]:
    with connect(server_url(home, "popbase", ADMIN)) as connection:
        yield connection


def frame(content: Content) -> pl.DataFrame:
    rows = [(key, key, *row) for key, row in content.items()]
    types = (pl.String, pl.String, pl.String, pl.Date, pl.Date)
    names = ("row_key", "person_id", VALUE, SINCE, UNTIL)
    return pl.DataFrame(rows, schema=dict(zip(names, types, strict=True)), orient="row")


def read(conn: Connection, function: str, *params: object) -> list[dict[str, object]]:
    """As the owner's reader; an error leaves nothing behind."""
    execute(conn, f"savepoint asked; set local role {READER}")
    marks = ", ".join(["%s"] * len(params))
    try:
        return fetch(conn, f"select * from shared.{TABLE.table}_{function}({marks})", params)  # noqa: S608
    finally:
        execute(conn, "rollback to savepoint asked")


def is_refused(conn: Connection, number: int) -> bool:
    """Where the table never had a row nobody looks at the number, and there is nothing to show."""
    try:
        return read(conn, "as_of", number) == []
    except PopbaseError as error:
        return "22023" in str(error)


def row(found: dict[str, object]) -> tuple[object, ...]:
    return found[VALUE], found[SINCE], found[UNTIL]


def holds(told: Row, day: date | None) -> bool:
    _, since, until = told
    return day is None or ((since is None or since <= day) and (until is None or until >= day))


def check(conn: Connection, model: Model) -> None:
    for number, copy in model.copies.items():
        if number not in model.released:
            assert is_refused(conn, number)
            continue
        for day in (None, *DAYS):
            found = {str(one["row_key"]): row(one) for one in read(conn, "as_of", number, day)}
            assert found == {key: told for key, told in copy.items() if holds(told, day)}, (number, day)
        for since in model.copies:
            check_feed(conn, model, since, number)


def check_feed(conn: Connection, model: Model, since: int, until: int) -> None:
    """Applied to what was published first, the feed gives what was published last, and says nothing needless."""
    state: dict[str, tuple[object, ...]] = dict(model.copies[since])
    for change in read(conn, "changes", since, until):
        key, kind = str(change["row_key"]), change["change"]
        assert (kind == "inserted") == (key not in state)
        if kind == "deleted":
            del state[key]
            continue
        assert since not in model.released or state.get(key) != row(change)
        state[key] = row(change)
    assert state == model.copies[until], (since, until)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(taken=steps)
def test_both_times_and_the_feed_say_what_full_copies_would(
    conn: Connection, taken: list[tuple[str, Content, int]]
) -> None:
    execute(conn, "savepoint start")
    model = Model()
    for turn, (step, content, back) in enumerate(taken):
        if step == "rollback":
            publication.rollback(conn, model.rollback(back))
        else:
            base = publication.pointer(conn)
            number = publication.stage(
                conn, f"r{turn}", {TABLE.table: frame(content)}, NO_SAID, base=base
            ).number
            check(conn, model)
            if step == "publish":
                publication.release(conn, number)
                model.publish(number, content)
            else:
                publication.refuse(conn, number)
    check(conn, model)
    execute(conn, "rollback to savepoint start")


def test_the_data_office_counts_what_changed_for_a_department(home: Settings) -> None:
    department, name = CONTRACT.owner.department, TABLE.table
    with open_database(home) as conn:
        for base, value in enumerate("12"):
            content = {"a": (value, None, None), "b": ("1", DAYS[0], DAYS[1])}
            publication.stage(conn, f"r{base}", {name: frame(content)}, NO_SAID, base=base)
            publication.release(conn, base + 1)
    told = changes(home, department, name, 1, None)
    assert {key: told[key] for key in ("until", "inserted", "updated", "deleted")} == {
        "until": 2, "inserted": 0, "updated": 1, "deleted": 0,
    }  # fmt: skip
    today = datetime.now(CHINA).date()
    assert [seen_on(home, today, day)["tables"][name] for day in (DAYS[0], DAYS[2])] == [2, 1]
    for asked in ((department, "nothing", 1, 2), (department, name, 1, 3), (department, name, 3, 2)):
        with pytest.raises(UsageError):
            changes(home, *asked)
