"""Results of rules: those of a feed's deliveries taken together, and scores by indicator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from pipelines.report.basics import Decision, Feed, Status, Words
from pipelines.report.checks import FeedScores, RuleLine, RuleSheet, Score, Unchecked
from pipelines.report.model import Batch, FeedState
from pipelines.report.queries import Row
from pipelines.report.texts import all_texts

ORDER: Final[Mapping[str, int]] = {"failed": 0, "not_checked": 1, "passed": 2}
GRAVITY: Final[Mapping[str, int]] = {"reject_batch": 0, "quarantine_row": 1, "warn": 2}
WORST: Final[tuple[Decision, ...]] = ("stop", "reservations", "release")


def sheets_of(rows: list[Row], batches: tuple[Batch, ...], feeds: Iterable[Feed]) -> tuple[RuleSheet, ...]:
    """One sheet a feed whose deliveries were judged, in the order of feeds."""
    made = []
    for feed in feeds:
        judged = [batch for batch in batches if batch.feed == feed.name]
        lines = lines_of(feed.name, [row for row in rows if row["feed"] == feed.name])
        decision = worst(batch.decision for batch in judged)
        if lines or decision:
            subjects = max([1, *(line.subjects for line in lines)])
            made.append(RuleSheet(feed.name, feed.title, feed.owner, decision, subjects, lines))
    return tuple(made)


def audit_of(
    rows: list[Row], verdicts: Mapping[str, Row], subject: str, titles: Mapping[str, Words]
) -> tuple[RuleSheet, ...]:
    """One sheet a table of the staged publication."""
    prefix = f"{subject}/"
    found = {row["subject"] for row in rows if row["subject"].startswith(prefix)}
    judged = {name for name in verdicts if name.startswith(prefix)}
    sheets = []
    for name in sorted(found | judged, key=lambda name: (name != f"{prefix}person", name)):
        table = name.removeprefix(prefix)
        lines = lines_of(table, [row for row in rows if row["subject"] == name])
        decision = verdicts[name]["decision"] if name in verdicts else None
        title = titles.get(table, Words(table, table))
        sheets.append(RuleSheet(table, title, None, decision, 1, lines))
    return tuple(sheets)


def worst(decisions: Iterable[Decision | None]) -> Decision | None:
    """The gravest of the decisions there are."""
    made = {decision for decision in decisions if decision is not None}
    return next((decision for decision in WORST if decision in made), None)


def lines_of(scope: str, rows: list[Row]) -> tuple[RuleLine, ...]:
    """One line a rule, counts added up; failed ones first, then those not checked, then the rest.

    `rows` come in the order of their deliveries: the newest gives wording and thresholds.
    """
    lines: dict[str, RuleLine] = {}
    for row in rows:
        line = _line(scope, row)
        before = lines.get(line.rule_id)
        lines[line.rule_id] = _together(before, line) if before else line
    return tuple(sorted(lines.values(), key=_rank))


def _rank(line: RuleLine) -> tuple[int, int, float, str]:
    share = line.share if line.share is not None and line.status == "failed" else 0.0
    return (ORDER[line.status], GRAVITY.get(line.severity, 9), -share, line.rule_id)


def _line(scope: str, row: Row) -> RuleLine:
    return RuleLine(
        scope=scope,
        rule_id=row["rule_id"],
        severity=row["severity"],
        status=row["status"],
        examined=row["examined"] or 0,
        failed=row["failed"] or 0,
        warn_at=row["warn_at"],
        reject_at=row["reject_at"],
        indicator=row["indicator"],
        basis=row["basis"],
        office=row["office"],
        sentence=Words(row["zh"], row["en"]),
        reasons=(row["reason"],) if row["reason"] else (),
        warn_rows=row.get("warn_rows"),
        reject_rows=row.get("reject_rows"),
        change_at=row.get("change_at"),
        usual=row.get("usual"),
    )


def _together(before: RuleLine, newest: RuleLine) -> RuleLine:
    status: Status = min(before.status, newest.status, key=ORDER.__getitem__)
    return replace(
        newest,
        status=status,
        examined=before.examined + newest.examined,
        failed=before.failed + newest.failed,
        reasons=tuple(dict.fromkeys((*before.reasons, *newest.reasons))),
        subjects=before.subjects + 1,
    )


def scores_of(lines: Iterable[RuleLine], digits: int = 4) -> tuple[Score, ...]:
    """Scores by indicator of GB/T 36344, cut to its first `digits` digits, in their order.

    A / B of the standard: values that hold of values examined, over all rules of the indicator.
    Rules that were not checked count in neither.
    """
    groups: dict[str, list[RuleLine]] = {}
    for line in lines:
        groups.setdefault(line.indicator[:digits], []).append(line)
    return tuple(_score(indicator, groups[indicator]) for indicator in sorted(groups))


def _score(indicator: str, lines: list[RuleLine]) -> Score:
    answered = [line for line in lines if line.status != "not_checked"]
    return Score(
        indicator=indicator,
        rules=len(lines),
        not_checked=len(lines) - len(answered),
        examined=sum(line.examined for line in answered),
        failed=sum(line.failed for line in answered),
    )


def feed_scores_of(sheets: tuple[RuleSheet, ...], feeds: list[Feed]) -> tuple[FeedScores, ...]:
    """Every judged feed's scores by first-level indicator."""
    by_name = {feed.name: feed for feed in feeds}
    return tuple(
        FeedScores(by_name[sheet.scope], {s.indicator: s for s in scores_of(sheet.lines, 2)})
        for sheet in sheets
    )


def unchecked_of(sheets: tuple[RuleSheet, ...], states: tuple[FeedState, ...]) -> tuple[Unchecked, ...]:
    """Rules without an answer, then feeds that never delivered or that no rule looked at."""
    found = [
        Unchecked(sheet.title, line.sentence, line.rule_id, _why(line))
        for sheet in sheets
        for line in sheet.lines
        if line.status == "not_checked"
    ]
    texts, judged = all_texts(), {sheet.scope for sheet in sheets if sheet.lines}
    for state in states:
        if state.feed.name not in judged:
            why = "text.no_result" if state.latest else "timeliness.missing"
            found.append(Unchecked(state.feed.title, texts["section.rules"], None, texts[why]))
    return tuple(found)


def _why(line: RuleLine) -> Words:
    why = "; ".join(line.reasons) or "—"
    return Words(why, why)
