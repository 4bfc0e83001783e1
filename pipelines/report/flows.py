"""Conservation: where the rows of every delivery went, and which deliveries did not simply take effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Final

from pipelines.contract.model import Contract
from pipelines.report.basics import Feed, Rows, added
from pipelines.report.model import Batch, Flow, FlowLine, Incident
from pipelines.report.names import (
    Sentences,
    codes_in,
    feed_of,
    hint_of,
    sentence_of,
    shown_facts,
    shown_folder,
)
from pipelines.report.queries import Facts, Row

ON_BECOMES: Final = {
    "accepted": "accepted",
    "refused": "refused",
    "replaced": "superseded",
    "withdrawn": "superseded",
}
"""What became of the rows that every stage let through, by the state of their batch."""
SPOKEN: Final = {"waiting": "PB-DL-018", "replaced": "PB-SQ-009", "withdrawn": "PB-SQ-009"}
"""The reason a batch is in that state; a refused one has the rules that stopped it."""


def rows_of(batch: Row, stages: list[Row]) -> Rows:
    """Rows of a batch over its stages, which come in the order they ran."""
    counts = {name: sum(stage[name] for stage in stages) for name in ("quarantined", "superseded", "refused")}
    on = stages[-1]["rows_on"] if stages else batch["rows_received"]
    place = ON_BECOMES.get(batch["status"], "pending")
    counts[place] = counts.get(place, 0) + on
    return Rows(received=batch["rows_received"], **counts)


def flows_of(batches: tuple[Batch, ...], deliveries: list[Row], feeds: list[Feed]) -> tuple[Flow, ...]:
    """One flow a feed that got something: its new batches and what was refused before it landed."""
    return tuple(flow for feed in feeds if (flow := _flow(feed, batches, deliveries)).lines)


def _flow(feed: Feed, batches: tuple[Batch, ...], deliveries: list[Row]) -> Flow:
    lines = [
        FlowLine(b.sequence, b.data_date, b.mode, b.status, b.rows)
        for b in batches
        if b.feed == feed.name and b.is_new
    ]
    lines += [_refused(d) for d in deliveries if d["feed"] == feed.name and d["outcome"] == "refused"]
    lines.sort(key=_place)
    return Flow(feed, added(line.rows for line in lines if line.rows), tuple(lines))


def _place(line: FlowLine) -> tuple[int, date, str]:
    return (line.sequence or 0, line.data_date or date.min, line.status)


def _refused(delivery: Row) -> FlowLine:
    stated = delivery["rows_received"]
    rows = None if stated is None else Rows(received=stated, refused=stated)
    place = (delivery["sequence"], delivery["data_date"], delivery["mode"])
    return FlowLine(*place, status="refused", rows=rows)


def incidents_of(
    batches: tuple[Batch, ...],
    facts: Facts,
    contracts: Mapping[str, Contract],
    rules: Sentences,
) -> tuple[Incident, ...]:
    """Deliveries refused or seen before, batches the gate stopped, those that wait or were replaced."""
    landed = {d["batch_id"]: d for d in facts.deliveries if d["outcome"] == "landed"}
    found = [_of_delivery(d, contracts) for d in facts.deliveries if d["outcome"] != "landed"]
    for batch in batches:
        if batch.is_new and batch.status in ("refused", "waiting", "replaced", "withdrawn"):
            plain = _plain_incident(batch, landed.get(batch.batch_id), contracts)
            found.extend(_told(plain, code, rules) for code in _causes(batch, facts.rules))
    return tuple(sorted(found, key=lambda i: (i.feed.name, i.sequence or 0, i.outcome, i.code or "")))


def _causes(batch: Batch, rules: list[Row]) -> list[str]:
    """The rules that stopped a batch; for other states the one reason there is."""
    if batch.status in SPOKEN:
        return [SPOKEN[batch.status]]
    stopping = [
        row["rule_id"]
        for row in rules
        if row["subject"] == batch.batch_id and row["status"] == "failed" and _stops(row)
    ]
    return stopping or [batch.reason_code or "PB-DL-016"]


def _stops(rule: Row) -> bool:
    limit, examined = rule["reject_at"], rule["examined"]
    if rule["severity"] != "reject_batch" or limit is None or not examined:
        return False
    return bool(rule["failed"] / examined > limit)


def _told(incident: Incident, code: str, rules: Sentences) -> Incident:
    return replace(incident, code=code, sentence=sentence_of(code, rules), hint=hint_of(code))


def _of_delivery(delivery: Row, contracts: Mapping[str, Contract]) -> Incident:
    plain = Incident(
        feed=feed_of(delivery["feed"], contracts),
        folder=shown_folder(delivery["folder"]),
        sequence=delivery["sequence"],
        data_date=delivery["data_date"],
        outcome=delivery["outcome"],
        facts=shown_facts(delivery["facts"] or {}, contracts.get(delivery["feed"])),
        seen_at=delivery["seen_at"],
    )
    notes = codes_in(delivery["notes"] or [])
    code = delivery["reason_code"] or next(iter(notes), None)
    return _told(plain, code, {}) if code else plain


def _plain_incident(batch: Batch, delivery: Row | None, contracts: Mapping[str, Contract]) -> Incident:
    return Incident(
        feed=feed_of(batch.feed, contracts),
        folder=shown_folder(delivery["folder"]) if delivery else None,
        sequence=batch.sequence,
        data_date=batch.data_date,
        outcome=batch.status,
        seen_at=delivery["seen_at"] if delivery else None,
    )
