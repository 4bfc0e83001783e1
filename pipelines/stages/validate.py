"""Validate: what must be true of a batch, by its suite; the gate; the batch takes effect when it is its turn."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.contract.model import Contract
from pipelines.reading import contract_sha256
from pipelines.settings import Settings
from pipelines.store import effect, ledger
from pipelines.store.database import open_database
from pipelines.store.findings import record_rule_results, record_verdict
from pipelines.store.lake import Lake

if TYPE_CHECKING:
    from pipelines.quality.gate import Verdict
    from pipelines.quality.outcome import Outcome
    from pipelines.quality.suite import Suite
    from pipelines.store.postgres import Connection

STAGE = "validate"
BEYOND_LIMIT = "PB-DL-016"


@dataclass(frozen=True)
class Rules:
    """What a batch is judged by, and the hashes of it."""

    suite: Suite
    suite_sha256: str
    contract_sha256: str


def validate(settings: Settings, contract: Contract) -> dict[str, Any]:
    """Validate every standardised batch of the feed, in order, and let what passed take its turn.

    Returns {"accepted": [ids], "refused": [ids], "waiting": [ids]}; waiting are those a person is to decide
    now, whenever they came.
    """
    outcome: dict[str, Any] = {"accepted": [], "refused": [], "waiting": []}
    with open_database(settings) as conn:
        batches = ledger.batches_with_status(conn, contract.feed, "standardised")
    rules = _rules(settings, contract) if batches else None
    for batch in batches:
        with open_database(settings) as conn:
            ledger.lock_feed(conn, contract.feed)
            if rules is not None and batch in ledger.batches_with_status(conn, contract.feed, "standardised"):
                status = _validate_one(settings, conn, contract, batch, rules)
                _tell(outcome, {batch.batch_id: status})
                _tell(outcome, effect.take_turns(conn, Lake(settings.lake), contract))
    with open_database(settings) as conn:
        ledger.lock_feed(conn, contract.feed)
        _tell(outcome, effect.take_turns(conn, Lake(settings.lake), contract))
        outcome["waiting"] = [b.batch_id for b in ledger.batches(conn, contract.feed, ("waiting",))]
    return outcome


def _tell(outcome: dict[str, Any], decided: dict[str, str]) -> None:
    for batch_id, status in decided.items():
        if status in ("accepted", "refused"):
            outcome[status].append(batch_id)


def _rules(settings: Settings, contract: Contract) -> Rules:
    from pipelines.quality.suite import load_suite  # noqa: PLC0415 - only when there is work

    path = settings.expectations / f"{contract.feed}.yml"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Rules(load_suite(path), digest, contract_sha256(contract, settings.contracts))


def _validate_one(
    settings: Settings, conn: Connection, contract: Contract, batch: ledger.Batch, rules: Rules
) -> str:
    """The batch's state after its gate: refused, queued, or what it was where it is done again."""
    from pipelines.quality.gate import judge, quarantined  # noqa: PLC0415 - Great Expectations is dear
    from pipelines.quality.run import validate_frame  # noqa: PLC0415

    started = time.monotonic()
    lake = Lake(settings.lake)
    frame = lake.read(f"standard/{batch.batch_id}")
    judged = frame.filter(pl.col("operation") != "D").select(pl.exclude("^raw\\..*$"))
    outcome = validate_frame(judged, rules.suite, today=batch.data_date)
    verdict = judge(outcome)
    aside = quarantined(outcome).select("row_number", pl.col("rule_id").alias("code"))
    accepted = frame.join(aside.select("row_number"), on="row_number", how="anti", maintain_order="left")
    _report(conn, batch, outcome, verdict, rules.suite_sha256)
    _conserve(conn, batch, verdict, frame.height, accepted.height)
    ledger.record_quarantine(conn, batch.batch_id, STAGE, aside)
    lake.write(f"accepted/{batch.batch_id}", accepted)
    status = _pass_gate(conn, lake, contract, batch, verdict, rules)
    ledger.record_time(conn, batch.batch_id, STAGE, time.monotonic() - started, frame.height)
    return status


def _pass_gate(
    conn: Connection, lake: Lake, contract: Contract, batch: ledger.Batch, verdict: Verdict, rules: Rules
) -> str:
    """Refused by the gate; else into the queue, or where it was already when it is done again."""
    judged: dict[str, Any] = {"suite_sha256": rules.suite_sha256, "contract_sha256": rules.contract_sha256}
    judged |= {"version": batch.version + 1, "redo": None, "reason_code": None}
    ledger.change(conn, batch.batch_id, **judged)
    if verdict.decision == "stop":
        effect.refuse(conn, lake, contract, batch, BEYOND_LIMIT)
        return "refused"
    if batch.status in ("accepted", "replaced"):
        effect.note_flags(conn, lake, contract, batch.position)
        return batch.status
    effect.queue(conn, batch)
    return "queued"


def _conserve(conn: Connection, batch: ledger.Batch, verdict: Verdict, rows: int, accepted: int) -> None:
    refused = verdict.decision == "stop"
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
