"""Batches done again from their delivered bytes after a contract or a suite was mended."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.errors import PopbaseError, UsageError
from pipelines.settings import Settings
from pipelines.stages.replay import replay
from pipelines.stages.standardise import standardise
from pipelines.stages.upkeep import approve
from pipelines.stages.withdraw import withdraw
from pipelines.store.lake import Lake
from pipelines.unmapped import unmapped_values
from tests.office import CONTRACT, FEED, Office, batch_id, declare, open_office, suite

WORDS = {"a": "one", "b": "odd", "c": "three"}
BAD = {"a": "bad", "b": "bad"}


@pytest.fixture
def office(fresh: Settings, tmp_path: Path) -> Office:
    return open_office(fresh, tmp_path)


def mend(office: Office, contract: str = CONTRACT, rules: str | None = None) -> None:
    declare(office.settings.declarations, contract, rules)


def again(office: Office, **chosen: Any) -> dict[str, Any]:
    replay(office.settings, **(chosen or {"feed": FEED}))
    return office.judge()


def counts(office: Office) -> list[tuple[str, int, int, int]]:
    sql = "select stage, rows_in, rows_on, quarantined from ledger.conservation order by batch_id, stage"
    return [tuple(row.values()) for row in office.ask(sql)]


def test_a_mended_suite_brings_rows_back(office: Office) -> None:
    office.send(1, WORDS)
    office.take()
    assert office.register() == {"a": "one", "c": "three"}
    mend(office, rules=suite(aside="nothing"))
    assert again(office)["accepted"] == [batch_id(1, WORDS)]
    assert office.register() == WORDS
    assert counts(office) == [("land", 3, 3, 0), ("standardise", 3, 3, 0), ("validate", 3, 3, 0)]
    assert office.ask("select count(*) as n from quality.quarantine") == [{"n": 0}]


def test_hashes_of_contract_and_suite_are_those_of_the_last_time(office: Office) -> None:
    sql = "select contract_sha256, suite_sha256 from ledger.batch"
    office.send(1, WORDS)
    office.take()
    (before,) = office.ask(sql)
    mend(office, CONTRACT.replace("authority: 1", "authority: 2"), suite(aside="nothing"))
    again(office)
    (after,) = office.ask(sql)
    (kept,) = office.ask("select contract_sha256, suite_sha256 from ledger.replay")
    assert kept == before
    assert before["contract_sha256"] != after["contract_sha256"]
    assert before["suite_sha256"] != after["suite_sha256"]


def test_a_batch_its_gate_refused_takes_effect_after_all(office: Office) -> None:
    office.send(1, {"a": "1", "b": "1"})
    office.send(2, BAD)
    office.send(3, [("c", "3", "I")])
    office.take()
    assert office.register() == {"a": "1", "b": "1", "c": "3"}
    mend(office, rules=suite(refused="worse"))
    assert batch_id(2, BAD) in again(office)["accepted"]
    assert office.register() == BAD | {"c": "3"}


def test_a_batch_that_was_accepted_may_be_refused(office: Office) -> None:
    office.send(1, {"a": "1", "b": "1"})
    office.send(2, {"a": "new", "b": "new"})
    office.take()
    mend(office, rules=suite(refused="new"))
    assert again(office)["refused"] == [
        {"batch_id": batch_id(2, {"a": "new", "b": "new"}), "code": "PB-DL-016"}
    ]
    assert office.register() == {"a": "1", "b": "1"}
    assert counts(office)[-1] == ("validate", 2, 0, 0)


def test_a_refused_correction_gives_its_place_back(office: Office) -> None:
    office.send(1, {"a": "1"})
    office.send(1, {"a": "two"}, replaces=1)
    office.take()
    mend(office, rules=suite(refused="two"))
    again(office)
    assert (office.register(), office.states()) == ({"a": "1"}, ["accepted", "refused"])


def test_registers_kept_for_speed_follow_a_replay(office: Office) -> None:
    office.send(1, WORDS)
    office.send(2, [("d", "odd", "I")])
    office.take()
    assert office.register() == {"a": "one", "c": "three"}
    mend(office, rules=suite(aside="nothing"))
    again(office, batch_id=batch_id(2, [("d", "odd", "I")]))
    assert office.register() == {"a": "one", "c": "three", "d": "odd"}


def test_what_was_accepted_stays_in_effect_until_the_replay_is_through(office: Office) -> None:
    office.send(1, WORDS)
    office.take()
    mend(office, rules=suite(refused="one", aside="three"))
    replay(office.settings, feed=FEED)
    assert office.states() == ["accepted"]
    standardise(office.settings, office.contract)
    assert office.register() == {"a": "one", "c": "three"}
    assert office.take()["accepted"] == [batch_id(1, WORDS)], "any run goes on with it"
    assert office.register() == {"a": "one", "b": "odd"}


def test_a_mended_contract_reads_the_same_bytes_another_way(office: Office) -> None:
    office.send(1, {"a": "1", "b": "x"})
    office.take()
    mend(
        office, CONTRACT.replace("{source: VALUE, name: word}", "{source: VALUE, name: word, type: integer}")
    )
    again(office, since=date(2026, 1, 1))
    frame = Lake(office.settings.lake).read(f"accepted/{batch_id(1, {'a': '1', 'b': 'x'})}")
    assert frame["word"].to_list() == [1, None]
    assert (
        office.ask("select count(*) as n from quality.fault_count where column_name = 'VALUE'")[0]["n"] == 1
    )


def test_increments_of_another_contract_ask_for_a_replay(office: Office) -> None:
    office.send(1, {"a": "1"})
    office.take()
    mend(
        office, CONTRACT.replace("{source: VALUE, name: word}", "{source: VALUE, name: word, type: integer}")
    )
    office.send(2, [("b", "2", "I")])
    office.take()
    with pytest.raises(PopbaseError, match="popbase replay --feed"):
        office.register()
    again(office)
    register: dict[str, object] = {"a": 1, "b": 2}
    assert register == office.register()


def test_bytes_that_the_contract_no_longer_reads_are_refused_with_their_reason(office: Office) -> None:
    office.send(1, {"a": "1"})
    office.take()
    mend(office, CONTRACT.replace("source: VALUE, name: word", "source: WORT, name: word, required: true"))
    told = replay(office.settings, feed=FEED)
    assert [refusal["code"][:5] for refusal in told["refused"]] == ["PB-HD"]
    assert (office.register(), office.states()) == ({}, ["refused"])
    mend(office)
    assert again(office)["accepted"] == [batch_id(1, {"a": "1"})]


def test_a_waiting_batch_waits_again_or_no_longer(office: Office) -> None:
    office.send(1, dict.fromkeys("abc", "1"))
    office.send(2, {"a": "1", "b": "odd", "c": "odd"})
    assert office.take()["waiting"] != []
    assert again(office)["waiting"] != []
    replay(office.settings, feed=FEED)
    with pytest.raises(UsageError, match="does not wait"):
        approve(office.settings, batch_id(2, {"a": "1", "b": "odd", "c": "odd"}), by="x", reason="y")
    mend(office, rules=suite(aside="nothing"))
    assert again(office)["waiting"] == []
    assert office.register() == {"a": "1", "b": "odd", "c": "odd"}


def test_withdrawn_batches_and_lost_places_are_left_alone(office: Office) -> None:
    office.send(1, BAD)
    office.take()
    office.send(1, {"a": "good"})
    office.send(2, {"a": "late"})
    office.take()
    withdraw(office.settings, batch_id(2, {"a": "late"}), by="x", reason="y")
    mend(office, rules=suite(refused="nothing"))
    again(office)
    assert office.register() == {"a": "good"}
    assert [row["batch_id"] for row in office.ask("select batch_id from ledger.replay")] == [
        batch_id(1, {"a": "good"})
    ]


def test_a_replay_names_what_it_wants(office: Office) -> None:
    for chosen in ({}, {"feed": "office/nothing"}, {"since": date(2030, 1, 1)}):
        with pytest.raises(UsageError):
            replay(office.settings, **chosen)


def test_the_bytes_are_what_a_replay_reads(office: Office) -> None:
    office.send(1, WORDS)
    office.take()
    lake = Lake(office.settings.lake)
    for name in ("raw", "standard", "accepted"):
        lake.remove(f"{name}/{batch_id(1, WORDS)}")
    again(office)
    assert lake.read(f"raw/{batch_id(1, WORDS)}").select(pl.len()).item() == 3
    assert office.register() == {"a": "one", "c": "three"}


def test_an_operators_own_code_list_and_alias_are_used(office: Office) -> None:
    own = office.settings.contracts / "_reference"
    (own / "codes").mkdir(parents=True)
    listed = 'standard: none\ncodes: {"1": {zh: 一, en: one}}\naliases: {uno: "1"}\n'
    (own / "codes" / "word.yml").write_text(listed, encoding="utf-8")
    (own / "aliases.yml").write_text("word: [WORT]\n", encoding="utf-8")
    mend(office, CONTRACT.replace("name: word}", "name: word, type: code, list: word}"))
    office.send(1, {"a": "", "b": ""}, content=b"KEY,WORT\na,uno\nb,1\n")
    office.take()
    assert office.register() == {"a": "1", "b": "1"}


def test_values_that_came_to_no_code_are_counted_and_shown_when_many_share_them(office: Office) -> None:
    own = office.settings.contracts / "_reference" / "codes"
    own.mkdir(parents=True)
    (own / "word.yml").write_text('standard: none\ncodes: {"1": {zh: 一, en: one}}\n', encoding="utf-8")
    mend(office, CONTRACT.replace("name: word}", "name: word, type: code, list: word}"))
    office.send(1, dict.fromkeys("abcde", "eins") | {"f": "1", "g": "someone"})
    office.take()
    told = [
        (line["column"], line["list"], line["value"], line["rows"])
        for line in unmapped_values(office.settings)
    ]
    assert told == [("VALUE", "word", "eins", 5), ("VALUE", "word", None, 1)]
    mend(office, CONTRACT.replace("name: word}", 'name: word, type: code, list: word, lookup: {eins: "1"}}'))
    again(office)
    assert [line["rows"] for line in unmapped_values(office.settings)] == [1]
