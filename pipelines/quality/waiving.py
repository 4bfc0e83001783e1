"""Waivers: a failed rule that a person answers for is a reservation, and no longer stops."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from pipelines.quality.gate import Decision, Verdict


def waive(verdict: Verdict, rule_ids: Collection[str]) -> Verdict:
    """The verdict with the stops of these rules as reservations; nothing else changes, and nothing is hidden."""
    reasons = tuple(
        replace(reason, decision="reservations") if reason.rule_id in rule_ids else reason
        for reason in verdict.reasons
    )
    decisions = {reason.decision for reason in reasons}
    decision: Decision = "stop" if "stop" in decisions else "reservations" if decisions else "release"
    return Verdict(decision, reasons)
