"""Standardise: from text as delivered to the standard columns, with a reason code for every fault of a value."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from pipelines.contract.model import Contract
from pipelines.kernels.gazetteer import load_gazetteer
from pipelines.kernels.standard_rows import standard_rows
from pipelines.settings import Settings
from pipelines.store import ledger
from pipelines.store.database import open_database
from pipelines.store.lake import Lake

if TYPE_CHECKING:
    from pipelines.store.postgres import Connection

STAGE = "standardise"


def standardise(settings: Settings, contract: Contract) -> dict[str, Any]:
    """Standardise every landed batch of the feed. Returns the batches' ids and their row counts."""
    done: dict[str, Any] = {"batches": {}}
    with open_database(settings) as conn:
        waiting = ledger.batches_with_status(conn, contract.feed, "landed")
    for batch in waiting:
        with open_database(settings) as conn:
            done["batches"][batch.batch_id] = _standardise_one(settings, conn, contract, batch)
    return done


def _standardise_one(settings: Settings, conn: Connection, contract: Contract, batch: ledger.Batch) -> int:
    started = time.monotonic()
    lake = Lake(settings.lake)
    raw = lake.read(f"raw/{batch.batch_id}")
    rows = standard_rows(
        raw,
        contract,
        mode=batch.mode,
        as_of=batch.data_date,
        code_lists=settings.code_lists,
        gazetteer=load_gazetteer(settings.gazetteer),
    )
    frame, faults = rows.frame, rows.faults
    lake.write(f"standard/{batch.batch_id}", frame)
    lake.write(f"faults/{batch.batch_id}", faults)
    counts = ledger.Conservation(
        raw.height, frame.height, rows.quarantined["row_number"].n_unique(), rows.superseded
    )
    ledger.record_conservation(conn, batch.batch_id, STAGE, counts)
    ledger.record_quarantine(conn, batch.batch_id, STAGE, rows.quarantined)
    ledger.record_faults(conn, batch.batch_id, faults)
    ledger.set_status(conn, batch.batch_id, "standardised")
    ledger.record_time(conn, batch.batch_id, STAGE, time.monotonic() - started, raw.height)
    return frame.height
