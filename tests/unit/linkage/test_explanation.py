from __future__ import annotations

from datetime import date
from typing import Any, get_args

import pytest

from pipelines.linkage.explanation import explain_beside_number, explain_pairs, look_again
from pipelines.linkage.policy import Part
from pipelines.linkage.resolve import resolve
from pipelines.report.texts import say_word
from tests.unit.linkage.people import citizen_id, frame, person, policy

BORN = date(1990, 1, 12)
NUMBER = citizen_id(BORN)
RECORDS = frame(
    person("a|1", "甲乙丙", NUMBER, authority=100, born_on=BORN),
    person("b|1", "甲乙丙", NUMBER, status="upgraded"),
    person("c|1", "甲乙丙", NUMBER[:15] + "999", status="invalid"),
    person("d|1", "丁戊", citizen_id(date(1971, 8, 30))),
)


def explained(a: str, b: str) -> dict[str, Any]:
    return explain_pairs([(a, b)], RECORDS, policy())[0]


def test_a_pair_is_explained_by_levels_and_steps_that_sum_to_its_weight() -> None:
    told = explained("c|1", "a|1")
    levels = {one["comparison"]: one["level"] for one in told["comparisons"]}
    assert (levels["name"], levels["telephone"]) == ("same", "missing")
    assert told["weight"] == pytest.approx(sum(step["bits"] for step in told["steps"]), abs=0.01)
    assert told["steps"][0]["evidence"] == "prior"


def test_the_explained_weight_is_the_link_s() -> None:
    found = resolve(RECORDS, None, None, policy())
    link = found.links.filter(found.links["record_b"] == "c|1").row(0, named=True)
    assert explained("a|1", "c|1")["weight"] == pytest.approx(link["weight"], abs=0.01)


def test_a_frequency_is_told_with_how_many_bear_the_value() -> None:
    (name,) = [one for one in explained("a|1", "c|1")["comparisons"] if one["comparison"] == "name"]
    assert name["count"] == 2
    assert name["u"] == pytest.approx(2 / 10_000)


def test_the_rules_that_brought_a_pair_together_are_named() -> None:
    assert ["number_head"] in explained("a|1", "c|1")["rules"]
    assert explained("a|1", "d|1")["rules"] == []


def test_everything_that_a_blocking_rule_may_name_has_words() -> None:
    for part in get_args(Part):
        assert say_word("key_part", part, "zh") != part
        assert say_word("key_part", part, "en")


def test_a_rule_that_the_policy_does_not_name_brings_nobody_together() -> None:
    without = policy().model_copy(update={"blocking": (("name", "telephone"),)})
    assert explain_pairs([("a|1", "c|1")], RECORDS, without)[0]["rules"] == []
    assert not resolve(RECORDS, None, None, without).links["record_b"].is_in(["c|1"]).any()


def test_records_of_one_number_are_joined_by_it_and_the_rest_is_told_beside_it() -> None:
    assert explained("b|1", "a|1") == {"joined_by": "upgraded_id", "both_have_ids": True}
    beside = explain_beside_number(("a|1", "b|1"), RECORDS, policy())
    assert beside["joined_by"] is None
    assert {one["comparison"]: one["level"] for one in beside["comparisons"]}["name"] == "same"


def test_two_numbers_are_told() -> None:
    assert explained("a|1", "d|1")["both_have_ids"]


def test_an_unknown_record_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        explained("a|1", "nobody")


def test_a_link_of_the_second_look_is_explained_by_what_the_joined_records_say_together() -> None:
    later, same = (
        date(1991, 5, 30),
        {"sex_code": "1", "telephone": "13900000009", "registered_address": "武胜县甲路一号"},
    )
    records = frame(
        person(
            "a|1",
            "甲乙丙",
            NUMBER,
            sex_code="1",
            household_number="1",
            employer_name="甲厂",
            telephone="13800000001",
        ),
        person("b|1", "甲乙丙", None, born_on=later, employer_name="甲厂", **same),
        person("c|1", "甲乙丙", None, born_on=later, household_number="1", **same),
    )
    found = resolve(records, None, None, policy())
    weights = {(a, b): weight for a, b, _, weight, _ in found.links.iter_rows()}
    told = dict(zip(weights, explain_pairs(list(weights), records, policy(), found.model), strict=True))
    again = look_again(told, found.links, records, policy(), found.model)
    assert told["a|1", "b|1"]["weight"] < 0 < weights["a|1", "b|1"]
    assert [again[pair]["look"] for pair in sorted(weights)] == [2, 1]
    for pair, weight in weights.items():
        assert sum(step["bits"] for step in again[pair]["steps"]) == pytest.approx(weight, abs=0.01)
        assert "rest" not in {step["evidence"] for step in again[pair]["steps"]}
