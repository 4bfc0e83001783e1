"""What a validation found: counts for the report, rows for the department, one document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

from pipelines.quality.suite import Rule

Status = Literal["passed", "failed", "not_checked"]


@dataclass(frozen=True)
class RuleResult:
    """What one rule found.

    Attributes:
        examined: rows the rule looked at (a check of values leaves out null rows and rows its
            condition leaves out); 1 for a rule about the whole table.
        failed: how many of them break it.
        share: failed / examined, 0 when nothing was examined.
        reason_not_checked: why there is no answer; None when there is one.
    """

    rule: Rule
    status: Status
    examined: int
    failed: int
    share: float
    reason_not_checked: str | None = None


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a suite found in one frame.

    Attributes:
        rules: one result for each rule of the suite, in its order.
        failing: columns <row id>, rule_id: a line for every row that breaks a row rule, counted
            from the very masks that `rules` is counted from, in the order of rules, then rows.
        document: Great Expectations' result as JSON values: counts and the suite's own words,
            nothing that was in the frame.
    """

    rules: tuple[RuleResult, ...]
    failing: pl.DataFrame
    document: dict[str, object]


def not_checked(rule: Rule, reason: str) -> RuleResult:
    """There is no answer, which is neither passed nor failed."""
    return RuleResult(rule, "not_checked", 0, 0, 0.0, reason)


def answered(rule: Rule, *, passed: bool, examined: int, failed: int) -> RuleResult:
    """There is an answer; `passed` is Great Expectations' own word (it knows `mostly`, which the lint keeps out)."""
    share = failed / examined if examined else 0.0
    return RuleResult(rule, "passed" if passed else "failed", examined, failed, share)
