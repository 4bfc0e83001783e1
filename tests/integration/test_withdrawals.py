"""Deliveries that wait for a person, and deliveries that a person takes out of effect."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import UsageError
from pipelines.settings import Settings
from pipelines.stages.resolve import resolve
from pipelines.stages.survive import survive
from pipelines.stages.upkeep import approve
from pipelines.stages.withdraw import withdraw
from pipelines.store.database import open_database
from pipelines.store.ledger import FLAG_NOTES
from tests.office import CONTRACT, Office, Rows, batch_id, declare, open_office

FOUR = dict.fromkeys("abcd", "1")
ONE = {"a": "1"}
WHO = {"by": "Li", "reason": "a check"}


@pytest.fixture
def office(fresh: Settings, tmp_path: Path) -> Office:
    return open_office(fresh, tmp_path)


def sent(office: Office, *deliveries: Rows | list[tuple[str, str, str]]) -> list[str]:
    """Take deliveries one after the other; their ids."""
    for sequence, rows in enumerate(deliveries, 1):
        office.send(sequence, rows)
        office.take()
    return [batch_id(sequence, rows) for sequence, rows in enumerate(deliveries, 1)]


def flags(office: Office) -> list[str]:
    sql = "select reason_code from quality.fault_count where reason_code = any(%s) order by batch_id, 1"
    return [row["reason_code"] for row in office.ask(sql, list(FLAG_NOTES))]


def test_a_full_delivery_that_removes_too_much_waits(office: Office) -> None:
    _, small = sent(office, FOUR, ONE)
    assert (office.states(), office.register()) == (["accepted", "waiting"], FOUR)
    assert office.take()["waiting"] == [small], "each run says what waits"
    told = approve(office.settings, small, **WHO)
    assert told == {"batch_id": small, "status": "accepted", "accepted": [], "waiting": []}
    assert office.register() == ONE
    assert office.ask("select subject, approved_by from ledger.approval") == [
        {"subject": small, "approved_by": "Li"}
    ]


def test_an_empty_full_delivery_waits(office: Office) -> None:
    sent(office, FOUR, {})
    assert office.states() == ["accepted", "waiting"]


def test_what_comes_later_waits_behind_it_and_follows_an_approval(office: Office) -> None:
    _, small, _, last = sent(office, FOUR, ONE, [("b", "2", "I")], [("c", "3", "I")])
    assert office.states() == ["accepted", "waiting", "queued", "queued"]
    assert office.register() == FOUR
    assert approve(office.settings, small, **WHO)["accepted"][-1] == last
    assert office.register() == {"a": "1", "b": "2", "c": "3"}
    assert flags(office) == [], "b and c were inserted into a register without them"


def test_a_no_is_a_withdrawal_and_what_waited_behind_follows(office: Office) -> None:
    _, small, _ = sent(office, FOUR, ONE, [("b", "2", "U")])
    told = withdraw(office.settings, small, **WHO)
    assert (told["was"], told["accepted"], told["records"]) == (
        "waiting",
        [batch_id(3, [("b", "2", "U")])],
        4,
    )
    assert office.register() == FOUR | {"b": "2"}


def test_a_correction_takes_the_turn_of_what_waits(office: Office) -> None:
    sent(office, FOUR, ONE, [("b", "2", "U")])
    office.send(2, FOUR | {"e": "5"}, replaces=2)
    office.take()
    assert office.register() == FOUR | {"e": "5", "b": "2"}
    assert sorted(office.states()) == ["accepted", "accepted", "accepted", "replaced"]


def test_one_batch_waits_at_a_time(office: Office) -> None:
    _, small, smaller = sent(office, FOUR | {"e": "1"}, {"a": "1", "b": "1"}, {"z": "1"})
    assert office.states() == ["accepted", "waiting", "queued"]
    with pytest.raises(UsageError, match="does not wait"):
        approve(office.settings, smaller, **WHO)
    assert approve(office.settings, small, **WHO)["waiting"] == [smaller]


def test_a_correction_of_an_older_full_delivery_does_not_wait(office: Office) -> None:
    sent(office, FOUR, FOUR | {"a": "2"})
    office.send(3, ONE, replaces=1)
    assert office.take()["waiting"] == []
    assert office.register() == FOUR | {"a": "2"}


def test_a_correction_that_empties_the_register_waits_too(office: Office) -> None:
    sent(office, FOUR)
    office.send(1, ONE, replaces=1)
    assert office.take()["waiting"] == [batch_id(1, ONE)]
    assert office.register() == FOUR


def test_a_full_delivery_replaced_by_an_increment_is_guarded(office: Office) -> None:
    sent(office, FOUR)
    office.send(2, [("a", "2", "I")], replaces=1)
    assert office.take()["waiting"] == [batch_id(2, [("a", "2", "I")])]


def test_a_withdrawn_full_delivery_falls_back_to_the_one_before(office: Office) -> None:
    june, _, july, _ = sent(office, FOUR, [("e", "5", "I")], dict.fromkeys("abcd", "7"), [("b", "8", "U")])
    told = withdraw(office.settings, july, **WHO)
    assert told["chain"][0] == june
    assert told["records"] == 5
    assert office.register() == {"a": "1", "b": "8", "c": "1", "d": "1", "e": "5"}


def test_a_withdrawal_is_written_down_with_who_when_and_why(office: Office) -> None:
    (only,) = sent(office, FOUR)
    withdraw(office.settings, only, **WHO)
    (row,) = office.ask("select * from ledger.withdrawal")
    assert (row["batch_id"], row["was"], row["withdrawn_by"], row["reason"]) == (
        only,
        "accepted",
        *WHO.values(),
    )
    assert row["withdrawn_at"] is not None
    assert office.register() == {}


def test_a_withdrawal_needs_a_batch_a_name_and_a_reason(office: Office) -> None:
    (only,) = sent(office, FOUR)
    for unknown, said in (
        ("nobody", WHO),
        (only, {"by": " ", "reason": "x"}),
        (only, {"by": "x", "reason": ""}),
    ):
        with pytest.raises(UsageError):
            withdraw(office.settings, unknown, **said)
    withdraw(office.settings, only, **WHO)
    with pytest.raises(UsageError, match="is withdrawn"):
        withdraw(office.settings, only, **WHO)


def test_a_withdrawn_correction_gives_its_place_back(office: Office) -> None:
    sent(office, FOUR)
    office.send(1, FOUR | {"a": "2"}, replaces=1)
    office.take()
    withdraw(office.settings, batch_id(1, FOUR | {"a": "2"}), **WHO)
    assert office.register() == FOUR
    assert office.states() == ["accepted", "withdrawn"]


def test_a_correction_that_was_overtaken_while_it_waited_waits_again(office: Office) -> None:
    sent(office, FOUR)
    for rows in (ONE, FOUR | {"e": "1"}):
        office.send(1, rows, replaces=1)
        office.take()
    assert office.states() == ["replaced", "replaced", "accepted"]
    withdraw(office.settings, batch_id(1, FOUR | {"e": "1"}), **WHO)
    assert office.states() == ["accepted", "waiting", "withdrawn"]
    assert office.register() == FOUR


def test_a_withdrawn_delivery_comes_back_only_as_a_correction(office: Office) -> None:
    (only,) = sent(office, FOUR)
    withdraw(office.settings, only, **WHO)
    office.send(1, FOUR)
    assert office.take()["redelivered"] == 1
    office.send(1, ONE)
    assert office.take()["refused"][0]["code"] == "PB-DL-012"
    office.send(1, FOUR, replaces=1)
    assert office.take()["accepted"] == [only]
    assert office.register() == FOUR


def test_a_withdrawn_slip_of_the_pen_frees_the_numbers_below_it(office: Office) -> None:
    sent(office, FOUR)
    office.send(202606, FOUR | {"e": "1"})
    office.take()
    withdraw(office.settings, batch_id(202606, FOUR | {"e": "1"}), **WHO)
    office.send(2, FOUR | {"e": "2"})
    assert office.take()["accepted"] == [batch_id(2, FOUR | {"e": "2"})]


def test_flags_are_judged_anew_when_what_came_before_changes(office: Office) -> None:
    first, second, _ = sent(office, FOUR, [("e", "1", "I")], [("e", "2", "U"), ("a", "2", "U")])
    assert flags(office) == []
    withdraw(office.settings, second, **WHO)
    assert flags(office) == ["PB-SQ-005"]
    withdraw(office.settings, first, **WHO)
    assert office.ask("select sum(rows) as n from quality.fault_count where reason_code = 'PB-SQ-005'") == [
        {"n": 2}
    ]


def test_a_batch_on_its_way_can_be_withdrawn(office: Office) -> None:
    office.send(1, FOUR)
    office.land()
    withdraw(office.settings, batch_id(1, FOUR), **WHO)
    assert office.judge() == {"accepted": [], "refused": [], "waiting": []}
    assert office.register() == {}


def test_a_withdrawal_between_two_steps_of_a_run_is_the_next_runs(office: Office) -> None:
    named = CONTRACT.replace("name: word}", "name: name, type: person_name}\nattributes: {name: 1}")
    declare(office.settings.declarations, named)
    first, second = sent(office, FOUR, FOUR | {"e": "1"})
    resolve(office.settings)
    withdraw(office.settings, second, **WHO)
    assert survive(office.settings)["rows"]["person"] == 5
    resolve(office.settings)
    assert survive(office.settings)["rows"]["person"] == 4
    assert office.batches()[first.removeprefix("office-letters-")] == "accepted"


def test_the_database_holds_two_in_effect_at_one_place_apart(office: Office) -> None:
    from pipelines.errors import PopbaseError
    from pipelines.store.postgres import execute

    sent(office, FOUR)
    office.send(1, FOUR | {"a": "2"}, replaces=1)
    office.land()
    with pytest.raises(PopbaseError, match="batch_in_effect"), open_database(office.settings) as conn:
        execute(conn, "update ledger.batch set status = 'accepted'")
