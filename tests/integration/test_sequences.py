"""How deliveries take effect over time: again, in conflict, late, corrected, and two at once."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from pipelines.settings import Settings
from tests.office import CONTRACT, Office, batch_id, content_of, declare, open_office

A = {"a": "one", "b": "two"}
B = {"a": "ONE", "b": "TWO"}
C = {"a": "Ichi", "b": "Ni"}
NOTES = "select notes from ledger.delivery order by delivery_id desc limit 1"


@pytest.fixture
def office(fresh: Settings, tmp_path: Path) -> Office:
    return open_office(fresh, tmp_path)


def codes(office: Office) -> list[str]:
    """Reason codes of the deliveries refused by the next take."""
    return [refusal["code"] for refusal in office.take()["refused"]]


def test_a_delivery_again_has_no_effect_and_is_recorded(office: Office) -> None:
    office.send(1, A)
    assert office.take()["accepted"] == [batch_id(1, A)]
    office.send(1, A)
    again = office.take()
    assert (again["landed"], again["redelivered"], again["accepted"]) == ([], 1, [])
    assert office.ask(NOTES)[0]["notes"] == ["PB-SQ-001"]


def test_an_old_delivery_again_is_no_older_delivery(office: Office) -> None:
    for sequence, rows in ((1, A), (2, B), (1, A)):
        office.send(sequence, rows)
        assert codes(office) == []
    assert office.register() == B


def test_a_sequence_with_other_content_is_refused(office: Office) -> None:
    office.send(1, A)
    office.take()
    office.send(1, B)
    assert codes(office) == ["PB-DL-012"]
    assert office.register() == A


def test_an_older_sequence_is_refused_and_made_good_by_replaces(office: Office) -> None:
    office.send(5, A)
    office.take()
    office.send(4, B)
    assert codes(office) == ["PB-DL-013"]
    office.send(4, B, replaces=4)
    assert codes(office) == []
    assert (office.register(), office.states()) == (A, ["accepted", "accepted"])


def test_the_first_sequence_starts_the_count_and_a_gap_is_a_warning(office: Office) -> None:
    office.send(7, A)
    office.take()
    assert office.ask(NOTES)[0]["notes"] == []
    office.send(9, B)
    assert office.take()["accepted"] == [batch_id(9, B)]
    assert office.ask(NOTES)[0]["notes"] == ["PB-SQ-002"]


def test_a_correction_needs_something_to_correct(office: Office) -> None:
    office.send(1, A)
    office.take()
    office.send(2, B, replaces=9)
    assert codes(office) == ["PB-DL-019"]


@pytest.mark.parametrize("number", [1, 3], ids=["under its own number", "under a new number"])
def test_a_corrected_june_after_july_leaves_july_in_effect(office: Office, number: int) -> None:
    office.send(1, A)
    office.send(2, [("b", "zwei", "U"), ("c", "drei", "I")])
    office.take()
    office.send(number, B, replaces=1)
    assert office.take()["accepted"] == [batch_id(number, B)]
    assert office.register() == {"a": "ONE", "b": "zwei", "c": "drei"}
    assert office.states() == ["replaced", "accepted", "accepted"]


def test_a_correction_in_the_same_inbox_comes_after_what_it_corrects(office: Office) -> None:
    office.send(1, B, replaces=1, folder="0-first-by-name")
    office.send(1, A, folder="1-second-by-name")
    office.send(2, [("c", "three", "I")])
    assert codes(office) == []
    assert office.register() == B | {"c": "three"}


def test_a_correction_may_be_corrected_by_its_own_number(office: Office) -> None:
    for sequence, rows, said in ((1, A, {}), (2, B, {"replaces": 1}), (3, C, {"replaces": 2})):
        office.send(sequence, rows, **said)
        office.take()
    assert office.states() == ["replaced", "replaced", "accepted"]
    assert office.register() == C


def test_a_correction_sent_again_repeats_and_the_original_can_come_back(office: Office) -> None:
    for rows, said in ((A, {}), (B, {"replaces": 1}), (B, {"replaces": 1}), (A, {})):
        office.send(1, rows, **said)
        office.take()
    assert office.register() == B
    assert office.ask(NOTES)[0]["notes"] == ["PB-SQ-001", "PB-SQ-009"]
    office.send(1, A, replaces=1)
    assert office.take()["accepted"] == [batch_id(1, A)]
    assert office.register() == A


def test_a_correction_that_its_gate_refuses_replaces_nothing(office: Office) -> None:
    office.send(1, A)
    office.take()
    office.send(1, {"a": "bad", "b": "bad"}, replaces=1)
    assert office.take()["refused"] == [
        {"batch_id": batch_id(1, {"a": "bad", "b": "bad"}), "code": "PB-DL-016"}
    ]
    assert (office.register(), sorted(office.states())) == (A, ["accepted", "refused"])


def test_a_delivery_of_which_too_much_is_set_aside_is_refused(office: Office) -> None:
    strict = CONTRACT.replace("removed: 0.5", "removed: 0.5, quarantined: 0.4, judged_from: 4")
    declare(office.settings.declarations, strict)
    office.send(1, A)
    few, many = {"a": "one", "c": "odd", "d": "odd"}, A | {"c": "odd", "d": "odd"}
    office.send(2, few)
    office.send(3, many)
    assert office.take()["refused"] == [{"batch_id": batch_id(3, many), "code": "PB-DL-026"}]
    assert (office.register(), office.states()) == ({"a": "one"}, ["accepted", "accepted", "refused"])
    (rows,) = office.ask("select sum(refused) as lost from ledger.conservation")
    assert rows["lost"] == 2


def test_back_and_forth_in_one_inbox_ends_with_the_last_word(office: Office) -> None:
    office.send(1, A)
    office.send(1, B, replaces=1, sent_at="2026-01-02T08:00:00+08:00")
    office.send(1, A, replaces=1, sent_at="2026-01-02T09:00:00+08:00", note="again")
    first = office.take()
    assert len(first["postponed"]) == 1
    assert office.register() == B
    office.take()
    assert office.register() == A


def test_of_two_contents_at_once_the_one_sent_first_is_taken(office: Office) -> None:
    office.send(1, B, folder="a", sent_at="2026-01-02T09:00:00+08:00")
    office.send(1, A, folder="b", sent_at="2026-01-02T00:30:00+00:00")
    assert codes(office) == ["PB-DL-012"]
    assert office.register() == A


def test_a_delivery_whose_totals_differ_is_refused(office: Office) -> None:
    for sequence, totals in enumerate(({"KEY": 3}, {"KEY": 2, "VALUE": 1}, {"NAME": 2}), 1):
        office.send(sequence, A, control_totals={name: {"distinct": n} for name, n in totals.items()})
    assert codes(office) == ["PB-DL-006", "PB-DL-006", "PB-DL-022"]
    assert (office.register(), office.states()) == ({}, [])


@pytest.mark.parametrize("distinct", [1, 2])
def test_blank_counts_as_a_value_or_not_in_a_total(office: Office, distinct: int) -> None:
    office.send(1, {"a": "one", "b": ""}, control_totals={"VALUE": {"distinct": distinct}})
    assert codes(office) == []
    assert office.states() == ["accepted"]


def test_a_file_that_still_grows_is_refused_by_its_hash(office: Office) -> None:
    folder = office.send(1, A)
    (folder / "letters.csv").write_bytes(content_of(A)[:-4])
    assert codes(office) == ["PB-DL-004"]
    assert (office.batches(), list(office.settings.lake.rglob("bytes/*/*"))) == ({}, [])
    assert codes(office) == [], "what was looked at once is not looked at again"


def test_a_refused_delivery_is_taken_from_a_new_folder_or_with_a_new_manifest(office: Office) -> None:
    for sequence, rows, folder in ((1, A, "again"), (2, B, "elsewhere")):
        office.send(sequence, rows, sha256="0" * 64, folder="again" if sequence == 1 else "first")
        assert codes(office) == ["PB-DL-004"]
        office.send(sequence, rows, folder=folder)
        assert codes(office) == []
        assert office.register() == rows


def test_a_delivery_that_its_gate_refused_is_sent_again_mended(office: Office) -> None:
    office.send(1, {"a": "bad"})
    office.take()
    office.send(1, {"a": "good"})
    assert office.take()["accepted"] == [batch_id(1, {"a": "good"})]
    assert office.register() == {"a": "good"}


def test_a_folder_without_manifest_is_not_there_yet(office: Office) -> None:
    folder = office.send(1, A)
    (folder / "manifest.json").rename(folder / "manifest.json.part")
    assert office.take()["landed"] == []
    (folder / "manifest.json.part").rename(folder / "manifest.json")
    assert office.take()["accepted"] == [batch_id(1, A)]


def test_two_that_land_one_inbox_at_once_land_each_delivery_once(office: Office) -> None:
    for sequence in range(1, 7):
        office.send(sequence, {"a": str(sequence)})
    started = Barrier(2)

    def land() -> list[str]:
        started.wait()
        landed = office.land()
        assert landed["refused"] == []
        return list(landed["landed"])

    with ThreadPoolExecutor() as pool:
        both = [pool.submit(land) for _ in range(2)]
        landed = [batch for one in both for batch in one.result()]
    assert sorted(landed) == sorted(set(landed)) == [batch_id(n, {"a": str(n)}) for n in range(1, 7)]
    assert office.ask("select count(*) as n from ledger.delivery")[0]["n"] == 6


def test_of_two_that_land_one_sequence_at_once_one_is_refused(office: Office) -> None:
    started = Barrier(2)
    office.send(1, A)
    office.take()
    other = Office(office.settings, folders=100)
    office.send(2, A | {"c": "1"})
    other.send(2, A | {"c": "2"})

    def land(one: Office) -> list[str]:
        started.wait()
        return [refusal["code"] for refusal in one.land()["refused"]]

    with ThreadPoolExecutor() as pool:
        told = [code for codes in pool.map(land, (office, other)) for code in codes]
    assert told == ["PB-DL-012"]
    assert len(office.batches()) == 2


def test_two_that_judge_at_once_accept_each_batch_once(office: Office) -> None:
    for sequence in (1, 2):
        office.send(sequence, {"a": str(sequence)})
    office.take()
    office.send(3, {"a": "3"})
    office.land()
    from pipelines.stages.standardise import standardise
    from pipelines.stages.validate import validate

    standardise(office.settings, office.contract)
    with ThreadPoolExecutor() as pool:
        both = [pool.submit(validate, office.settings, office.contract) for _ in range(2)]
        accepted = [batch for one in both for batch in one.result()["accepted"]]
    assert accepted == [batch_id(3, {"a": "3"})]
    assert office.register() == {"a": "3"}


def test_the_same_manifest_in_a_copied_folder_repeats(office: Office) -> None:
    folder = office.send(1, A)
    office.take()
    shutil.copytree(folder, folder.with_name("copied"))
    assert office.take()["redelivered"] == 1
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["sequence"] == 1
