"""An outcome as rows for the ledger's table of rule results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.quality.outcome import Outcome, RuleResult


def as_rows(outcome: Outcome, usual: Mapping[str, float] | None = None) -> list[dict[str, Any]]:
    """One dictionary a rule: counts, status, thresholds, its usual share, and the rule's own words."""
    return [_row(result, (usual or {}).get(result.rule.id)) for result in outcome.rules]


def _row(result: RuleResult, usual: float | None) -> dict[str, Any]:
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
        "warn_rows": rule.thresholds.warn_rows,
        "reject_rows": rule.thresholds.reject_rows,
        "change_at": rule.thresholds.change,
        "usual": usual,
        "indicator": rule.indicator,
        "basis": rule.basis,
        "office": rule.office,
        "zh": rule.zh,
        "en": rule.en,
        "reason": result.reason_not_checked,
    }
