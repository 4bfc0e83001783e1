"""Standardise: from text as delivered to the standard columns, with a reason code for every fault of a value."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.contract.model import Contract
from pipelines.kernels.gazetteer import load_gazetteer
from pipelines.kernels.standard_rows import StandardRows, standard_rows
from pipelines.settings import Settings
from pipelines.store import ledger, redacting
from pipelines.store.database import open_database
from pipelines.store.lake import Lake
from pipelines.store.withholding import CODE, withheld_rows

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
    if waiting:
        with open_database(settings) as conn:
            redacting.destroy_bytes(conn, Lake(settings.lake))
    return done


def _standardise_one(settings: Settings, conn: Connection, contract: Contract, batch: ledger.Batch) -> int:
    started = time.monotonic()
    lake = Lake(settings.lake)
    raw = lake.read(f"raw/{batch.batch_id}")
    rows = _standard_rows(settings, contract, batch, raw)
    withheld = withheld_rows(settings, conn, contract, raw, rows.frame)
    if withheld:
        raw = raw.filter(~pl.col("row_number").is_in(withheld))
        rows = _standard_rows(settings, contract, batch, raw)
        _redact(conn, lake, batch, raw, withheld)
    frame, faults = rows.frame, rows.faults
    gone = _gone(conn, batch)
    lake.write(f"standard/{batch.batch_id}", frame)
    lake.write(f"faults/{batch.batch_id}", faults)
    aside = pl.concat([rows.quarantined, gone])
    counts = ledger.Conservation(
        raw.height + gone.height, frame.height, aside["row_number"].n_unique(), rows.superseded
    )
    ledger.record_conservation(conn, batch.batch_id, STAGE, counts)
    ledger.record_quarantine(conn, batch.batch_id, STAGE, aside)
    ledger.record_faults(conn, batch.batch_id, faults)
    ledger.set_status(conn, batch.batch_id, "standardised")
    ledger.record_time(conn, batch.batch_id, STAGE, time.monotonic() - started, raw.height)
    return frame.height


def _standard_rows(
    settings: Settings, contract: Contract, batch: ledger.Batch, raw: pl.DataFrame
) -> StandardRows:
    return standard_rows(
        raw,
        contract,
        mode=batch.mode,
        as_of=batch.data_date,
        code_lists=settings.code_lists,
        gazetteer=load_gazetteer(settings.gazetteer),
    )


def _redact(
    conn: Connection, lake: Lake, batch: ledger.Batch, stays: pl.DataFrame, withheld: list[int]
) -> None:
    """Keep the delivery's rows without those that are withheld by order; its bytes go after the commit."""
    name = f"raw/{batch.batch_id}"
    lake.write(name, stays)
    redacting.record(conn, batch.batch_id, withheld, redacting.file_sha256(lake.path(name)))


def _gone(conn: Connection, batch: ledger.Batch) -> pl.DataFrame:
    """Rows of the delivery that were erased by order, now or before: they are counted, not lost."""
    known = redacting.redacted(conn).get(batch.batch_id, {"row_numbers": []})
    numbers = pl.Series("row_number", known["row_numbers"], dtype=pl.Int32)
    return numbers.to_frame().with_columns(pl.lit(CODE).alias("code"))
