"""One person unmasked: for a purpose, on record before a value is seen, and by nobody else."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl
import pytest

from pipelines.contract.load import load_contracts
from pipelines.errors import PopbaseError, UsageError
from pipelines.settings import Settings
from pipelines.store import audit, publication
from pipelines.store.access import departments
from pipelines.store.database import open_database
from pipelines.store.duties import LOGINS, Duty
from pipelines.store.embedded import server_url
from pipelines.store.postgres import Connection, connect, execute, fetch
from pipelines.unmasking import unmasked
from tests.integration.conftest import Server

VALUES = {"citizen_id": "511622199005061234", "name": "测试甲", "telephone": "13800001234"}
ASK = "select shared.ask_unmasking('p1', '上访核实') as number"


@dataclass(frozen=True)
class Ground:
    settings: Settings
    server: Server
    name: str

    def login(self, duty: Duty = "security") -> str:
        return server_url(self.server.settings, self.name, LOGINS[duty])


@pytest.fixture
def ground(database: Server, copy: str) -> Ground:
    settings = replace(database.settings, database_url=database.url(copy))
    row = pl.DataFrame([{"row_key": "r1", "person_id": "p1"} | VALUES])
    said = pl.DataFrame(
        schema=dict.fromkeys(("table", "row_key", "attribute", "record_key", "rule"), pl.String)
    )
    with open_database(settings) as conn:
        publication.stage(conn, "run", {"person": row}, said, base=0)
        publication.release(conn, 1)
    made = Ground(settings, database, copy)
    return Ground(replace(settings, duty_database_url=made.login()), database, copy)


def shown(conn: Connection, number: int | None) -> dict[str, str] | None:
    told: dict[str, str] | None = fetch(conn, "select shared.unmasked_person(%s) as told", (number,))[0][
        "told"
    ]
    return told


def test_a_person_is_shown_and_that_is_on_record_without_a_value(ground: Ground) -> None:
    number, told = unmasked(ground.settings, "p1", "上访核实")
    assert {name: told[name] for name in VALUES} == VALUES
    with open_database(ground.settings) as conn:
        assert [fault for _, fault in audit.faults(conn) if fault] == []
        kept = fetch(conn, "select unmasking_id, person_ids, unmasked_by, purpose from ledger.unmasking")
        chain = audit.events(conn)
    actor = LOGINS["security"]
    assert kept == [
        {"unmasking_id": number, "person_ids": ["p1"], "unmasked_by": actor, "purpose": "上访核实"}
    ]
    assert (chain[-1]["kind"], chain[-1]["actor"], chain[-1]["facts"]["subject"]) == (
        "unmasked", actor, "person:p1",
    )  # fmt: skip
    assert not any(value in str(chain) for value in (*VALUES.values(), "上访核实"))


def test_without_a_purpose_nothing_is_shown(ground: Ground) -> None:
    for purpose in ("", "   ", "\t\n", "　"):
        with pytest.raises(UsageError, match="purpose"):
            unmasked(ground.settings, "p1", purpose)
        with connect(ground.login()) as conn:
            with pytest.raises(PopbaseError, match="needs a purpose"):
                fetch(conn, "select shared.ask_unmasking('p1', %s)", (purpose,))
            conn.rollback()


def test_nothing_is_shown_before_its_record_is_there_for_good(ground: Ground) -> None:
    with connect(ground.login()) as conn:
        number = fetch(conn, ASK)[0]["number"]
        assert shown(conn, number) is None
        execute(conn, "savepoint one")
        assert shown(conn, number) is None
        execute(conn, "savepoint two")
        inner = fetch(conn, ASK)[0]["number"]
        execute(conn, "release savepoint two")
        assert shown(conn, inner) is None
        conn.rollback()
        assert shown(conn, number) is None
        number = fetch(conn, ASK)[0]["number"]
        conn.commit()
        assert shown(conn, number) is not None


def test_what_one_asked_for_another_does_not_see_nor_later(ground: Ground) -> None:
    with connect(ground.login()) as conn:
        number = fetch(conn, ASK)[0]["number"]
        conn.commit()
    other = f"officer_{ground.name}"
    ground.server.admin(f"create role {other} login; grant popbase_security to {other}")
    with connect(ground.server.url(ground.name, "popbase")) as conn:
        execute(conn, f"set session authorization {other}")
        assert shown(conn, number) is None
        execute(conn, "reset session authorization")
        execute(conn, "alter table ledger.unmasking disable trigger user")
        execute(conn, "update ledger.unmasking set unmasked_at = unmasked_at - interval '11 minutes'")
    ground.server.admin(f"drop role {other}")
    with connect(ground.login()) as conn:
        assert shown(conn, number) is None


def test_nobody_else_may_unmask(ground: Ground) -> None:
    reader = ground.server.reader(ground.name, departments(load_contracts())[0])
    for url in (reader, ground.login("operation"), ground.login("audit")):
        with connect(url) as conn:
            for statement in (ASK, "select shared.unmasked_person(1)"):
                with pytest.raises(PopbaseError, match="InsufficientPrivilege"):
                    fetch(conn, statement)
                conn.rollback()


def test_a_person_readers_do_not_see_is_not_unmasked(ground: Ground) -> None:
    with open_database(ground.settings) as conn:
        publication.rollback(conn, 0)
    with pytest.raises(UsageError, match="no such person"):
        unmasked(ground.settings, "p1", "上访核实")
