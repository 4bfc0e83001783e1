"""The written result of a validation: what Great Expectations found, cut down to counts.

An allow-list, not a list of what to strip: a field is written only if it is named here. Stock
results hold sample values, extremes and exception texts; all of these can be a person's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from pipelines.quality.outcome import RuleResult
from pipelines.quality.suite import Rule, Suite
from pipelines.quality.supported import COUNT_EXPECTATIONS

COUNTS: Final = ("element_count", "unexpected_count", "missing_count")
PERCENTAGES: Final = (
    "unexpected_percent", "missing_percent", "unexpected_percent_total",
    "unexpected_percent_nonmissing",
)  # fmt: skip


def document_of(
    suite: Suite,
    results: tuple[RuleResult, ...],
    found: Mapping[str, Mapping[str, Any]] | None = None,
    version: str | None = None,
) -> dict[str, object]:
    """JSON values in the shape of Great Expectations' result.

    `found` holds Great Expectations' own `result` of each rule it answered, `version` is its
    version; both None when it stopped. No clock time and no generated id: same frame and suite,
    same bytes.
    """
    found = found or {}
    statuses = [result.status for result in results]
    return {
        "suite_name": suite.suite,
        "success": all(status == "passed" for status in statuses),
        "statistics": {
            "evaluated_expectations": len(statuses),
            "successful_expectations": statuses.count("passed"),
            "unsuccessful_expectations": statuses.count("failed"),
            "not_checked_expectations": statuses.count("not_checked"),
        },
        "meta": {"great_expectations_version": version, "polars_version": pl.__version__},
        "results": [_entry(result, found.get(result.rule.id, {})) for result in results],
    }


def _entry(result: RuleResult, found: Mapping[str, Any]) -> dict[str, object]:
    rule = result.rule
    return {
        "rule": rule.id,
        "status": result.status,
        "reason_not_checked": result.reason_not_checked,
        "expectation_config": {
            "type": rule.expectation,
            "kwargs": rule.model_dump(mode="json")["kwargs"],
            "severity": rule.severity,
        },
        "result": _allowed(rule, found),
    }


def _allowed(rule: Rule, found: Mapping[str, Any]) -> dict[str, int | float]:
    fields = (*COUNTS, "observed_value") if rule.expectation in COUNT_EXPECTATIONS else COUNTS
    counts = {name: int(found[name]) for name in fields if _is_number(found.get(name))}
    shares = {name: float(found[name]) for name in PERCENTAGES if _is_number(found.get(name))}
    return counts | shares


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
