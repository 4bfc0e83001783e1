"""Findings that go back to their owners: what stands, what is mended. In the caller's transaction."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from pipelines.errors import PopbaseError
from pipelines.reasons import REASONS
from pipelines.store.audited import mark_of_audit
from pipelines.store.faults import standing_faults
from pipelines.store.postgres import copy_frame, execute, fetch
from pipelines.store.records import accepted_chain, current_records

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from pipelines.contract.model import Contract
    from pipelines.store.lake import Lake
    from pipelines.store.postgres import Connection

_REASONS_SAID = [
    {"code": r.code, "zh": r.zh, "en": r.en, "expected_zh": r.hint_zh, "expected_en": r.hint_en}
    for r in REASONS.values()
]
OPEN = ("raised", "marked", "verifying", "corrected", "rejected")
POPBASE = "popbase"
"""Who is named where a delivery, not a person, moved a finding on."""
_SAID = """
insert into feedback.sentence (code, zh, en, expected_zh, expected_en)
select * from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
on conflict (code) do update set zh = excluded.zh, en = excluded.en, expected_zh = excluded.expected_zh,
    expected_en = excluded.expected_en
where (sentence.zh, sentence.en, sentence.expected_zh, sentence.expected_en)
    is distinct from (excluded.zh, excluded.en, excluded.expected_zh, excluded.expected_en)
"""
_SAYING = ("code", "zh", "en", "expected_zh", "expected_en")
_INCOMING = """
create temp table standing (
    kind text, record_key text, column_name text, reason_codes text[], value text, batch_id text,
    row_number integer, seen_on date
) on commit drop
"""
_BACK = """
select f.finding_id, f.state from feedback.finding f join standing s using (record_key, column_name)
where f.feed = %s
    and (f.outcome = 'corrected' or (f.state = 'corrected' and f.batch_id <> s.batch_id))
"""
_GONE = """
select f.finding_id, f.state from feedback.finding f
where f.feed = %s and f.state <> 'closed' and not exists (
    select from standing s where s.record_key = f.record_key and s.column_name = f.column_name)
"""
_SEEN = """
update feedback.finding f
set kind = s.kind, reason_codes = s.reason_codes, value = s.value, batch_id = s.batch_id,
    row_number = s.row_number, last_seen = s.seen_on, first_seen = least(f.first_seen, s.seen_on)
from standing s
where f.feed = %s and f.record_key = s.record_key and f.column_name = s.column_name
    and (f.batch_id, f.row_number, f.reason_codes) is distinct from (s.batch_id, s.row_number, s.reason_codes)
"""
_NEW = """
with added as (
    insert into feedback.finding (department, feed, kind, record_key, column_name, reason_codes, value,
        batch_id, row_number, first_batch, first_seen, last_seen)
    select %s, %s, kind, record_key, column_name, reason_codes, value, batch_id, row_number, batch_id,
        seen_on, seen_on
    from standing order by batch_id, row_number, column_name
    on conflict (feed, record_key, column_name) do nothing
    returning finding_id
)
insert into feedback.event (finding_id, to_state, done_by)
select finding_id, 'raised', %s from added order by finding_id
"""


def settle(conn: Connection, lake: Lake, contract: Contract) -> bool:
    """Bring the findings of a feed up to its deliveries in effect; says whether there was anything to do.

    What a delivery in effect no longer says is closed as corrected; what was corrected and is said again by a
    later delivery is raised again. What the newest audit of the published tables found stands beside it. It depends on
    nothing but the deliveries in effect and that audit, so it may be repeated.
    """
    chain = accepted_chain(conn, contract.feed)
    mark = _mark(chain, mark_of_audit(conn, contract.feed))
    known = fetch(conn, "select chain from feedback.settled where feed = %s", (contract.feed,))
    if (known[0]["chain"] if known else _mark([])) == mark:
        return False
    try:
        state = current_records(lake, chain)
    except PopbaseError:  # batches of contracts that do not fit each other: findings stand until the replay
        return False
    execute(conn, "drop table if exists pg_temp.standing")
    execute(conn, _INCOMING)
    copy_frame(conn, "standing", standing_faults(conn, lake, chain, state))
    execute(conn, "create index on standing (record_key, column_name)")
    execute(conn, "analyze standing")
    _apply(conn, contract, last=max((b.data_date for b in chain), default=None))
    execute(conn, "drop table standing")
    execute(
        conn,
        "insert into feedback.settled (feed, chain) values (%s, %s)"
        " on conflict (feed) do update set chain = excluded.chain, settled_at = now()",
        (contract.feed, mark),
    )
    return True


def record_sentences(conn: Connection, rules: Sequence[Mapping[str, str]]) -> None:
    """Write down what the reason codes and these rules mean: code, zh, en, expected_zh, expected_en."""
    said = sorted([*_REASONS_SAID, *rules], key=lambda one: one["code"])
    execute(conn, _SAID, [[one[name] for one in said] for name in _SAYING])


def sentences(conn: Connection) -> dict[str, dict[str, str]]:
    """What each code means, by code."""
    return {row["code"]: row for row in fetch(conn, "select * from feedback.sentence")}


def _mark(chain: Sequence[Any], audit: str = "") -> str:
    joined = "\n".join([f"{batch.batch_id} {batch.version}" for batch in chain] + ([audit] if audit else []))
    return hashlib.sha256(joined.encode()).hexdigest()


def _apply(conn: Connection, contract: Contract, last: date | None) -> None:
    back = [row["finding_id"] for row in fetch(conn, _BACK, (contract.feed,))]
    gone = [row["finding_id"] for row in fetch(conn, _GONE, (contract.feed,))]
    move(conn, back, "raised", by=POPBASE, remark="the fault was delivered again")
    execute(conn, _SEEN, (contract.feed,))
    execute(conn, _NEW, (contract.owner.department, contract.feed, POPBASE))
    move(conn, gone, "closed", by=POPBASE, outcome="corrected", on=last)


def move(
    conn: Connection,
    findings: Sequence[int],
    state: str,
    *,
    by: str,
    remark: str | None = None,
    outcome: str | None = None,
    on: date | None = None,
) -> None:
    """Move findings to a state and write down who did it; `on` is the day it is closed, or marked, or is due."""
    if not findings:
        return
    execute(
        conn,
        "insert into feedback.event (finding_id, from_state, to_state, done_by, remark)"
        " select finding_id, state, %s, %s, %s from feedback.finding where finding_id = any(%s) order by 1",
        (state, by, remark, list(findings)),
    )
    execute(
        conn,
        "update feedback.finding set outcome = %s, returns = returns + (%s = 'raised')::integer,"
        " closed_on = case when %s = 'closed' then coalesce(%s, current_date) end,"
        " marked_on = case when %s = 'raised' then null else marked_on end,"
        " due_on = case when %s = 'raised' then null else due_on end, state = %s where finding_id = any(%s)",
        (outcome, state, state, on, state, state, state, list(findings)),
    )


def mark_out(conn: Connection, findings: Sequence[int], *, by: str, on: date, due_on: date) -> None:
    """Raised findings were sent to their owner, who has until `due_on`."""
    move(conn, findings, "marked", by=by)
    execute(
        conn,
        "update feedback.finding set marked_on = %s, due_on = %s where finding_id = any(%s)",
        (on, due_on, list(findings)),
    )


def open_findings(conn: Connection, department: str) -> list[dict[str, Any]]:
    """Findings of a department that are not closed, in the order of their numbers."""
    sql = (
        "select finding_id, feed, kind, column_name, reason_codes, value, batch_id, row_number, record_key,"
        " first_seen, last_seen, state, due_on from feedback.finding"
        " where department = %s and state <> 'closed' order by feed, batch_id, row_number, finding_id"
    )
    return fetch(conn, sql, (department,))


def known_findings(conn: Connection, numbers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Owner and state of findings by their numbers."""
    sql = "select finding_id, department, state from feedback.finding where finding_id = any(%s)"
    return {row["finding_id"]: row for row in fetch(conn, sql, (list(numbers),))}


def work_lists(conn: Connection, today: date) -> list[dict[str, Any]]:
    """Counts by department and feed: raised, marked, …, closed, overdue; no value of a person."""
    sql = (
        "select department, feed, count(*) filter (where state = 'raised') as raised,"
        " count(*) filter (where state = 'marked') as marked,"
        " count(*) filter (where state = 'verifying') as verifying,"
        " count(*) filter (where state = 'corrected') as corrected,"
        " count(*) filter (where state = 'rejected') as rejected,"
        " count(*) filter (where state = 'closed') as closed,"
        " count(*) filter (where state in ('marked', 'verifying') and due_on < %s) as overdue,"
        " min(due_on) filter (where state in ('marked', 'verifying')) as next_due"
        " from feedback.finding group by department, feed order by department, feed"
    )
    return fetch(conn, sql, (today,))


def record_exchange(conn: Connection, **facts: Any) -> None:
    """Write down a feedback file given out or an answer taken in; keys are columns of feedback.exchange."""
    names, places = ", ".join(facts), ", ".join(["%s"] * len(facts))
    sql = f"insert into feedback.exchange ({names}) values ({places})"  # noqa: S608 - names from code
    execute(conn, sql, tuple(facts.values()))
