from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pipelines.linkage.frame import complete
from pipelines.linkage.identify import Identified, identify
from tests.unit.linkage.people import citizen_id, frame, person, policy

BORN = date(1990, 1, 12)
NUMBER = citizen_id(BORN)
HEAD = {"authority": 100, "born_on": BORN, "sex_code": "1"}


def _identified(*rows: dict[str, Any]) -> Identified:
    return identify(complete(frame(*rows)), policy())


def _parts(found: Identified) -> int:
    return found.parts["part"].n_unique()


def _against_head(**given: Any) -> Identified:
    return _identified(person("a|1", "甲乙丙", NUMBER, **HEAD), person("b|1", number=NUMBER, **given))


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ({"name": "甲乙丙", "born_on": date(1971, 8, 30), "sex_code": "2"}, 1),
        ({"name": "甲以兵", "born_on": date(1971, 8, 30)}, 1),
        ({"name": "丁戊", "former_name_key": "甲乙丙", "born_on": date(1971, 8, 30)}, 1),
        ({"name": "甲丁戊"}, 2),
        ({"name": "甲乙丁"}, 1),
        ({"name": "甲乙", "born_on": date(1990, 2, 20)}, 1),
        ({"name": "甲乙", "born_on": date(1990, 2, 20), "sex_code": "2"}, 2),
        ({"name": "甲丁戊", "born_on": BORN, "sex_code": "1"}, 1),
        ({"name": "甲丁戊", "born_on": date(1971, 8, 30)}, 2),
        ({"name": "甲丁戊", "sex_code": "2"}, 2),
        ({"name": "甲乙丁", "born_on": date(1971, 8, 30)}, 2),
        ({"name": "丁戊己", "born_on": BORN, "sex_code": "1"}, 2),
        ({"name": "丁?", "born_on": date(1971, 8, 30), "sex_code": "1"}, 1),
        ({"name": None, "born_on": date(1971, 8, 30), "sex_code": "2"}, 2),
        ({"name": None}, 1),
    ],
)
def test_records_of_one_id_are_one_person_unless_the_evidence_speaks_for_two(
    given: dict[str, Any], parts: int
) -> None:
    assert _parts(_against_head(**given)) == parts


def test_one_different_character_of_a_two_character_name_is_disagreement() -> None:
    head = person("a|1", "甲乙", NUMBER, **HEAD)
    other = person("b|1", "甲丁", NUMBER, born_on=date(1971, 8, 30))
    assert _parts(_identified(head, other)) == 2


def test_another_name_alone_is_a_number_given_twice() -> None:
    found = _against_head(name="丁戊己", born_on=BORN, sex_code="1")
    assert found.conflicts["reason_code"].to_list() == ["PB-LK-001"]
    assert found.conflicts["record_keys"].to_list() == [["a|1", "b|1"]]


def test_another_name_and_birth_date_is_a_number_of_somebody_else() -> None:
    found = _against_head(name="丁戊己", born_on=date(1971, 8, 30))
    assert found.conflicts["reason_code"].to_list() == ["PB-LK-003"]


def test_two_households_and_two_names_are_two_people() -> None:
    rows = [
        person("a|1", "甲乙丙", NUMBER, household_number="1", **HEAD),
        person("a|2", "甲丁", NUMBER, household_number="2", **HEAD),
        person("b|1", "甲丁", NUMBER),
        person("c|1", "甲乙丙", NUMBER),
    ]
    found = _identified(*rows).parts
    parts = dict(zip(found["record_key"], found["part"], strict=True))
    assert parts["a|1"] == parts["c|1"] != parts["a|2"] == parts["b|1"]


def test_twins_under_a_parent_s_number_are_two_people() -> None:
    twins = [person("b|1", "甲丁丙", NUMBER, born_on=date(2015, 3, 1)), person("b|2", "甲丁乙", NUMBER)]
    assert _parts(_identified(person("a|1", "甲乙丙", NUMBER, **HEAD), *twins)) == 3


def test_a_former_name_told_by_one_record_speaks_for_the_others() -> None:
    head = person("a|1", "甲乙丙", NUMBER, former_name_key="甲丁戊", **HEAD)
    assert _parts(_identified(head, person("b|1", "甲丁戊", NUMBER, born_on=date(1971, 8, 30)))) == 1


def test_each_kind_of_number_has_its_method() -> None:
    rows = [person(f"{s}|1", number=NUMBER, status=s) for s in ("valid", "upgraded", "carried", "invalid")]
    found = _identified(*rows).parts.sort("record_key")
    assert found["method"].to_list() == ["roll_number", "upgraded_id", "valid_id"]


def test_a_crowd_under_one_number_is_split_by_name_and_told() -> None:
    names = ("甲乙", "丙丁")
    crowd = [person(f"a|{n:04}", names[n % 2], NUMBER) for n in range(policy().id_group_cap + 1)]
    found = _identified(*crowd)
    assert _parts(found) == 2
    assert found.conflicts["reason_code"].to_list() == ["PB-LK-005"]


def test_cases_keep_their_names_when_resolution_is_repeated() -> None:
    once, again = (_against_head(name="丁戊己").conflicts for _ in range(2))
    assert once.equals(again)
