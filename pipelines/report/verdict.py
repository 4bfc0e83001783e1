"""The report's verdict: released, released with reservations, or stopped, and why.

It judges nothing anew. It gathers what the gate, the audit, the ledger and the calendar already
said into sentences, each pointing at the part of the report that shows it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from pipelines.report.basics import Decision, Fact, Level, Words
from pipelines.report.checks import QuarantineLine, RuleSheet
from pipelines.report.model import ConflictLine, FeedState, Flow, Incident, Publication, Remark

STOPPING: Final = {"refused": "refused", "withdrawn": "withdrawn"}
LEVELS: Final = ("stop", "reservations", "note")


def decision_of(remarks: tuple[Remark, ...]) -> Decision:
    """The gravest level among the remarks."""
    levels = {remark.level for remark in remarks}
    if "stop" in levels:
        return "stop"
    return "reservations" if "reservations" in levels else "release"


def remarks_of(
    publication: Publication,
    feeds: tuple[FeedState, ...],
    flows: tuple[Flow, ...],
    incidents: tuple[Incident, ...],
    sheets: tuple[RuleSheet, ...],
    audit: tuple[RuleSheet, ...],
) -> tuple[Remark, ...]:
    """What stops or qualifies the publication, the gravest first."""
    remarks = [
        *_on_publication(publication),
        *_on_audit(audit),
        *_on_flows(flows),
        *_on_feeds(feeds),
        *_on_incidents(incidents),
        *_on_sheets(sheets),
        *_on_unchecked((*sheets, *audit)),
    ]
    return tuple(sorted(remarks, key=lambda remark: LEVELS.index(remark.level)))


def _on_publication(publication: Publication) -> Iterator[Remark]:
    if publication.number is None:
        yield Remark("stop", "unstaged", "audit")
        return
    number = {"number": publication.number}
    state = publication.state or ""
    if state in STOPPING:
        yield Remark("stop", STOPPING[state], "audit", number)
    if state == "staged":
        yield Remark("reservations", "waiting_publication", "audit", number)


def _on_audit(audit: tuple[RuleSheet, ...]) -> Iterator[Remark]:
    for sheet in audit:
        facts: dict[str, Fact] = {"table": sheet.title, "failed": sheet.count("failed")}
        if sheet.decision == "stop":
            yield Remark("stop", "audit_stop", "audit", facts)
        if sheet.decision == "reservations":
            yield Remark("reservations", "audit_reservations", "audit", facts)


def _on_flows(flows: tuple[Flow, ...]) -> Iterator[Remark]:
    for flow in flows:
        if not flow.total.is_balanced:
            lost = flow.total.received - flow.total.accounted
            yield Remark("stop", "unbalanced", "conservation", {"feed": flow.feed.title, "rows": lost})


def _on_feeds(feeds: tuple[FeedState, ...]) -> Iterator[Remark]:
    never = [(state.feed.title, None) for state in feeds if state.latest is None]
    yield from _listed("reservations", "never_delivered", "feeds", never)
    for state in feeds:
        if state.latest is not None and state.is_stale:
            facts: dict[str, Fact] = {
                "feed": state.feed.title,
                "date": state.latest.data_date,
                "days": state.lag_days or 0,
            }
            yield Remark("reservations", "stale", "feeds", facts)
    gaps = [(state.feed.title, None) for state in feeds if state.has_gap]
    yield from _listed("reservations", "gap", "feeds", gaps)


def _on_incidents(incidents: tuple[Incident, ...]) -> Iterator[Remark]:
    for outcome in ("refused", "waiting", "redelivered"):
        hit = {(i.feed.name, i.sequence, i.folder): i.feed for i in incidents if i.outcome == outcome}
        counts = Counter(feed.title for feed in hit.values())
        level: Level = "note" if outcome == "redelivered" else "reservations"
        yield from _listed(level, f"{outcome}_delivery", "deliveries", list(counts.items()))


def _on_sheets(sheets: tuple[RuleSheet, ...]) -> Iterator[Remark]:
    hit = [(s.title, s.count("failed")) for s in sheets if s.decision == "reservations"]
    yield from _listed("reservations", "feed_reservations", "rules", hit)
    stopped = [(s.title, s.count("failed")) for s in sheets if s.decision == "stop"]
    yield from _listed("reservations", "feed_stop", "rules", stopped)


def _listed(
    level: Level, key: str, anchor: str, feeds: Sequence[tuple[Words, int | None]]
) -> Iterator[Remark]:
    """One remark for all the feeds it concerns; none when there are none."""
    if feeds:
        yield Remark(level, key, anchor, {"feeds": tuple(feeds), "number": len(feeds)})


def _on_unchecked(sheets: tuple[RuleSheet, ...]) -> Iterator[Remark]:
    rules = sum(sheet.count("not_checked") for sheet in sheets)
    if rules:
        yield Remark("reservations", "not_checked", "unchecked", {"rules": rules})


def notes_of(
    quarantine: tuple[QuarantineLine, ...], conflicts: tuple[ConflictLine, ...]
) -> tuple[Remark, ...]:
    """What readers should know and nobody has to mind."""
    notes = []
    if conflicts:
        cases = sum(line.cases for line in conflicts)
        notes.append(Remark("note", "conflicts", "conflicts", {"cases": cases}))
    if quarantine:
        feeds = len({line.feed.name for line in quarantine})
        notes.append(Remark("note", "quarantined", "quarantine", {"feeds": feeds}))
    return tuple(notes)
