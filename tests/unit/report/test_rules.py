from __future__ import annotations

from typing import Any

from pipelines.report.formats import score, share
from pipelines.report.model import Report
from pipelines.report.rules import lines_of, scores_of


def found(rule_id: str, status: str, examined: int, failed: int, **facts: Any) -> dict[str, Any]:
    plain = {
        "rule_id": rule_id, "severity": "warn", "status": status, "examined": examined, "failed": failed,
        "warn_at": 0.01, "reject_at": None, "indicator": "0301", "basis": "b", "office": "o", "zh": "z",
        "en": "e", "reason": None,
    }  # fmt: skip
    return {**plain, **facts}


def test_deliveries_of_a_feed_are_taken_together() -> None:
    rows = [found("PB-AAA-001", "failed", 100, 4, zh="old"), found("PB-AAA-001", "passed", 300, 0, zh="new")]
    (line,) = lines_of("a/b", rows)
    assert (line.status, line.examined, line.failed, line.subjects) == ("failed", 400, 4, 2)
    assert (line.share, line.sentence.zh) == (0.01, "new")


def test_failed_rules_come_first_and_unanswered_ones_next() -> None:
    rows = [
        found("PB-AAA-001", "passed", 10, 0),
        found("PB-AAA-002", "not_checked", 0, 0, reason="because"),
        found("PB-AAA-003", "failed", 10, 1),
        found("PB-AAA-004", "failed", 10, 1, severity="reject_batch", reject_at=0.05),
    ]
    lines = lines_of("a/b", rows)
    assert [line.rule_id[-1] for line in lines] == ["4", "3", "2", "1"]
    assert [line.limit for line in lines] == ["rejected", "warned", "within", "within"]


def test_a_rule_without_an_answer_neither_helps_nor_hurts_a_score() -> None:
    rows = [found("PB-AAA-001", "passed", 90, 0), found("PB-AAA-002", "failed", 10, 1)]
    unanswered = found("PB-AAA-003", "not_checked", 1000, 0)
    with_it, without = scores_of(lines_of("a/b", [*rows, unanswered])), scores_of(lines_of("a/b", rows))
    assert with_it[0].share == without[0].share == 0.99
    assert with_it[0].not_checked == 1
    assert scores_of(lines_of("a/b", [unanswered]))[0].share is None


def test_a_share_that_is_not_nought_is_not_written_as_nought() -> None:
    assert [share(value) for value in (0.0, 0.00001, 0.0001, 0.5, None)] == [
        "0.00%", "<0.01%", "0.01%", "50.00%", "—",
    ]  # fmt: skip


def test_a_score_is_full_only_when_everything_holds() -> None:
    assert score(1 - 1 / 10**7) == "99.99%"
    assert score(1.0) == "100.00%"
    assert score(0.99) == "99.00%"


def test_what_was_not_checked_is_listed_with_its_reason(report: Report) -> None:
    assert [(one.code, one.why.en) for one in report.unchecked] == [("PB-LAB-003", "no answer")]
