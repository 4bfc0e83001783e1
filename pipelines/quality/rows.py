"""An outcome as rows for the ledger's table of rule results."""

from __future__ import annotations

from typing import Any

from pipelines.quality.outcome import Outcome, RuleResult


def as_rows(outcome: Outcome) -> list[dict[str, Any]]:
    """One dictionary a rule: counts, status, thresholds, and the rule's own words."""
    return [_row(result) for result in outcome.rules]


def _row(result: RuleResult) -> dict[str, Any]:
    rule = result.rule
    return {
        "rule_id": rule.id,
        "severity": rule.severity,
        "status": result.status,
        "examined": result.examined,
        "failed": result.failed,
        "share": result.share,
        "warn_at": rule.thresholds.warn,
        "reject_at": rule.thresholds.reject,
        "indicator": rule.indicator,
        "basis": rule.basis,
        "office": rule.office,
        "zh": rule.zh,
        "en": rule.en,
        "reason": result.reason_not_checked,
    }
