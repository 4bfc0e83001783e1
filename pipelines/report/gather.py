"""From the ledger's rows to the report's model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from typing import Final

from pipelines.contract.model import Contract
from pipelines.report.basics import Feed, Words, added
from pipelines.report.decided import decided_of
from pipelines.report.flows import flows_of, incidents_of, rows_of
from pipelines.report.inputs import hashes_of, versions_of
from pipelines.report.lines import (
    changes_of,
    conflict_line,
    faults_of,
    quarantine_line,
    seconds_of,
    stage_rank,
)
from pipelines.report.linkage import quality_lines
from pipelines.report.model import Batch, Count, EventCount, FeedState, Past, Publication, Report, Signature
from pipelines.report.names import codes_in, feed_of, table_titles
from pipelines.report.queries import Facts, Row
from pipelines.report.rules import audit_of, feed_scores_of, scores_of, sheets_of, unchecked_of
from pipelines.report.site_rows import allowed
from pipelines.report.verdict import decision_of, notes_of, remarks_of

LATE_AFTER_DAYS: Final = {"daily": 3, "monthly": 40, "termly": 200}
"""Days behind the newest data date beyond which a feed of that cadence is stale."""


def report_of(facts: Facts, contracts: Mapping[str, Contract], made_at: datetime) -> Report:
    """The model of a report; a pure function of its arguments and of the installed versions."""
    batches = batches_of(facts)
    seen = {row["feed"] for row in (*facts.deliveries, *facts.batches)}
    feeds = [feed_of(name, contracts) for name in sorted({*contracts, *seen})]
    cut_off = max((batch.data_date for batch in batches if batch.is_used), default=None)
    states = tuple(_state(feed, batches, facts.deliveries, cut_off) for feed in feeds)
    flows = flows_of(batches, facts.deliveries, feeds)
    rules = {row["rule_id"]: Words(row["zh"], row["en"]) for row in facts.rules}
    incidents = incidents_of(batches, facts, contracts, rules)
    sheets = sheets_of(facts.rules, batches, feeds)
    verdicts = {row["subject"]: row for row in facts.verdicts}
    titles = table_titles(contracts)
    audit = audit_of(facts.rules, verdicts, facts.subject, titles)
    quarantine = tuple(quarantine_line(row, contracts, rules) for row in facts.quarantine)
    conflicts = tuple(conflict_line(row) for row in facts.conflicts)
    publication = _publication(facts.run)
    remarks = remarks_of(publication, states, flows, incidents, sheets, audit)
    remarks += notes_of(quarantine, conflicts)
    return Report(
        made_at=made_at,
        decision=decision_of(remarks),
        remarks=remarks,
        publication=publication,
        history=tuple(Past(**row) for row in facts.publications),
        cut_off=cut_off,
        deliveries=Counter(row["outcome"] for row in facts.deliveries),
        feeds=states,
        flows=flows,
        total=added(flow.total for flow in flows),
        incidents=incidents,
        sheets=sheets,
        scores=scores_of(line for sheet in sheets for line in sheet.lines),
        feed_scores=feed_scores_of(sheets, feeds),
        faults=faults_of(facts.faults, batches, contracts, rules),
        quarantine=quarantine,
        links=tuple(Count(row["method"], row["links"]) for row in facts.links),
        conflicts=conflicts,
        events=tuple(EventCount(row["kind"], row["cause"], row["events"]) for row in facts.events),
        changes=changes_of(facts.run, titles),
        decided=decided_of(facts.run),
        audit=audit,
        unchecked=unchecked_of((*sheets, *audit), states),
        seconds=seconds_of(facts.seconds),
        hashes=hashes_of(facts.run, batches, facts.verdicts),
        versions=versions_of(facts.run),
        quality=quality_lines(facts.quality, contracts),
        signatures=tuple(Signature(**allowed(row, None)) for row in facts.signatures),
    )


def batches_of(facts: Facts) -> tuple[Batch, ...]:
    """Batches with their rows by stage and the gate's decision."""
    verdicts = {row["subject"]: row for row in facts.verdicts}
    stages: dict[str, list[Row]] = {}
    for row in facts.conservation:
        stages.setdefault(row["batch_id"], []).append(row)
    for ran in stages.values():
        ran.sort(key=lambda row: stage_rank(row["stage"]))
    return tuple(
        _batch(row, stages.get(row["batch_id"], []), verdicts.get(row["batch_id"])) for row in facts.batches
    )


def _batch(row: Row, stages: list[Row], verdict: Row | None) -> Batch:
    own = {part.name for part in fields(Batch)} & row.keys()
    return Batch(
        rows=rows_of(row, stages),
        decision=verdict["decision"] if verdict else None,
        reasons=codes_in(verdict["reasons"]) if verdict else (),
        **{name: row[name] for name in own},
    )


def _publication(run: Row | None) -> Publication:
    if run is None:
        return Publication()
    return Publication(**{part.name: run[part.name] for part in fields(Publication)})


def _state(feed: Feed, batches: tuple[Batch, ...], deliveries: list[Row], cut_off: date | None) -> FeedState:
    mine = [batch for batch in batches if batch.feed == feed.name]
    latest = next((batch for batch in mine if batch.is_latest), None)
    lag = (cut_off - latest.data_date).days if latest and cut_off else None
    noted = [row for row in deliveries if row["feed"] == feed.name and row["outcome"] == "landed"]
    return FeedState(
        feed=feed,
        latest=latest,
        new_batches=sum(batch.is_new for batch in mine),
        lag_days=lag,
        limit_days=LATE_AFTER_DAYS.get(feed.cadence or ""),
        has_gap=any("PB-SQ-002" in codes_in(row["notes"] or []) for row in noted),
    )
