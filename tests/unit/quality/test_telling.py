"""What a department is told of a row that breaks a rule."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.contract.load import load_contracts
from pipelines.quality.suite import Suite, load_suites
from pipelines.quality.telling import sentences, told_columns

SUITES = load_suites()
CONTRACTS = load_contracts()
FEED = "labour/employment"


def made(expectation: str, kwargs: dict[str, Any], **more: Any) -> Suite:
    texts = {"basis": "x", "office": "x", "zh": "应如此", "en": "It is so"}
    rule = {"id": "PB-TST-001", "expectation": f"expect_{expectation}", "kwargs": kwargs, "severity": "warn"}
    derived = {"age": {"kind": "span", "since": "born_on", "until": "registered_on"}}
    return Suite.model_validate(
        {"suite": FEED, "derived": derived, "rules": [{**rule, **texts, "indicator": "0201", **more}]}
    )


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"column": "citizen_id_status"}, "AAC002"),
        ({"column": "age"}, "AAC006 + DJRQ"),
        ({"column_A": "updated_at", "column_B": "registered_on"}, "DJRQ + AAE036"),
        ({"column": "employer_credit_code_status"}, "AAB003"),
        ({"column": "operation"}, ""),
    ],
)
def test_columns_are_those_the_department_knows(columns: dict[str, Any], told: str) -> None:
    suite = made("column_values_to_not_be_null", columns)
    assert told_columns(suite, CONTRACTS[FEED]) == {"PB-TST-001": told}


def test_rows_of_a_rule_that_is_about_shares_are_told_to_nobody() -> None:
    suite = made("column_values_to_not_be_null", {"column": "name"}, finding=False)
    assert told_columns(suite, CONTRACTS[FEED]) == {"PB-TST-001": None}


@pytest.mark.parametrize(
    ("expectation", "kwargs", "zh", "en"),
    [
        ("column_values_to_not_be_null", {"column": "name"}, "必填", "given"),
        ("column_values_to_be_in_set", {"column": "sex_code", "value_set": ["1", "2"]},
         "下列之一：1、2", "one of 1, 2"),
        ("column_values_to_be_between",
         {"column": "born_on", "min_value": "1880-01-01", "max_value": {"$PARAMETER": "today"}},
         "1880-01-01 至 数据日期", "1880-01-01 to the data date"),
        ("column_value_lengths_to_equal", {"column": "name", "value": 3}, "3 个字符", "3 characters"),
        ("column_values_to_match_regex", {"column": "name", "regex": "x"}, "应如此", "It is so"),
        ("column_values_to_be_between", {"column": "age", "min_value": 16}, "应如此", "It is so"),
    ],
)  # fmt: skip
def test_the_expected_form_is_said(expectation: str, kwargs: dict[str, Any], zh: str, en: str) -> None:
    (said,) = sentences(made(expectation, kwargs), {column.name for column in CONTRACTS[FEED].columns})
    assert (said["expected_zh"], said["expected_en"]) == (zh, en)
    assert (said["zh"], said["en"]) == ("不符合规则：应如此", "Breaks the rule: It is so")


@pytest.mark.parametrize("feed", sorted(CONTRACTS))
def test_every_shipped_rule_about_columns_names_one_that_is_delivered(feed: str) -> None:
    suite, delivered = SUITES[feed], {column.source for column in CONTRACTS[feed].columns}
    for rule_id, told in told_columns(suite, CONTRACTS[feed]).items():
        if suite.rule(rule_id).columns and told is not None:
            assert told
            assert set(told.split(" + ")) <= delivered
