"""The gate: may what was validated go on? Great Expectations has no say in it.

Its `success` ignores severity, and `mostly` is its only threshold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import polars as pl

from pipelines.quality.outcome import Outcome, RuleResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipelines.contract.model import Thresholds as Allowed

STOPPED: Final = "PB-DL-016"
TOO_MANY_ASIDE: Final = "PB-DL-026"
Decision = Literal["release", "reservations", "stop"]


@dataclass(frozen=True)
class Reason:
    """Why the gate did not simply open: the rule or reason code, and what its share or its silence led to."""

    rule_id: str
    decision: Decision
    share: float
    not_checked: str | None = None


@dataclass(frozen=True)
class Verdict:
    """The decision and its reasons, in the order of the suite's rules."""

    decision: Decision
    reasons: tuple[Reason, ...]

    @property
    def stopped_by(self) -> tuple[str, ...]:
        """Ids of the rules that stop the batch."""
        return tuple(reason.rule_id for reason in self.reasons if reason.decision == "stop")


def judge(outcome: Outcome, usual: Mapping[str, float] | None = None, *, judged_from: int = 1) -> Verdict:
    """Decide by severity, counts and thresholds.

    Stop beyond a `reject_batch` rule's reject limits; a reservation beyond any rule's warn limits, and for every
    rule that could not be checked; else release. `usual` is each rule's median share of the last twelve deliveries,
    against which `thresholds.change` is held; a rule without one has no change to speak of. The shares of a reservation
    are of at least `judged_from` rows: of a delivery of three, one odd row is no third of anything.
    """
    usual = usual or {}
    found = (_reason(result, usual.get(result.rule.id), judged_from) for result in outcome.rules)
    reasons = tuple(reason for reason in found if reason is not None)
    decisions = {reason.decision for reason in reasons}
    if "stop" in decisions:
        return Verdict("stop", reasons)
    return Verdict("reservations" if decisions else "release", reasons)


def quarantined(outcome: Outcome) -> pl.DataFrame:
    """The lines of `outcome.failing` whose rule says `quarantine_row`."""
    ids = [result.rule.id for result in outcome.rules if result.rule.severity == "quarantine_row"]
    return outcome.failing.filter(pl.col("rule_id").is_in(ids))


def reserve(verdict: Verdict, codes: Iterable[str]) -> Verdict:
    """The verdict with a reservation for each of these reason codes; what was stopped stays so."""
    added = tuple(Reason(code, "reservations", 0.0) for code in codes)
    if not added:
        return verdict
    decision: Decision = "stop" if verdict.decision == "stop" else "reservations"
    return Verdict(decision, verdict.reasons + added)


def refusal(allowed: Allowed, verdict: Verdict, rows: int, aside: int) -> str | None:
    """Why a delivery of so many rows, so many of them set aside, does not take effect; None when it may.

    A rule stops it, or more rows were set aside than its contract allows; a handful of rows is no share.
    """
    if verdict.decision == "stop":
        return STOPPED
    if rows < allowed.judged_from:
        return None
    return TOO_MANY_ASIDE if aside / rows > allowed.quarantined else None


def _reason(result: RuleResult, usual: float | None, judged_from: int) -> Reason | None:
    rule = result.rule
    if result.status == "not_checked":
        return Reason(rule.id, "reservations", 0.0, result.reason_not_checked)
    if not result.failed:
        return None
    allowed = rule.thresholds
    if rule.severity == "reject_batch" and _beyond(result, allowed.reject, allowed.reject_rows):
        return Reason(rule.id, "stop", result.share)
    share = result.failed / max(result.examined, judged_from)
    rises = allowed.change is not None and usual is not None and share - usual > allowed.change
    if rises or share > allowed.warn or _beyond(result, None, allowed.warn_rows):
        return Reason(rule.id, "reservations", result.share)
    return None


def _beyond(result: RuleResult, share: float | None, rows: int | None) -> bool:
    return (share is not None and result.share > share) or (rows is not None and result.failed > rows)
