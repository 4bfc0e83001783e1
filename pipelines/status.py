"""`popbase status`: how every feed stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.contract.load import load_contracts
from pipelines.store.database import open_database
from pipelines.store.postgres import fetch
from pipelines.store.publication import pointer

if TYPE_CHECKING:
    from pipelines.settings import Settings

_STATES = """
select b.feed,
       max(b.data_date) filter (where b.status = 'accepted') as data_date,
       max(b.sequence) filter (where b.status = 'accepted') as sequence,
       sum(c.rows_on) filter (where b.status = 'accepted') as rows_on,
       count(*) filter (where b.status = 'waiting') as waiting,
       count(*) filter (where b.status = 'refused') as refused
from ledger.batch b left join ledger.conservation c on c.batch_id = b.batch_id and c.stage = 'validate'
group by b.feed
"""
_REFUSED = "select feed, count(*) as refused from ledger.delivery where outcome = 'refused' group by feed"


def feed_states(settings: Settings) -> dict[str, Any]:
    """{"publication": n, "feeds": [{feed, data_date, sequence, rows_on, waiting, refused}]}; one a contract."""
    with open_database(settings) as conn:
        states = {row["feed"]: row for row in fetch(conn, _STATES)}
        refused = {row["feed"]: row["refused"] for row in fetch(conn, _REFUSED)}
        current = pointer(conn)
    blank = {"data_date": None, "sequence": None, "rows_on": None, "waiting": 0, "refused": 0}
    feeds = [{"feed": feed} | blank | states.get(feed, {}) for feed in load_contracts(settings.contracts)]
    for state in feeds:
        state["refused"] += refused.get(state["feed"], 0)
    return {"publication": current, "feeds": feeds}


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
