"""`popbase status`: how every feed stands, and what is expected of it."""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

from pipelines.contract.load import load_contracts
from pipelines.errors import UsageError
from pipelines.reasons import REASONS
from pipelines.store import feedback, ledger
from pipelines.store.backing_up import bases_of
from pipelines.store.backup_folder import backup_of
from pipelines.store.database import open_database
from pipelines.store.lake import Lake
from pipelines.store.postgres import fetch
from pipelines.store.publication import pointer
from pipelines.store.records import accepted_chain, count_current

if TYPE_CHECKING:
    from pipelines.contract.model import Contract
    from pipelines.settings import Settings
    from pipelines.store.postgres import Connection

CHINA: Final = timezone(timedelta(hours=8))
MONTHS: Final = {"monthly": 1, "termly": 6}
GRACE: Final = {"daily": 3, "monthly": 10, "termly": 20}
"""Days after its data date within which a delivery is due before it is late."""

_RELEASED = """
select p.released_at from publication.pointer as c join publication.publication as p using (number)
"""
_REFUSALS = """
select feed, folder, sequence, reason_code as code, seen_at as at, null as batch_id
from ledger.delivery where outcome = 'refused' and feed = %s
union all
select feed, d.folder, b.sequence, b.reason_code, coalesce(v.judged_at, b.landed_at), b.batch_id
from ledger.batch as b
left join quality.verdict as v on v.subject = b.batch_id
left join lateral (
    select folder from ledger.delivery where batch_id = b.batch_id order by delivery_id desc limit 1) as d on true
where b.status = 'refused' and b.feed = %s
order by at desc
"""


def feed_states(settings: Settings, today: date | None = None) -> dict[str, Any]:
    """How every contract's feed stands.

    Args:
        settings: where everything is.
        today: the day to tell it for; by default the date in China.

    Returns {"publication": n, "released_at", "overdue": findings whose owner should have answered, "backed_up_at": of the
    newest base backup, "feeds": [{feed, data_date, sequence, records, expected, days_behind, state,
    waiting, queued, refusals, refused_last}]}. `expected` is the data date of the next delivery, `days_behind` how
    many days ago that was (0 when it is still to come), `state` is "on time", "due", "late" or, before the first
    delivery, "nothing yet"; `waiting` lists batches with their reason, `queued` counts those on their way or behind.
    """
    day = today or datetime.now(CHINA).date()
    with open_database(settings) as conn:
        feeds = [
            _state(conn, settings, contract, day) for contract in load_contracts(settings.contracts).values()
        ]
        return {"publication": pointer(conn), **_standing_office(conn, settings, day), "feeds": feeds}


def _standing_office(conn: Connection, settings: Settings, day: date) -> dict[str, Any]:
    released = fetch(conn, _RELEASED)
    folder = backup_of(settings.home)
    bases = bases_of(folder) if folder is not None else []
    return {
        "released_at": released[0]["released_at"] if released else None,
        "overdue": sum(row["overdue"] for row in feedback.work_lists(conn, day)),
        "backed_up_at": bases[-1].ended_at if bases else None,
    }


def _state(conn: Connection, settings: Settings, contract: Contract, today: date) -> dict[str, Any]:
    chain = accepted_chain(conn, contract.feed)
    undecided = ledger.batches(conn, contract.feed, ledger.UNDECIDED)
    refusals = fetch(conn, _REFUSALS, (contract.feed, contract.feed))
    last = max((batch.data_date for batch in chain), default=None)
    return {
        "feed": contract.feed,
        "cadence": contract.cadence,
        "data_date": last,
        "sequence": max((batch.sequence for batch in chain), default=None),
        "records": count_current(Lake(settings.lake), chain) if chain else None,
        **standing(contract.cadence, last, today),
        "waiting": [told("PB-DL-018", batch_id=b.batch_id) for b in undecided if b.status == "waiting"],
        "queued": sum(batch.status != "waiting" for batch in undecided),
        "refusals": len(refusals),
        "refused_last": told(**_plain(refusals[0])) if refusals else None,
    }


def _plain(refusal: dict[str, Any]) -> dict[str, Any]:
    return {name: refusal[name] for name in ("code", "folder", "sequence", "batch_id", "at")}


def told(code: str | None, **facts: Any) -> dict[str, Any]:
    """A reason with its sentences, and what it is about."""
    reason = REASONS.get(code or "")
    said = (
        {"zh": reason.zh, "en": reason.en, "hint_zh": reason.hint_zh, "hint_en": reason.hint_en}
        if reason
        else {}
    )
    return {"code": code, **said, **facts}


def standing(cadence: str, last: date | None, today: date) -> dict[str, Any]:
    """`expected`, `days_behind` and `state` of a feed whose last accepted data date is `last`."""
    if last is None:
        return {"expected": None, "days_behind": None, "state": "nothing yet"}
    expected = expected_after(cadence, last)
    behind = max(0, (today - expected).days)
    state = "late" if behind > GRACE[cadence] else "due" if behind else "on time"
    return {"expected": expected, "days_behind": behind, "state": state}


def expected_after(cadence: str, last: date) -> date:
    """Data date of the delivery after one of the date `last`; the end of a month is followed by ends of months."""
    if cadence not in MONTHS:
        return last + timedelta(days=1)
    months = last.year * 12 + last.month - 1 + MONTHS[cadence]
    year, month = divmod(months, 12)
    end = calendar.monthrange(year, month + 1)[1]
    was_end = last.day == calendar.monthrange(last.year, last.month)[1]
    return date(year, month + 1, end if was_end else min(last.day, end))


def quarantined_rows(settings: Settings, batch_ids: list[str]) -> int:
    """Rows of these batches that were set aside, over all stages."""
    sql = "select coalesce(sum(quarantined), 0) as rows from ledger.conservation where batch_id = any(%s)"
    with open_database(settings) as conn:
        return int(fetch(conn, sql, (batch_ids,))[0]["rows"])


def standing_publication(settings: Settings) -> dict[str, Any] | None:
    """Number, records and persons of the publication that readers see; None before the first."""
    sql = (
        "select p.number, r.records, r.persons from publication.pointer c"
        " join publication.publication p using (number) join ledger.run r using (run_id)"
    )
    with open_database(settings) as conn:
        rows = fetch(conn, sql)
    return rows[0] if rows else None


def failing_rows(settings: Settings, batch_id: str, rule: str | None = None) -> dict[str, list[int]]:
    """Row numbers of a judged delivery by the rule they break, as the very masks of its validation have them.

    Raises:
        UsageError: when there is no such delivery, or no rule looked at it yet.
    """
    with open_database(settings) as conn:
        known = fetch(conn, "select batch_id from ledger.batch where batch_id = %s", (batch_id,))
    lake = Lake(settings.lake)
    if not known or not lake.has(f"failing/{batch_id}"):
        raise UsageError(
            f"no rule looked at {batch_id!r} yet", hint="its page names a delivery; popbase replay"
        )
    found = lake.read(f"failing/{batch_id}").sort("rule_id", "row_number")
    grouped = found.group_by("rule_id", maintain_order=True).agg("row_number")
    return {name: rows for name, rows in grouped.iter_rows() if rule in (None, name)}
