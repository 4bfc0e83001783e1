from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from pipelines.contract.model import Contract
from pipelines.report.gather import report_of
from pipelines.report.model import Report
from pipelines.report.queries import Facts

NOW = datetime(2026, 8, 1, tzinfo=UTC)


def clean(facts: Facts) -> Facts:
    """Only the accepted delivery of one feed, its rules passed."""
    batches = [b for b in facts.batches if b["status"] == "accepted" and b["is_new"]]
    rules = [row for row in facts.rules if row["status"] == "passed"]
    verdicts = [{**row, "decision": "release"} for row in facts.verdicts]
    return replace(
        facts, batches=batches, rules=rules, verdicts=verdicts, deliveries=facts.deliveries[:1],
        quarantine=[], conflicts=[],
    )  # fmt: skip


def judged(facts: Facts, contracts: dict[str, Contract], **run: Any) -> Report:
    only = {feed: contract for feed, contract in contracts.items() if feed.startswith("labour")}
    return report_of(replace(facts, run={**(facts.run or {}), **run}), only, NOW)


def test_a_clean_publication_is_released(facts: Facts, contracts: dict[str, Contract]) -> None:
    report = judged(clean(facts), contracts)
    assert (report.decision, report.remarks) == ("release", ())


@pytest.mark.parametrize(
    ("state", "decision", "key"),
    [
        ("refused", "stop", "refused"), ("withdrawn", "stop", "withdrawn"),
        ("staged", "reservations", "waiting_publication"),
    ],
)  # fmt: skip
def test_the_state_of_the_publication_decides(
    facts: Facts, contracts: dict[str, Contract], state: str, decision: str, key: str
) -> None:
    report = judged(clean(facts), contracts, state=state)
    assert (report.decision, [remark.key for remark in report.remarks]) == (decision, [key])


def test_a_run_without_publication_stops(facts: Facts, contracts: dict[str, Contract]) -> None:
    report = judged(clean(facts), contracts, number=None, state=None)
    assert report.decision == "stop"
    assert report_of(replace(facts, run=None), contracts, NOW).decision == "stop"


def test_an_audit_that_says_stop_stops(facts: Facts, contracts: dict[str, Contract]) -> None:
    stopped = [{**row, "decision": "stop"} for row in facts.verdicts if "publication" in row["subject"]]
    report = judged(replace(clean(facts), verdicts=stopped), contracts)
    assert (report.decision, report.remarks[0].key) == ("stop", "audit_stop")


def test_every_reservation_is_named_the_gravest_first(report: Report) -> None:
    keys = [(remark.level, remark.key) for remark in report.remarks]
    assert keys == [
        ("reservations", "stale"), ("reservations", "refused_delivery"),
        ("reservations", "waiting_delivery"), ("reservations", "feed_reservations"),
        ("reservations", "not_checked"), ("note", "redelivered_delivery"), ("note", "conflicts"),
        ("note", "quarantined"),
    ]  # fmt: skip
    assert report.decision == "reservations"


def test_a_feed_is_stale_by_its_cadence(report: Report) -> None:
    lags = {state.feed.name: (state.lag_days, state.is_stale) for state in report.feeds}
    assert lags == {"labour/employment": (0, False), "residence/permit": (181, True)}


def test_a_feed_that_never_came_is_a_reservation(facts: Facts, contracts: dict[str, Contract]) -> None:
    report = report_of(clean(facts), contracts, NOW)
    assert [remark.key for remark in report.remarks] == ["never_delivered"]
    assert [one.where.en for one in report.unchecked] == ["Residence registration and permits"]
