"""Runs that follow each other on a real database: only what changed is looked at, and all of it can be proven."""

from __future__ import annotations

import os
import shutil
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from pipelines.proving import verify
from pipelines.settings import Settings
from pipelines.stages.publish import publish
from pipelines.stages.resolve import resolve
from pipelines.stages.survive import survive
from pipelines.stages.upkeep import upkeep
from pipelines.store import linking
from pipelines.store.database import open_database
from pipelines.store.postgres import fetch
from tests.integration.test_proof_replay import NAMED
from tests.office import Office, declare, open_office

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
    assert (row["changed"], row["reason"], row["base_run"] is None) == (2, None, False)
    assert verify(office.settings, number, replay=True).verdict == "holds"


def test_a_run_that_is_repeated_follows_what_it_followed_before(office: Office) -> None:
    take(office, 1, ROWS)
    say(office)
    once = take(office, 2, ROWS | {"k00": "周一甲"})
    assert resolve(office.settings) == once
    with open_database(office.settings) as conn:
        assert len(fetch(conn, "select run_id from resolution.linking")) == 2


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
    assert [row["reason"].split(" ")[-1] for row in reasons] == ["first", "touched", "policies"]


def test_upkeep_keeps_what_the_next_run_follows(office: Office) -> None:
    take(office, 1, ROWS)
    say(office)
    take(office, 2, ROWS | {"k00": "周一甲"})
    path = office.settings.policies / "retention.yml"
    path.write_text("scratch_days: 1\n", encoding="utf-8")
    for left in office.settings.lake.glob("linking/*/*.parquet"):
        os.utime(left, (0, 0))
    upkeep(office.settings)
    assert take(office, 3, ROWS | {"k00": "周二甲"})["reached"] == 1
