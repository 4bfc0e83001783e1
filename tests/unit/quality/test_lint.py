"""What the linter of suites does not let pass."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.quality.lint import lint_suite
from pipelines.quality.suite import Suite

RULE: dict[str, Any] = {
    "id": "PB-TST-001", "expectation": "expect_column_values_to_not_be_null", "kwargs": {"column": "sex_code"},
    "severity": "warn", "indicator": "0201", "basis": "GB/T 36344-2018", "office": "测试局",
    "thresholds": {"warn": 0.01}, "zh": "性别不得为空", "en": "The sex is given",
}  # fmt: skip
DEATH = {"kind": "value_in", "table": "person", "by": ["person_id"], "column": "struck_off_on"}


def faults(*rules: dict[str, Any], suite: str = "test/feed", **more: Any) -> list[str]:
    declared = Suite.model_validate({"suite": suite, "rules": rules or (RULE,), **more})
    return [fault.message for fault in lint_suite(declared, f"{suite}.yml")]


def test_a_whole_rule_has_no_fault() -> None:
    assert faults() == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"thresholds": None}, "thresholds"),
        ({"zh": "the sex is given"}, "Chinese"),
        ({"en": "性别"}, "English"),
        ({"kwargs": {"column": "sex_code", "mostly": 0.9}}, "mostly"),
        ({"kwargs": {"column": "sex_code", "regex": "(?<=a)b"}}, "look-around"),
        (
            {"expectation": "expect_column_max_to_be_between", "kwargs": {"column": "born_on"}},
            "person's value",
        ),
    ],
)
def test_what_a_reader_would_miss_is_told(change: dict[str, Any], told: str) -> None:
    rule = {name: value for name, value in (RULE | change).items() if value is not None}
    (message,) = faults(rule)
    assert told in message


@pytest.mark.parametrize("field", ["id", "severity", "indicator", "basis", "office", "zh", "en"])
def test_no_field_may_be_missing(field: str) -> None:
    with pytest.raises(ValueError, match=field):
        faults({name: value for name, value in RULE.items() if name != field})


def test_other_tables_are_asked_at_the_audit_only_and_stop_nothing() -> None:
    rule = RULE | {"kwargs": {"column": "died_on"}}
    assert "depends on when" in faults(rule, derived={"died_on": DEATH})[0]
    assert faults(rule, suite="published/feed", derived={"died_on": DEATH}) == []
    grave = rule | {"severity": "reject_batch", "thresholds": {"reject": 0.5}}
    assert "stops nothing" in faults(grave, suite="published/feed", derived={"died_on": DEATH})[0]


def test_a_derived_column_is_used() -> None:
    assert faults(derived={"age": {"kind": "span", "since": "born_on", "until": "today"}}) == [
        "no rule looks at it"
    ]
