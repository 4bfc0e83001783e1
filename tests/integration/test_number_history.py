"""A register corrects a person's number: who still carries the old one stays the same person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.settings import Settings
from pipelines.store.database import open_database
from pipelines.store.lake import Lake
from pipelines.store.postgres import execute
from tests.town import FEED, NUMBERS, Town, open_town

OLD: dict[str, dict[str, Any]] = {key: {"name": "甲乙", "number": NUMBERS["甲"]} for key in "ab"}
CORRECTED = OLD | {"a": {"name": "甲乙", "number": NUMBERS["乙"]}}


@pytest.fixture
def town(fresh: Settings, tmp_path: Path) -> Town:
    return open_town(fresh, tmp_path)


def methods(town: Town, run_id: str) -> list[str]:
    return Lake(town.settings.lake).read(f"links/{run_id}")["method"].to_list()


def test_an_old_number_and_the_one_that_took_its_place_are_one_person(town: Town) -> None:
    town.deliver(OLD)
    town.resolve()
    before = town.persons()
    town.deliver(CORRECTED)
    told = town.resolve()
    assert town.persons() == before
    assert methods(town, told["run_id"]) == ["number_history"]
    (case,) = town.ask(
        "select reason_code, record_keys from resolution.conflict where run_id = %s", told["run_id"]
    )
    assert case == {"reason_code": "PB-LK-009", "record_keys": [f"{FEED}|b"]}


def test_deliveries_that_come_together_tell_the_same(town: Town) -> None:
    town.deliver(OLD)
    town.deliver(CORRECTED)
    town.resolve()
    assert len(set(town.persons().values())) == 1


def test_without_the_delivery_that_corrected_it_two_numbers_are_two_people(town: Town) -> None:
    town.deliver(CORRECTED)
    town.resolve()
    assert len(set(town.persons().values())) == 2


def test_a_correction_that_was_withdrawn_no_longer_counts(town: Town) -> None:
    for register in (OLD, CORRECTED, CORRECTED):
        town.deliver(register)
    town.resolve()
    with open_database(town.settings) as conn:
        execute(
            conn, "update ledger.batch set status = 'withdrawn' where feed = %s and sequence < 3", (FEED,)
        )
    town.resolve()
    assert len(set(town.persons().values())) == 2


def test_a_number_that_was_hit_by_mistake_stays_with_whose_it_is(town: Town) -> None:
    town.deliver(OLD | {"b": {"name": "丙丁", "number": NUMBERS["甲"]}})
    town.deliver(CORRECTED | {"b": {"name": "丙丁", "number": NUMBERS["甲"]}})
    told = town.resolve()
    assert len(set(town.persons().values())) == 2
    assert (told["conflicts"], methods(town, told["run_id"])) == (0, [])
