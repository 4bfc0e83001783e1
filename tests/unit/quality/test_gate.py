from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from pipelines.quality.gate import judge, quarantined
from pipelines.quality.outcome import Outcome, RuleResult, answered, not_checked
from pipelines.quality.rows import as_rows
from pipelines.quality.suite import Rule


def made(severity: str, warn: float = 0.0, reject: float | None = 0.5, **more: float) -> Rule:
    return Rule.model_validate({
        "id": "PB-TST-001",
        "expectation": "expect_column_values_to_be_unique",
        "kwargs": {"column": "name"},
        "severity": severity,
        "indicator": "0304",
        "basis": "GB/T 36344-2018",
        "office": "测试局",
        "thresholds": {"warn": warn, "reject": reject, **more},
        "zh": "测试",
        "en": "A test",
    })  # fmt: skip


def outcome_of(*results: RuleResult) -> Outcome:
    return Outcome(results, pl.DataFrame(schema={"row_number": pl.Int32, "rule_id": pl.String}), {})


def found(severity: str, failed: int, **thresholds: Any) -> RuleResult:
    return answered(made(severity, **thresholds), passed=not failed, examined=10, failed=failed)


@pytest.mark.parametrize(
    ("result", "decision"),
    [
        (found("reject_batch", 0), "release"),
        (found("reject_batch", 5), "reservations"),  # on the threshold is not beyond it
        (found("reject_batch", 6), "stop"),
        (found("warn", 10), "reservations"),
        (found("warn", 2, warn=0.2), "release"),
        (found("quarantine_row", 10), "reservations"),
        (not_checked(made("reject_batch"), "no column"), "reservations"),
    ],
)
def test_severity_and_share_decide(result: RuleResult, decision: str) -> None:
    assert judge(outcome_of(result)).decision == decision


@pytest.mark.parametrize(
    ("thresholds", "decision"),
    [
        ({"warn": 1, "warn_rows": 3}, "release"),
        ({"warn": 1, "warn_rows": 2}, "reservations"),
        ({"warn": 1, "reject": None, "reject_rows": 2}, "stop"),
        ({"warn": 1, "reject": None, "reject_rows": 3}, "release"),
        ({"warn": 1, "change": 0.1}, "release"),  # 0.3 is not more than 0.2 + 0.1
        ({"warn": 1, "change": 0.05}, "reservations"),
    ],
)
def test_numbers_of_rows_and_change_decide_too(thresholds: dict[str, Any], decision: str) -> None:
    outcome = outcome_of(found("reject_batch", 3, **thresholds))
    assert judge(outcome, {"PB-TST-001": 0.2}).decision == decision


@pytest.mark.parametrize(
    ("failed", "thresholds", "decision"),
    [
        (1, {"warn": 0.01}, "release"),  # 1 of 10 is 1 of the least 100
        (2, {"warn": 0.01}, "reservations"),
        (1, {"warn": 0.0}, "reservations"),  # nothing is allowed
        (1, {"warn": 1, "change": 0.05}, "release"),
        (1, {"warn": 1, "warn_rows": 0}, "reservations"),
    ],
)
def test_a_share_of_a_few_rows_is_of_the_least_there_must_be(
    failed: int, thresholds: dict[str, Any], decision: str
) -> None:
    outcome = outcome_of(found("warn", failed, **thresholds))
    assert judge(outcome, {"PB-TST-001": 0.0}, judged_from=100).decision == decision


def test_without_a_past_there_is_no_change() -> None:
    assert judge(outcome_of(found("warn", 3, warn=1, change=0.0)), {}).decision == "release"


def test_one_stop_outweighs_everything_else() -> None:
    verdict = judge(outcome_of(found("warn", 3), found("reject_batch", 10)))
    assert verdict.decision == "stop"
    assert verdict.stopped_by == ("PB-TST-001",)
    assert [reason.decision for reason in verdict.reasons] == ["reservations", "stop"]


def test_the_reason_of_an_unchecked_rule_is_told() -> None:
    (reason,) = judge(outcome_of(not_checked(made("warn"), "there is no column 'x'"))).reasons
    assert reason.not_checked == "there is no column 'x'"


def test_nothing_examined_is_a_share_of_zero() -> None:
    assert answered(made("warn"), passed=True, examined=0, failed=0).share == 0.0


def test_only_rows_under_quarantine_rules_are_put_aside() -> None:
    warned = Rule.model_validate({**made("warn").model_dump(), "id": "PB-TST-002"})
    results = (found("quarantine_row", 1), answered(warned, passed=False, examined=10, failed=1))
    failing = pl.DataFrame({"row_number": [4, 7], "rule_id": ["PB-TST-001", "PB-TST-002"]})
    aside = quarantined(Outcome(results, failing, {}))
    assert aside.rows() == [(4, "PB-TST-001")]


def test_rows_for_the_ledger_carry_the_rule_and_what_it_found() -> None:
    (row,) = as_rows(outcome_of(found("reject_batch", 6)))
    assert (row["status"], row["failed"], row["reject_at"], row["office"]) == (
        "failed", 6, 0.5, "测试局"
    )  # fmt: skip
