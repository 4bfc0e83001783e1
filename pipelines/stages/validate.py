"""Validate: what must be true of a batch, by its suite; the gate; the batch takes effect, or it does not."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.contract.model import Contract
from pipelines.kernels.current import operation_notes, removed_share
from pipelines.settings import Settings
from pipelines.store import ledger
from pipelines.store.database import open_database
from pipelines.store.findings import record_rule_results, record_verdict
from pipelines.store.lake import Lake
from pipelines.store.records import chain_before, current_records

if TYPE_CHECKING:
    from pipelines.quality.gate import Verdict
    from pipelines.quality.outcome import Outcome
    from pipelines.quality.suite import Suite
    from pipelines.store.postgres import Connection

STAGE = "validate"


def validate(settings: Settings, contract: Contract) -> dict[str, Any]:
    """Validate every standardised batch of the feed, in order.

    Returns {"accepted": [ids], "refused": [ids], "waiting": [ids]}.
    """
    outcome: dict[str, Any] = {"accepted": [], "refused": [], "waiting": []}
    with open_database(settings) as conn:
        batches = ledger.batches_with_status(conn, contract.feed, "standardised")
    if not batches:
        return outcome
    from pipelines.quality.suite import load_suite  # noqa: PLC0415 - only when there is work

    path = settings.expectations / f"{contract.feed}.yml"
    suite = load_suite(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    for batch in batches:
        with open_database(settings) as conn:
            status = _validate_one(settings, conn, contract, batch, suite, digest)
        outcome[status].append(batch.batch_id)
    return outcome


def _validate_one(
    settings: Settings,
    conn: Connection,
    contract: Contract,
    batch: ledger.Batch,
    suite: Suite,
    suite_sha256: str,
) -> str:
    from pipelines.quality.gate import judge, quarantined  # noqa: PLC0415 - Great Expectations is dear
    from pipelines.quality.run import validate_frame  # noqa: PLC0415

    started = time.monotonic()
    lake = Lake(settings.lake)
    frame = lake.read(f"standard/{batch.batch_id}")
    judged = frame.filter(pl.col("operation") != "D").select(pl.exclude("^raw\\..*$"))
    outcome = validate_frame(judged, suite, today=batch.data_date)
    verdict = judge(outcome)
    aside = quarantined(outcome).select("row_number", pl.col("rule_id").alias("code"))
    accepted = frame.join(aside.select("row_number"), on="row_number", how="anti", maintain_order="left")
    _report(conn, batch, outcome, verdict, suite_sha256)
    status = _status(conn, lake, contract, batch, verdict, accepted)
    _conserve(conn, batch, status, frame.height, accepted.height)
    ledger.record_quarantine(conn, batch.batch_id, STAGE, aside)
    lake.write(f"accepted/{batch.batch_id}", accepted)
    ledger.set_status(conn, batch.batch_id, status, suite_sha256=suite_sha256)
    ledger.record_time(conn, batch.batch_id, STAGE, time.monotonic() - started, frame.height)
    return status


def _status(
    conn: Connection,
    lake: Lake,
    contract: Contract,
    batch: ledger.Batch,
    verdict: Verdict,
    accepted: pl.DataFrame,
) -> str:
    """Refused by the gate; waiting where it would take away too much of the register; else accepted."""
    state = current_records(lake, chain_before(conn, batch.feed, batch.position))
    if batch.mode == "incremental":
        notes = operation_notes(state, accepted)
        ledger.add_fault_counts(conn, batch.batch_id, contract.delivery.operation_column, notes)
    if verdict.decision == "stop":
        return "refused"
    removed = removed_share(state, accepted) if batch.mode == "full" else 0.0
    return "waiting" if removed > contract.thresholds.removed else "accepted"


def _conserve(conn: Connection, batch: ledger.Batch, status: str, rows: int, accepted: int) -> None:
    refused = status == "refused"
    counts = ledger.Conservation(
        rows_in=rows,
        rows_on=0 if refused else accepted,
        quarantined=rows - accepted,
        refused=accepted if refused else 0,
    )
    ledger.record_conservation(conn, batch.batch_id, STAGE, counts)


def _report(
    conn: Connection, batch: ledger.Batch, outcome: Outcome, verdict: Verdict, suite_sha256: str
) -> None:
    from pipelines.quality.rows import as_rows  # noqa: PLC0415

    record_rule_results(conn, batch.batch_id, as_rows(outcome))
    reasons = [reason.rule_id for reason in verdict.reasons]
    record_verdict(
        conn,
        batch.batch_id,
        verdict.decision,
        reasons,
        suite_sha256=suite_sha256,
        document=outcome.document,
    )
