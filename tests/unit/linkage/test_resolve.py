from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from pipelines.errors import PopbaseError
from pipelines.linkage.frame import LINKS
from pipelines.linkage.resolve import Resolution, resolve
from tests.unit.linkage.people import citizen_id, clusters, frame, judged, person, policy

BORN = date(1990, 1, 12)
NUMBER = citizen_id(BORN)
HOME: dict[str, Any] = {"telephone": "15400000011", "registered_address": "沿口镇人民路12号3栋2单元501室"}


def _resolve(*rows: dict[str, Any], **given: Any) -> Resolution:
    return resolve(
        frame(*rows), given.pop("previous", None), given.pop("judgements", None), policy(), **given
    )


def _are_one(*rows: dict[str, Any]) -> bool:
    return len(clusters(_resolve(*rows).memberships)) == 1


def _head(**given: Any) -> dict[str, Any]:
    return person("a|1", "甲乙丙", NUMBER, authority=100, born_on=BORN, sex_code="1", **given)


def _changed(number: str, place: int) -> str:
    return number[:place] + str((int(number[place]) + 3) % 10) + number[place + 1 :]


@pytest.mark.parametrize("place", [2, 9, 13, 15, 16])
def test_one_wrong_digit_is_repaired_by_the_name(place: int) -> None:
    faulty = person("b|1", "甲乙丙", _changed(NUMBER, place), status="invalid")
    found = _resolve(_head(), faulty)
    assert found.links["method"].to_list() == ["id_repair"]
    assert len(clusters(found.memberships)) == 1


def test_month_and_day_exchanged_within_a_number_are_repaired_by_the_name() -> None:
    exchanged = NUMBER[:10] + NUMBER[12:14] + NUMBER[10:12] + NUMBER[14:]
    assert _are_one(_head(), person("b|1", "甲乙丙", exchanged, status="invalid", born_on=BORN))


@pytest.mark.parametrize("digits", [16, 17])
def test_a_number_whose_end_was_cut_off_is_completed_by_the_name(digits: int) -> None:
    assert _are_one(_head(), person("b|1", "甲乙丙", NUMBER[:digits], status="invalid"))


def test_what_a_masked_number_shows_is_evidence() -> None:
    same, other = (NUMBER[:6] + "********" + tail for tail in (NUMBER[14:], "9073"))
    assert _are_one(_head(), person("b|1", "甲乙丙", same, status="invalid"))
    assert not _are_one(_head(), person("b|1", "甲乙丙", other, status="invalid"))
    assert not _are_one(_head(), person("b|1", "丁戊己", same, status="invalid"))


def test_local_numbers_of_two_feeds_say_nothing_of_each_other() -> None:
    rows = [_head(personal_number="1"), person("b|1", "甲乙丙", born_on=BORN, personal_number="2")]
    told = [dict(row, personal_number=None) for row in rows]
    weights = [_resolve(*pair).links["weight"].to_list() for pair in (rows, told)]
    assert weights[0] == weights[1] != []


def test_a_home_that_is_owned_speaks_for_the_owner_and_another_one_not_against() -> None:
    lives = _head(registered_address="沿口镇人民路12号")
    owned = [
        person("b|1", "甲乙丙", property_address=f"沿口镇人民路{n}号", born_on=BORN) for n in ("12", "90")
    ]
    weights = [
        _resolve(lives, row).links["weight"].item() for row in (*owned, person("b|1", "甲乙丙", born_on=BORN))
    ]
    assert weights[0] > weights[1] >= weights[2]


def test_a_repair_without_any_other_evidence_goes_to_review_at_most() -> None:
    assert not _are_one(_head(), person("b|1", "丁戊己", _changed(NUMBER, 15), status="invalid"))


def test_a_rounded_number_is_completed_by_the_name() -> None:
    assert _are_one(_head(), person("b|1", "甲乙丙", NUMBER[:15] + "000", status="invalid", sex_code="1"))


def test_equal_scientific_numbers_are_no_evidence() -> None:
    rows = [person(f"{feed}|1", "甲乙丙", "5.11622E+17", status="invalid") for feed in "ab"]
    assert not _are_one(*rows)


def test_a_faulty_fifteen_digit_number_is_repaired() -> None:
    old = NUMBER[:6] + NUMBER[8:17]
    assert _are_one(_head(), person("b|1", "甲乙丙", old[:-1] + "9", status="invalid", born_on=BORN))


@pytest.mark.parametrize("name", ["甲乙丙", "甲以丙", "甲?丙"])
def test_a_record_without_number_is_linked_by_name_birth_and_telephone(name: str) -> None:
    assert _are_one(_head(**HOME), person("b|1", name, born_on=BORN, sex_code="1", telephone="15400000011"))


def test_a_former_name_links_a_record_without_number() -> None:
    head = _head(former_name_key="甲丁戊", **HOME)
    assert _are_one(head, person("b|1", "甲丁戊", born_on=BORN, telephone="15400000011"))


def test_twins_in_one_home_stay_two_people() -> None:
    twin = person("b|1", "甲乙丁", born_on=BORN, sex_code="1", household_number="1", **HOME)
    assert not _are_one(_head(household_number="1"), twin)


def test_father_and_child_with_one_telephone_stay_two_people() -> None:
    child = person("b|1", "甲丁", born_on=date(2015, 5, 5), sex_code="1", household_number="1", **HOME)
    assert not _are_one(_head(household_number="1", **HOME), child)


def test_a_pupil_without_number_is_found_through_the_guardian_s_household() -> None:
    guardian = person("a|0", "丁戊", citizen_id(date(1988, 3, 3)), household_number="7")
    born = date(2015, 5, 5)
    child = person("a|1", "甲乙丙", citizen_id(born), born_on=born, household_number="7")
    pupil = person("c|1", "甲乙丙", born_on=born, guardian_citizen_id=citizen_id(date(1988, 3, 3)))
    assert frozenset(["a|1", "c|1"]) in clusters(_resolve(guardian, child, pupil).memberships)


def test_a_record_that_fits_two_identified_people_goes_to_review() -> None:
    other = person("a|2", "甲乙丙", citizen_id(BORN, 13), born_on=BORN, sex_code="1")
    found = _resolve(_head(), other, person("b|1", "甲乙丙", born_on=BORN, sex_code="1"))
    assert len(clusters(found.memberships)) == 3
    assert set(found.possible["record_b"]) >= {"b|1"}


def test_two_numbers_of_one_name_in_one_household_are_a_case_and_no_link() -> None:
    again = person("a|2", "甲乙丙", citizen_id(date(1990, 1, 2), 15), household_number="1")
    found = _resolve(_head(household_number="1"), again)
    assert found.conflicts["reason_code"].to_list() == ["PB-LK-002"]
    assert found.possible["method"].to_list() == ["two_ids"]
    assert len(clusters(found.memberships)) == 2


def test_the_case_of_two_numbers_weighs_what_speaks_for_one_person() -> None:
    def probability(born_on: date) -> float:
        again = person("a|2", "甲乙丙", citizen_id(born_on, 15), household_number="1")
        return float(_resolve(_head(household_number="1"), again).possible["probability"][0])

    assert 0 < probability(date(1990, 1, 2)) < probability(BORN) < 1


def test_a_positive_judgement_joins_two_numbers_and_is_told_as_a_link() -> None:
    again = person("a|2", "甲乙丙", citizen_id(date(1990, 1, 2), 15), household_number="1")
    found = _resolve(_head(household_number="1"), again, judgements=judged("a|1", "a|2", "positive"))
    assert len(clusters(found.memberships)) == 1
    assert found.links["method"].to_list() == ["judgement"]
    assert found.possible.is_empty()


def test_a_negative_judgement_is_not_offered_for_review_again() -> None:
    rows = [_head(**HOME), person("b|1", "甲乙丙", born_on=BORN, telephone="15400000011")]
    found = _resolve(*rows, judgements=judged("b|1", "a|1", "negative"))
    assert len(clusters(found.memberships)) == 2
    assert found.possible.is_empty()
    assert found.links.is_empty()


def test_links_tell_the_method_of_each_record() -> None:
    rows = [person(f"{s}|1", number=NUMBER, status=s) for s in ("upgraded", "carried")]
    found = _resolve(_head(), *rows).links
    assert found.schema == LINKS
    assert dict(found.select("record_b", "method").iter_rows()) == {
        "upgraded|1": "upgraded_id",
        "carried|1": "roll_number",
    }


def test_no_records_are_no_persons() -> None:
    found = _resolve()
    assert found.memberships.is_empty()
    assert found.next_number == 1


def test_only_record_keys_are_needed() -> None:
    found = resolve(pl.DataFrame({"record_key": ["a", "b"]}), None, None, policy())
    assert found.memberships["number"].to_list() == [1, 2]


def test_a_repeated_record_key_is_refused() -> None:
    with pytest.raises(PopbaseError, match="not unique"):
        _resolve(person("a|1"), person("a|1"))


def test_numbers_of_persons_who_left_are_not_given_again() -> None:
    assert _resolve(person("a|1"), next_number=9).memberships["person_id"].to_list() == ["P0000000009"]
