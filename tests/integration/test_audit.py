"""The audit chain: every effect has its event, nothing of it can be changed, and writers do not lock each other."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from pipelines.errors import PopbaseError
from pipelines.report.texts import kinds_of_events
from pipelines.settings import Settings
from pipelines.store import audit, signing
from pipelines.store.database import open_database
from pipelines.store.embedded import ADMIN
from pipelines.store.postgres import connect, execute, fetch
from tests.integration.conftest import Server
from tests.office import Office, batch_id, open_office

ROWS = {"a": "王小明", "b": "李四"}


def chain(settings: Settings) -> list[tuple[str, str, str]]:
    with open_database(settings) as conn:
        assert [fault for _, fault in audit.faults(conn) if fault] == []
        return [(row["kind"], row["subject"], row["actor"]) for row in audit.events(conn)]


@pytest.fixture
def office(fresh: Settings, tmp_path: Path) -> Office:
    return open_office(fresh, tmp_path)


def test_every_effect_has_its_event_in_order(office: Office) -> None:
    office.send(1, ROWS)
    office.take()
    one = batch_id(1, ROWS)
    with open_database(office.settings) as conn:
        signing.sign(conn, one, "preparer", by="张三", remark="")
        audit.record(conn, audit.Event("sampled", "publication:1", "李四", {"cases": 2}))
    told = chain(office.settings)
    assert [kind for kind, _, _ in told][:3] == ["batch", "delivery", "batch"]
    assert ("judged", one, "popbase_pipeline") in told
    assert told[-2:] == [("signed", "1", "张三"), ("sampled", "publication:1", "李四")]
    assert "王小明" not in str(told)


def test_what_is_undone_leaves_no_event(office: Office) -> None:
    with open_database(office.settings) as conn:
        audit.record(conn, audit.Event("sampled", "publication:1", "nobody"))
        conn.rollback()
    assert chain(office.settings) == []


@pytest.mark.parametrize(
    "statement",
    [
        "update audit.event set actor = 'x'", "delete from audit.event", "truncate audit.event",
        "update ledger.signature set signed_by = 'x'", "delete from ledger.withdrawal",
        "truncate publication.movement", "update resolution.assignment set person_id = 'x'",
    ],
)  # fmt: skip
def test_what_was_written_stays(office: Office, statement: str) -> None:
    with open_database(office.settings) as conn:
        audit.record(conn, audit.Event("sampled", "publication:1", "somebody"))
    with open_database(office.settings) as conn:
        with pytest.raises(PopbaseError, match="55000"):
            execute(conn, statement)
        conn.rollback()


def test_the_chain_is_one_whoever_writes_at_once(office: Office) -> None:
    def write(name: str) -> None:
        for number in range(10):
            with open_database(office.settings) as conn:
                audit.record(conn, audit.Event("sampled", str(number), name))
                fetch(conn, "select pg_sleep(0.002)")

    writers = [threading.Thread(target=write, args=(f"writer {n}",)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    told = chain(office.settings)
    assert len(told) == 40
    assert [subject for _, subject, who in told if who == "writer 1"] == [str(n) for n in range(10)]


def test_a_session_of_another_time_zone_writes_the_same_hashes(database: Server, copy: str) -> None:
    with connect(database.url(copy, ADMIN)) as conn:
        execute(conn, "set timezone = 'Asia/Shanghai'; set datestyle = 'German'; set bytea_output = 'escape'")
        execute(conn, "insert into ledger.approval (subject, approved_by, reason) values ('x', 'y', 'z')")
    with connect(database.url(copy)) as conn:
        assert [fault for _, fault in audit.faults(conn) if fault] == []


def test_what_is_watched_is_what_verify_looks_at_and_has_a_name(database: Server, copy: str) -> None:
    with connect(database.url(copy)) as conn:
        rows = fetch(conn, "select kind, table_name, key from audit.watched")
    assert {row["kind"]: (row["table_name"], row["key"]) for row in rows} == dict(audit.WATCHED)
    written = set(audit.WATCHED) | {"sampled", "admitted", "dismissed"}
    assert written == set(kinds_of_events("zh")) == set(kinds_of_events("en"))
