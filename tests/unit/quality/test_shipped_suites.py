"""The suites under expectations/ fit the contracts and can be run."""

from __future__ import annotations

import pytest

from pipelines.contract.load import load_contracts
from pipelines.contract.model import PERSON_ATTRIBUTES, Column, Contract
from pipelines.quality.suite import Rule, load_suites
from pipelines.quality.supported import SUPPORTED

SUITES = load_suites()
CONTRACTS = load_contracts()
PUBLISHED = {c.publishes.table: c for c in CONTRACTS.values() if c.publishes}
RULES = [(suite.suite, rule) for suite in SUITES.values() for rule in suite.rules]
MADE_OF = {
    "citizen_id": ("", "_status", "_cleaned", "_born_on", "_sex_code", "_division_code"),
    "person_name": ("", "_key", "_sound", "_is_degraded"),
    "credit_code": ("", "_status"),
    "address": ("", "_township_code"),
}


def standard_columns(contract: Contract) -> set[str]:
    def made(column: Column) -> list[str]:
        return [column.name + suffix for suffix in MADE_OF.get(column.type, ("",))]

    named = {name for column in contract.columns for name in made(column)}
    return named | {"row_number", "operation", "record_key", "is_person"}


def columns_for(suite: str) -> set[str]:
    folder, table = suite.split("/")
    if folder != "published":
        return standard_columns(CONTRACTS[suite])
    if table == "person":
        return {"row_key", "person_id", *PERSON_ATTRIBUTES}
    published = PUBLISHED[table].publishes
    assert published is not None
    return {"row_key", "person_id", *published.columns}


def columns_in(condition: object) -> set[str]:
    if isinstance(condition, dict):
        inner = {name for value in condition.values() for name in columns_in(value)}
        column = condition.get("column")
        return inner | ({column["name"]} if isinstance(column, dict) else set())
    if isinstance(condition, list):
        return {name for part in condition for name in columns_in(part)}
    return set()


def test_every_contract_has_a_suite_and_every_published_table_an_audit() -> None:
    wanted = {*CONTRACTS, "published/person", *(f"published/{table}" for table in PUBLISHED)}
    assert wanted <= set(SUITES)


@pytest.mark.parametrize(("suite", "rule"), RULES, ids=[rule.id for _, rule in RULES])
def test_every_rule_names_columns_that_there_are(suite: str, rule: Rule) -> None:
    used = {*rule.columns, *columns_in(rule.kwargs.get("row_condition"))}
    assert used <= columns_for(suite) | SUITES[suite].derived.keys()


def test_every_feed_has_twenty_five_rules_and_every_published_table_ten() -> None:
    least = {name: 10 if name.startswith("published/") else 25 for name in SUITES}
    assert {name for name, suite in SUITES.items() if len(suite.rules) < least[name]} == set()


def test_a_rule_that_rows_break_has_failed() -> None:
    """`mostly` would call it passed; how many may break it is said by thresholds."""
    assert not [rule.id for _, rule in RULES if "mostly" in rule.kwargs]


def test_every_rule_is_one_that_can_be_checked() -> None:
    assert {rule.expectation for _, rule in RULES} <= SUPPORTED


def test_no_rule_of_a_feed_stops_a_batch_for_a_few_values() -> None:
    feeds = [rule for suite, rule in RULES if not suite.startswith("published/")]
    stopping = [rule for rule in feeds if rule.severity == "reject_batch" and rule.columns]
    assert all((rule.thresholds.reject or 0) >= 0.5 for rule in stopping)


def test_two_persons_with_one_citizen_id_stop_a_publication() -> None:
    unique = [r for r in SUITES["published/person"].rules if r.expectation.endswith("to_be_unique")]
    rules = {rule.columns: rule for rule in unique}
    assert rules["citizen_id",].severity == "reject_batch"
    assert rules["citizen_id",].thresholds.reject == 0.0
