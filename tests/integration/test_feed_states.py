"""What `popbase status` tells of a feed, what the commands print, and what upkeep deletes."""

from __future__ import annotations

import json
import os
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines.cli import app, console
from pipelines.errors import ContractError
from pipelines.settings import Settings
from pipelines.stages.upkeep import load_retention, upkeep
from pipelines.status import expected_after, feed_states
from tests.office import FEED, Office, batch_id, declare, open_office, suite

FOUR = dict.fromkeys("abcd", "1")
DAY = 86_400


@pytest.fixture
def office(fresh: Settings, tmp_path: Path) -> Office:
    return open_office(fresh, tmp_path)


def state(office: Office, today: date = date(2026, 1, 3)) -> dict[str, Any]:
    (one,) = feed_states(office.settings, today)["feeds"]
    return dict(one)


def say(office: Office, *command: str) -> tuple[int, str]:
    places = {
        "POPBASE_HOME": str(office.settings.home),
        "POPBASE_DATABASE_URL": str(office.settings.database_url),
        "POPBASE_DECLARATIONS": str(office.settings.declarations),
    }
    console.said.width = 200
    said = CliRunner().invoke(app, list(command), env=places, catch_exceptions=False)
    return said.exit_code, said.stdout


@pytest.mark.parametrize(
    ("cadence", "last", "expected"),
    [
        ("daily", date(2026, 2, 28), date(2026, 3, 1)),
        ("monthly", date(2026, 6, 30), date(2026, 7, 31)),
        ("monthly", date(2026, 1, 31), date(2026, 2, 28)),
        ("monthly", date(2026, 12, 15), date(2027, 1, 15)),
        ("monthly", date(2027, 1, 30), date(2027, 2, 28)),
        ("termly", date(2026, 8, 31), date(2027, 2, 28)),
        ("termly", date(2026, 3, 1), date(2026, 9, 1)),
    ],
)
def test_the_next_delivery_is_expected_by_the_cadence(cadence: str, last: date, expected: date) -> None:
    assert expected_after(cadence, last) == expected


def test_a_feed_is_on_time_then_due_then_late(office: Office) -> None:
    assert state(office)["state"] == "nothing yet"
    office.send(1, FOUR)
    office.take()
    told = [state(office, date(2026, 1, day)) for day in (2, 3, 4, 6, 7)]
    assert [(one["state"], one["days_behind"]) for one in told] == [
        ("on time", 0), ("on time", 0), ("due", 1), ("due", 3), ("late", 4)
    ]  # fmt: skip
    assert (told[0]["data_date"], told[0]["expected"]) == (date(2026, 1, 2), date(2026, 1, 3))


def test_records_are_those_in_effect(office: Office) -> None:
    office.send(1, FOUR)
    office.take()
    assert state(office)["records"] == 4
    office.send(2, [("e", "1", "I"), ("a", "", "D"), ("b", "2", "U")])
    office.take()
    assert (state(office)["records"], state(office)["sequence"]) == (4, 2)


def test_what_waits_is_told_with_its_reason_and_how_much_stands_behind(office: Office) -> None:
    for sequence, rows in ((1, FOUR), (2, {"a": "1"}), (3, [("b", "2", "U")])):
        office.send(sequence, rows)
        office.take()
    told = state(office)
    assert [(one["batch_id"], one["code"]) for one in told["waiting"]] == [
        (batch_id(2, {"a": "1"}), "PB-DL-018")
    ]
    assert told["queued"] == 1
    _, shown = say(office, "status")
    assert "1 +1 behind" in shown
    assert f"popbase approve {batch_id(2, {'a': '1'})}" in shown


def test_the_last_refusal_is_told_with_its_sentence(office: Office) -> None:
    office.send(1, {"a": "bad"})
    office.take()
    assert state(office)["refused_last"]["code"] == "PB-DL-016"
    office.send(1, FOUR, sha256="0" * 64, folder="late")
    office.take()
    told = state(office)
    assert told["refusals"] == 2
    assert (told["refused_last"]["code"], told["refused_last"]["folder"]) == ("PB-DL-004", "late")
    assert "The file's SHA-256 is not the manifest's" in say(office, "status")[1]


def test_status_is_one_line_of_json(office: Office) -> None:
    office.send(1, FOUR)
    office.take()
    code, said = say(office, "status", "--json")
    (told,) = json.loads(said)["feeds"]
    assert code == 0
    assert (told["feed"], told["data_date"], told["sequence"], told["records"]) == (FEED, "2026-01-02", 1, 4)


def test_the_commands_withdraw_and_replay(office: Office) -> None:
    for sequence, rows in ((1, FOUR), (2, FOUR | {"e": "new"})):
        office.send(sequence, rows)
        office.take()
    code, said = say(
        office, "withdraw", batch_id(2, FOUR | {"e": "new"}), "--by", "Li", "--reason", "wrong month"
    )
    assert (code, json.loads(said)["chain"]) == (0, [batch_id(1, FOUR)])
    declare(office.settings.declarations, rules=suite(refused="1"))
    code, said = say(office, "replay", "--since", "2026-01-01", "--reason", "suite mended")
    assert (code, json.loads(said)["refused"]) == (3, [{"batch_id": batch_id(1, FOUR), "code": "PB-DL-016"}])
    assert office.register() == {}
    assert say(office, "replay", "--since", "June")[0] == 2


def test_upkeep_deletes_what_can_be_made_again_and_never_delivered_bytes(office: Office) -> None:
    for sequence, rows in ((1, FOUR), (2, FOUR | {"e": "1"}), (3, [("f", "1", "I")])):
        office.send(sequence, rows)
        office.take()
    office.register()
    lake = office.settings.lake
    (lake / "raw" / "broken.part").write_text("")
    (lake / "raw" / "office-letters-000009-00000000.parquet").write_text("")
    age(lake, days=100)
    assert upkeep(office.settings)["deleted"] == 2 + 2 + 1
    assert len(list(lake.rglob("bytes/*/*"))) == 3
    assert sorted(path.stem[15:21] for path in lake.glob("raw/*")) == ["000002", "000003"]
    assert len(list(lake.glob("accepted/*"))) == 3
    assert office.register() == FOUR | {"e": "1", "f": "1"}


def age(folder: Path, days: int) -> None:
    then = time.time() - days * DAY
    for path in folder.rglob("*"):
        os.utime(path, (then, then))


def test_upkeep_keeps_what_is_young_or_on_its_way(office: Office) -> None:
    office.send(1, FOUR)
    office.land()
    age(office.settings.lake, days=100)
    assert upkeep(office.settings)["deleted"] == 0
    assert office.judge()["accepted"] == [batch_id(1, FOUR)]
    office.send(2, FOUR | {"e": "1"})
    office.take()
    assert upkeep(office.settings)["deleted"] == 1, "the standardised rows of the first are young"


def test_a_faulty_retention_policy_is_told(tmp_path: Path) -> None:
    policy = tmp_path / "retention.yml"
    assert load_retention(policy).gone_days == 90
    for text in ("gone_days: 0", "days: 3", "{"):
        policy.write_text(text, encoding="utf-8")
        with pytest.raises(ContractError):
            load_retention(policy)
