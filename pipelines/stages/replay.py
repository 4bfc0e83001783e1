"""Replay: landed batches are read again from their delivered bytes, after a contract, code list or suite was mended.

This stage reads and marks them; standardise and validate do the rest as they do with any batch. Until a batch is
through, what was accepted of it before stays in effect.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from pipelines.contract.load import load_aliases, load_contracts
from pipelines.errors import DeliveryRefused, UsageError
from pipelines.intake.manifest import Manifest
from pipelines.reading import read_delivery, record_landed
from pipelines.settings import Settings
from pipelines.store import effect, ledger, redacting
from pipelines.store.database import open_database
from pipelines.store.lake import Lake
from pipelines.store.postgres import execute, fetch

if TYPE_CHECKING:
    from pipelines.contract.model import Contract
    from pipelines.store.postgres import Connection

_CHOSEN = """
select batch_id from ledger.batch as b
where status <> 'withdrawn'
    and data_date >= coalesce(%s, data_date)
    and batch_id = coalesce(%s, batch_id)
    and feed = coalesce(%s, feed)
    and not (status = 'refused' and exists (
        select from ledger.batch as o
        where o.feed = b.feed and o.position = b.position and o.arrival > b.arrival
            and o.status not in ('refused', 'withdrawn')))
order by feed, position, arrival
"""


def replay(
    settings: Settings,
    *,
    since: date | None = None,
    batch_id: str | None = None,
    feed: str | None = None,
    by: str = "operator",
    reason: str | None = None,
) -> dict[str, Any]:
    """Read the chosen batches again and mark them to be standardised and validated anew, under their old ids.

    Withdrawn batches are left alone, and refused ones whose place another delivery has taken since.

    Args:
        settings: where everything is.
        since: batches of this data date and later.
        batch_id: this batch.
        feed: batches of this feed.
        by: who asks.
        reason: why.

    Returns {"feeds": [names], "batches": [ids], "refused": [{"batch_id", "code"}]}; refused are those that cannot
    be read any more by what the contract says now.

    Raises:
        UsageError: when nothing was chosen, or no batch is like that.
    """
    if since is None and batch_id is None and feed is None:
        raise UsageError("which batches?", hint="--since DATE, --batch ID or --feed F")
    contracts = load_contracts(settings.contracts)
    with open_database(settings) as conn:
        chosen = _chosen(conn, since, batch_id, feed)
    done: dict[str, Any] = {"feeds": [], "batches": [], "refused": []}
    for one in chosen:
        with open_database(settings) as conn:
            batch = ledger.find_batch(conn, one)
            if batch.feed in contracts and batch.status != "withdrawn":
                _again(settings, conn, contracts[batch.feed], batch, done)
                _write_down(conn, batch, by, reason)
    done["feeds"] = sorted(set(done["feeds"]))
    return done


def _chosen(conn: Connection, since: date | None, batch_id: str | None, feed: str | None) -> list[str]:
    rows = fetch(conn, _CHOSEN, (since, batch_id, feed))
    if not rows:
        raise UsageError("no batch is like that", hint="popbase status --json lists what there is")
    return [row["batch_id"] for row in rows]


def _again(
    settings: Settings, conn: Connection, contract: Contract, batch: ledger.Batch, done: dict[str, Any]
) -> None:
    lake = Lake(settings.lake)
    done["feeds"].append(batch.feed)
    redacted = batch.batch_id in redacting.redacted(conn)
    for table in ("quality.quarantine", "ledger.conservation"):
        kept = " and stage <> 'land'" if redacted else ""
        execute(conn, f"delete from {table} where batch_id = %s{kept}", (batch.batch_id,))  # noqa: S608 - names above
    if redacted:
        _mark(conn, batch, done)
        return
    try:
        manifest = Manifest.model_validate(batch.manifest)
        with lake.open_bytes(batch.content_sha256) as source:
            landed = read_delivery(
                lake, contract, manifest, source, batch.batch_id, load_aliases(settings.contracts)
            )
    except DeliveryRefused as refusal:
        rows = batch.rows_received
        ledger.record_conservation(conn, batch.batch_id, "land", ledger.Conservation(rows, 0, refused=rows))
        effect.refuse(conn, lake, contract, batch, refusal.code)
        done["refused"].append({"batch_id": batch.batch_id, "code": refusal.code})
        return
    record_landed(conn, batch.batch_id, landed)
    _mark(conn, batch, done)


def _mark(conn: Connection, batch: ledger.Batch, done: dict[str, Any]) -> None:
    """To be standardised; a delivery whose bytes went by order, from its rows as they were read."""
    if batch.status in ledger.ON_ITS_WAY:
        ledger.set_status(conn, batch.batch_id, "landed")
    else:
        ledger.change(conn, batch.batch_id, redo="landed")
    done["batches"].append(batch.batch_id)


def _write_down(conn: Connection, batch: ledger.Batch, by: str, reason: str | None) -> None:
    execute(
        conn,
        "insert into ledger.replay (batch_id, was, contract_sha256, suite_sha256, asked_by, reason)"
        " select batch_id, %s, contract_sha256, suite_sha256, %s, %s from ledger.batch where batch_id = %s",
        (batch.status, by, reason, batch.batch_id),
    )
