"""Runs that follow each other on a real database: only what changed is looked at, and all of it can be proven."""

from __future__ import annotations

import os
import shutil
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from pipelines.explaining.made import made_by
from pipelines.proving import verify
from pipelines.settings import Settings
from pipelines.stages.publish import publish
from pipelines.stages.resolve import resolve
from pipelines.stages.survive import survive
from pipelines.stages.upkeep import upkeep
from pipelines.store import judging, linking
from pipelines.store.database import open_database
from pipelines.store.postgres import Connection, execute, fetch
from pipelines.store.publication import rollback
from tests.integration.test_proof_replay import NAMED
from tests.office import FEED, Office, declare, open_office

NAMES = ["".join(letters) for letters in product("王李张赵钱孙", "一二三四", "甲乙")]
ROWS = {f"k{place:02d}": name for place, name in enumerate(NAMES)}


@pytest.fixture
def office(fresh: Settings, tmp_path: Path) -> Office:
    office = open_office(fresh, tmp_path)
    declare(office.settings.declarations, NAMED)
    policies = office.settings.policies
    shipped = policies.resolve()
    policies.unlink()
    shutil.copytree(shipped, policies)
    return office


def take(office: Office, sequence: int, rows: dict[str, str]) -> dict[str, Any]:
    office.send(sequence, rows)
    office.take()
    return resolve(office.settings)


def say(office: Office) -> int:
    survive(office.settings)
    return int(publish(office.settings)["publication"])


def test_a_run_looks_only_at_what_changed_and_comes_out_again(office: Office) -> None:
    assert take(office, 1, ROWS)["reached"] == len(ROWS)
    say(office)
    said = take(office, 2, ROWS | {"k00": "周一甲", "new": "吴一甲"})
    assert said["records"] == len(ROWS) + 1
    assert said["reached"] == 2
    number = say(office)
    with open_database(office.settings) as conn:
        row = linking.newest(conn)[0]
        made = made_by(office.settings, conn, number)
        keys = made.members["record_key"]
        told = [made.records_about([key]).height for key in keys[:3]]
        assert (told, made.records_about(keys).height) == ([1, 1, 1], len(ROWS) + 1)
        assert surviving(conn)[-1] == (len(ROWS) + 1, 2, None)
    assert (row["changed"], row["reason"], row["base_run"] is None) == (2, None, False)
    assert verify(office.settings, number, replay=True).verdict == "holds"


def surviving(conn: Connection) -> list[tuple[int, int, str | None]]:
    """Of each run how many persons there are, of how many rows were made, and why of all."""
    rows = fetch(conn, "select persons, touched, reason from ledger.surviving order by survived_at")
    return [(row["persons"], row["touched"], row["reason"]) for row in rows]


def test_golden_rows_follow_the_publication_that_readers_see(office: Office) -> None:
    every = len(ROWS)
    take(office, 1, ROWS)
    first = say(office)
    take(office, 2, ROWS | {"k00": "周一甲"})
    say(office)
    with open_database(office.settings) as conn:
        rollback(conn, first)
    take(office, 3, ROWS | {"k01": "周一甲"})
    say(office)
    take(office, 4, {key: name for key, name in ROWS.items() if key != "k02"} | {"k01": "周一甲"})
    last = say(office)
    (office.settings.lake / "said").rename(office.settings.lake / "other")
    take(office, 5, ROWS)
    say(office)
    with open_database(office.settings) as conn:
        told = surviving(conn)
    assert told[:3] == [(every, every, "first"), (every, 1, None), (every, every, "after a rollback")]
    assert told[3:] == [(every - 1, 1, None), (every, every, "what the run before left is gone")]
    assert verify(office.settings, last, replay=True).verdict == "holds"
    assert verify(office.settings, last + 1, replay=True).verdict == "holds"


def test_a_run_that_is_repeated_follows_what_it_followed_before(office: Office) -> None:
    take(office, 1, ROWS)
    say(office)
    once = take(office, 2, ROWS | {"k00": "周一甲"})
    assert resolve(office.settings) == once
    with open_database(office.settings) as conn:
        assert len(fetch(conn, "select run_id from resolution.linking")) == 2


def test_a_person_that_a_repeated_run_made_is_made_once(office: Office) -> None:
    with open_database(office.settings) as conn:
        said = judging.judge(conn, (f"{FEED}|k00", f"{FEED}|k01"), "positive", by="Li", reason="a test")
    take(office, 1, ROWS)
    say(office)
    with open_database(office.settings) as conn:
        judging.undo(conn, said, by="Li", reason="a test")
    assert resolve(office.settings)["reached"] == 2
    asked = "select record_key, person_id from resolution.membership order by record_key"
    once = office.ask(asked)
    resolve(office.settings)
    assert office.ask(asked) == once
    assert len({row["person_id"] for row in once}) == len(ROWS)
    assert verify(office.settings, say(office), replay=True).verdict == "holds"


def test_many_changes_or_another_policy_link_everything_anew(office: Office) -> None:
    take(office, 1, ROWS)
    say(office)
    said = take(office, 2, {key: name + "丁" for key, name in ROWS.items()})
    assert said["reached"] == said["records"]
    say(office)
    path = office.settings.policies / "linkage.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("margin: 4", "margin: 5"), encoding="utf-8")
    take(office, 3, ROWS)
    with open_database(office.settings) as conn:
        reasons = fetch(conn, "select reason from resolution.linking order by linked_at")
        execute(conn, "update resolution.linking set made_with = 'polars 2.1.0, code of before'")
    assert [row["reason"].split(" ")[-1] for row in reasons] == ["first", "touched", "policies"]
    take(office, 4, ROWS | {"k00": "周一甲"})
    with open_database(office.settings) as conn:
        assert linking.newest(conn)[0]["reason"] == "other versions"
    _age(office)
    upkeep(office.settings)
    (left,) = [folder for folder in office.settings.lake.glob("linking/*") if any(folder.iterdir())]
    assert {path.name for path in left.iterdir()} >= {"keys.arrow", "records.parquet", "doubles.parquet"}
    assert left.name == _newest(office)


def _newest(office: Office) -> str:
    """The run that the next one follows."""
    with open_database(office.settings) as conn:
        return str(linking.newest(conn)[0]["run_id"])


def _age(office: Office) -> None:
    path = office.settings.policies / "retention.yml"
    path.write_text("scratch_days: 1\n", encoding="utf-8")
    for left in office.settings.lake.rglob("*"):
        os.utime(left, (0, 0))


def test_upkeep_keeps_what_the_next_run_follows(office: Office) -> None:
    take(office, 1, ROWS)
    say(office)
    take(office, 2, ROWS | {"k00": "周一甲"})
    say(office)
    _age(office)
    upkeep(office.settings)
    assert len(list(office.settings.lake.glob("said/*"))) == 1
    assert len(list(office.settings.lake.glob("contents/*"))) == 1
    assert take(office, 3, ROWS | {"k00": "周二甲"})["reached"] == 1
    say(office)
    with open_database(office.settings) as conn:
        assert surviving(conn)[-1] == (len(ROWS), 1, None)
