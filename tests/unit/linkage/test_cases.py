from __future__ import annotations

from datetime import date

import polars as pl

from pipelines.linkage.cases import cases
from pipelines.linkage.resolve import JUDGEMENTS, resolve
from tests.unit.linkage.people import citizen_id, frame, judged, person, policy

BORN, NUMBER = date(1990, 1, 12), citizen_id(date(1990, 1, 12))
SHARED = [
    person("a|1", "甲乙", NUMBER),
    person("a|2", "甲乙", NUMBER),
    person("b|1", "丙丁", NUMBER),
]


def found(*rows: dict[str, object], said: pl.DataFrame | None = None) -> pl.DataFrame:
    records, judgements = frame(*rows), JUDGEMENTS.to_frame() if said is None else said
    return cases(records, resolve(records, None, judgements, policy()), judgements, {"PB-LK-001": 0.25})


def test_one_number_on_two_people_is_a_case_of_their_first_records() -> None:
    (case,) = found(*SHARED).to_dicts()
    assert (case["record_a"], case["record_b"], case["reason_code"]) == ("a|1", "b|1", "PB-LK-001")
    assert (case["is_joined"], case["stake"], case["value"]) == (False, 2, 0.5)


def test_persons_that_were_judged_apart_make_no_case_whichever_record_was_judged() -> None:
    assert found(*SHARED, said=judged("a|2", "b|1", "negative")).is_empty()


def test_two_that_one_record_fits_share_its_chance() -> None:
    twins = [
        person(f"a|{n}", "甲乙", citizen_id(BORN, n), born_on=BORN, telephone="13800000001") for n in (11, 13)
    ]
    stray = person("b|1", "甲乙", None, born_on=BORN, telephone="13800000001")
    told = found(*twins, stray).filter(pl.col("reason_code") == "PB-LK-006")
    assert told.height == 2
    assert 0.9 < told["probability"].sum() <= 1


def test_cases_do_not_depend_on_the_order_of_records() -> None:
    assert found(*SHARED).equals(found(*reversed(SHARED)))
