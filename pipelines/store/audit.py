"""The audit chain: what happened, in one order, each event holding the hash of the one before it.

Triggers write an event for every change of the tables in `WATCHED`; `record` is for what leaves no row. Both are
written in the transaction of their effect and chained when it commits, see sql/152_audit.sql. Whoever may write to
the database can forge what came after the newest certificate, which holds the head of the chain; not what came before.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pipelines.store.postgres import execute, fetch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from pipelines.store.postgres import Connection

WATCHED: Final[Mapping[str, tuple[str, str]]] = {
    "delivery": ("ledger.delivery", "delivery_id"),
    "batch": ("ledger.batch", "batch_id"),
    "judged": ("quality.verdict", "subject"),
    "withdrawn": ("ledger.withdrawal", "withdrawal_id"),
    "replayed": ("ledger.replay", "replay_id"),
    "approved": ("ledger.approval", "approval_id"),
    "signed": ("ledger.signature", "signature_id"),
    "waiver": ("quality.waiver", "waiver_id"),
    "unmasked": ("ledger.unmasking", "unmasking_id"),
    "exported": ("ledger.export", "export_id"),
    "erased": ("ledger.erasure", "erasure_id"),
    "person_erased": ("ledger.person_erasure", "erasure_id"),
    "redacted": ("ledger.redaction", "batch_id"),
    "withheld": ("ledger.withheld", "key_hmac"),
    "judgement": ("resolution.judgement", "judgement_id"),
    "judgement_undone": ("resolution.judgement_undo", "undo_id"),
    "drawn": ("resolution.review_sample", "sample_id"),
    "number_change": ("resolution.number_change", "change_id"),
    "persons": ("resolution.event", "event_id"),
    "cause": ("resolution.event_cause", "event_id"),
    "exchanged": ("feedback.exchange", "exchange_id"),
    "run": ("ledger.run", "run_id"),
    "publication": ("publication.publication", "number"),
    "moved": ("publication.movement", "movement_id"),
    "certified": ("publication.certificate", "number"),
    "amended": ("publication.amendment", "amendment_id"),
}
"""By kind of event: the table whose rows it follows, and the column that numbers them."""
_EVENTS: Final = """
select entry, position, happened_at, (extract(epoch from happened_at) * 1000000)::bigint as micros,
    kind, subject, actor, facts::text as facts, previous, sha256
from audit.event
"""
_ROWS: Final = """
select count(*) as others, min(coalesce(last.subject, now.subject)) as first from (
    select distinct on (subject) subject, facts ->> 'row' as row
    from audit.event where kind = %s order by subject, position desc
) as last full join (
    select {key}::text as subject, encode(sha256(convert_to(rtrim(t::text, ',)'), 'UTF8')), 'hex') as row
    from {table} as t
) as now using (subject)
where last.row is distinct from now.row
"""
_RULES: Final = """
select count(*) as others, min(subject) as first from (
    select distinct on (subject) subject, facts ->> 'rules' as rules, facts ? 'stood_before' as is_older
    from audit.event where kind = 'judged' order by subject, position desc
) as last full join (
    select subject, encode(sha256(string_agg(h, ''::bytea order by h)), 'hex') as rules from (
        select subject, sha256(convert_to(rtrim(r::text, ',)'), 'UTF8')) as h from quality.rule_result as r
    ) as hashed group by subject
) as now using (subject)
where last.rules is distinct from now.rules and last.is_older is not true
"""


@dataclass(frozen=True)
class Event:
    """Something that happened.

    Attributes:
        kind: what, one word.
        subject: to what: an id, never a value of a person.
        actor: who did it.
        facts: codes, counts and hashes.
    """

    kind: str
    subject: str
    actor: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def record(conn: Connection, event: Event) -> None:
    """Add an event; it takes its place in the chain when the transaction commits."""
    sql = "insert into audit.event (kind, subject, actor, facts) values (%s, %s, %s, %s)"
    facts = json.dumps(dict(event.facts), ensure_ascii=False)
    execute(conn, sql, (event.kind, event.subject, event.actor, facts))


def head(conn: Connection, position: int | None = None) -> dict[str, Any]:
    """{"position", "sha256"} of the newest event, or of the one at that place; no hash where there is none.

    The transaction's own events are chained first, so that its certificate speaks of them.
    """
    if position is None:
        execute(conn, "set constraints audit.event_is_chained immediate")
        execute(conn, "set constraints audit.event_is_chained deferred")
    sql = (
        "select position, sha256 from audit.event where position = coalesce(%s,"
        " (select max(position) from audit.event))"
    )
    rows = fetch(conn, sql, (position,))
    return rows[0] if rows else {"position": position or 0, "sha256": None}


def events(conn: Connection, since: datetime | None = None) -> list[dict[str, Any]]:
    """Events in order, from a moment on; facts are decoded."""
    sql = f"{_EVENTS} where happened_at >= coalesce(%s, happened_at) order by position"
    rows = fetch(conn, sql, (since,))
    return [{**row, "facts": json.loads(row["facts"])} for row in rows]


def faults(conn: Connection) -> Iterator[tuple[str, str | None]]:
    """Whether the chain is whole, and whether the watched tables are what it says; each check by name."""
    yield "audit chain", _chain_fault(fetch(conn, f"{_EVENTS} order by position"))
    for kind, (table, key) in WATCHED.items():
        rows = fetch(conn, _ROWS.format(table=table, key=key), (kind,))
        yield f"audited {table}", _told(rows[0], table)
    yield "audited quality.rule_result", _told(fetch(conn, _RULES)[0], "quality.rule_result")


def _told(row: dict[str, Any], table: str) -> str | None:
    if not row["others"]:
        return None
    return f"{row['others']} rows of {table} were changed past the audit chain, the first {row['first']}"


def _chain_fault(chain: list[dict[str, Any]]) -> str | None:
    before: str | None = None
    for place, row in enumerate(chain, 1):
        if row["position"] != place:
            return f"event {place} is gone, or there twice"
        if row["previous"] != before or row["sha256"] != _hash_of(row):
            return f"event {place} is not as it was written"
        before = row["sha256"]
    return None


def _hash_of(row: Mapping[str, Any]) -> str:
    """As audit.chain() makes it, without asking the server."""
    told = (
        row["entry"], row["position"], row["previous"] or "", row["micros"], row["kind"], row["subject"],
        row["actor"], row["facts"],
    )  # fmt: skip
    return hashlib.sha256("\x1f".join(map(str, told)).encode()).hexdigest()
