"""Validate: what must be true of a batch, by its suite; the gate; the batch takes effect when it is its turn."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.code import code_sha256
from pipelines.contract.model import Contract
from pipelines.kernels.drift import profile_of, with_limits
from pipelines.kernels.schema_drift import REFUSED, RETYPED, met_with, retyped
from pipelines.kernels.standard_rows import judged_rows
from pipelines.reading import contract_sha256
from pipelines.reasons import REASONS
from pipelines.settings import Settings
from pipelines.store import effect, feedback, ledger, signing
from pipelines.store.database import open_database
from pipelines.store.findings import (
    past_profiles,
    record_overlap,
    record_profile,
    record_retyped,
    record_rule_results,
    record_verdict,
    usual_shares,
)
from pipelines.store.lake import Lake

if TYPE_CHECKING:
    from pipelines.quality.gate import Verdict
    from pipelines.quality.outcome import Outcome
    from pipelines.quality.suite import Suite
    from pipelines.store.postgres import Connection

STAGE = "validate"
NOTES = [code for code, reason in REASONS.items() if reason.severity == "note"]
DRIFTS = {"rows": "PB-DR-001", "blank": "PB-DR-002", "share": "PB-DR-003"}


@dataclass(frozen=True)
class Rules:
    """What a batch is judged by, and the hashes of it."""

    suite: Suite
    suite_sha256: str
    contract_sha256: str


def validate(settings: Settings, contract: Contract) -> dict[str, Any]:
    """Validate every standardised batch of the feed, in order, and let what passed take its turn.

    Returns {"accepted": [ids], "refused": [{"batch_id", "code"}], "waiting": [ids]}; waiting are those a person
    is to decide now, whenever they came.
    """
    outcome: dict[str, Any] = {"accepted": [], "refused": [], "waiting": []}
    with open_database(settings) as conn:
        batches = ledger.batches_with_status(conn, contract.feed, "standardised")
    rules = _rules(settings, contract) if batches else None
    for batch in batches:
        with open_database(settings) as conn:
            ledger.lock_feed(conn, contract.feed)
            if rules is not None and batch in ledger.batches_with_status(conn, contract.feed, "standardised"):
                code = _validate_one(settings, conn, contract, batch, rules)
                _note_gate(outcome, batch, code)
                outcome["accepted"] += _accepted(effect.take_turns(conn, Lake(settings.lake), contract))
    with open_database(settings) as conn:
        ledger.lock_feed(conn, contract.feed)
        outcome["accepted"] += _accepted(effect.take_turns(conn, Lake(settings.lake), contract))
        feedback.settle(conn, Lake(settings.lake), contract)
        outcome["waiting"] = [b.batch_id for b in ledger.batches(conn, contract.feed, ("waiting",))]
    return outcome


def _note_gate(outcome: dict[str, Any], batch: ledger.Batch, code: str | None) -> None:
    """A batch that did not pass; or one in effect that was done again, and stays so."""
    if code is not None:
        outcome["refused"].append({"batch_id": batch.batch_id, "code": code})
    elif batch.status == "accepted":
        outcome["accepted"].append(batch.batch_id)


def _accepted(decided: dict[str, str]) -> list[str]:
    return [batch_id for batch_id, status in decided.items() if status == "accepted"]


def _rules(settings: Settings, contract: Contract) -> Rules:
    from pipelines.quality.suite import load_suite  # noqa: PLC0415 - only when there is work

    path = settings.expectations / f"{contract.feed}.yml"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Rules(load_suite(path), digest, contract_sha256(contract, settings.contracts))


def _validate_one(
    settings: Settings, conn: Connection, contract: Contract, batch: ledger.Batch, rules: Rules
) -> str | None:
    """Judge a batch, let it pass its gate or not, and write down what was found; why it was refused, or None."""
    from pipelines.quality.gate import judge, quarantined, refusal, reserve  # noqa: PLC0415 - Great Expectations is dear
    from pipelines.quality.rows import as_rows  # noqa: PLC0415
    from pipelines.quality.run import validate_frame  # noqa: PLC0415

    started = time.monotonic()
    lake = Lake(settings.lake)
    frame = lake.read(f"standard/{batch.batch_id}")
    judged = judged_rows(frame)
    outcome = validate_frame(judged, rules.suite, today=batch.data_date)
    usual = usual_shares(conn, batch.feed, batch.position)
    verdict = _waived(conn, batch, judge(outcome, usual, judged_from=contract.thresholds.judged_from))
    changed = [*ledger.header_codes(conn, batch.batch_id), *_retyped(conn, lake, batch, frame, contract)]
    verdict = reserve(verdict, met_with(contract, changed, "reserve"))
    verdict = reserve(verdict, drift_of(conn, contract, batch, judged))
    aside = quarantined(outcome).select("row_number", pl.col("rule_id").alias("code"))
    accepted = frame.join(aside.select("row_number"), on="row_number", how="anti", maintain_order="left")
    record_rule_results(conn, batch.batch_id, as_rows(outcome, usual))
    _report(conn, batch, outcome, verdict, rules.suite_sha256)
    ledger.record_quarantine(conn, batch.batch_id, STAGE, aside)
    told = lake.read(f"faults/{batch.batch_id}").filter(~pl.col("code").is_in(NOTES))
    record_overlap(conn, batch.batch_id, told)
    rows_aside = ledger.quarantined_rows(conn, batch.batch_id)
    code = refusal(contract.thresholds, verdict, batch.rows_received, rows_aside)
    code = code or (REFUSED if RETYPED in met_with(contract, changed, "refuse") else None)
    _conserve(conn, batch, code, frame.height, accepted.height)
    lake.write(f"accepted/{batch.batch_id}", accepted)
    _tell(conn, lake, contract, batch, outcome, rules)
    _pass_gate(conn, lake, contract, batch, code, rules)
    ledger.record_time(conn, batch.batch_id, STAGE, time.monotonic() - started, frame.height)
    return code


def _tell(
    conn: Connection, lake: Lake, contract: Contract, batch: ledger.Batch, outcome: Outcome, rules: Rules
) -> None:
    """Keep the failing rows with `column_name`: what their rule judged, or null where rows are no findings."""
    from pipelines.quality.telling import sentences, told_columns  # noqa: PLC0415

    feedback.record_sentences(conn, sentences(rules.suite, {column.name for column in contract.columns}))
    columns = list(told_columns(rules.suite, contract).items())
    told = pl.DataFrame(columns, schema={"rule_id": pl.String, "column_name": pl.String}, orient="row")
    failing = outcome.failing.join(told, on="rule_id", how="left", maintain_order="left")
    lake.write(f"failing/{batch.batch_id}", failing)


def _retyped(
    conn: Connection, lake: Lake, batch: ledger.Batch, frame: pl.DataFrame, contract: Contract
) -> list[str]:
    found = retyped(frame, lake.read(f"faults/{batch.batch_id}"), contract)
    record_retyped(conn, batch.batch_id, found)
    return [RETYPED] if found else []


def drift_of(conn: Connection, contract: Contract, batch: ledger.Batch, judged: pl.DataFrame) -> list[str]:
    """Write down the delivery's profile; the reason codes of what lies outside its control limits."""
    past = past_profiles(conn, batch.feed, batch.mode, batch.position)
    profile = with_limits(profile_of(judged, contract), past, judged_from=contract.thresholds.judged_from)
    record_profile(conn, batch.batch_id, profile)
    outside = set(profile.filter(pl.col("is_outside"))["measure"])
    return [code for measure, code in DRIFTS.items() if measure in outside]


def _waived(conn: Connection, batch: ledger.Batch, verdict: Verdict) -> Verdict:
    """The verdict after the waivers in force on the delivery's data date, and which of them were used."""
    from pipelines.quality.waiving import waive  # noqa: PLC0415

    known = signing.waivers(conn, batch.feed, batch.data_date)
    used = set(verdict.stopped_by) & known.keys()
    signing.record_waived(conn, batch.batch_id, known, used)
    return waive(verdict, used)


def _pass_gate(
    conn: Connection, lake: Lake, contract: Contract, batch: ledger.Batch, code: str | None, rules: Rules
) -> None:
    """Refused by the gate; else into the queue, or where it was already when it is done again."""
    judged: dict[str, Any] = {"suite_sha256": rules.suite_sha256, "contract_sha256": rules.contract_sha256}
    judged |= {"version": batch.version + 1, "redo": None, "reason_code": None}
    ledger.change(conn, batch.batch_id, **judged)
    if code is not None:
        effect.refuse(conn, lake, contract, batch, code)
    elif batch.status in ("accepted", "replaced"):
        effect.note_flags(conn, lake, contract, batch.position)
    else:
        effect.queue(conn, batch)


def _conserve(conn: Connection, batch: ledger.Batch, code: str | None, rows: int, accepted: int) -> None:
    refused = code is not None
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
    reasons = [reason.rule_id for reason in verdict.reasons]
    record_verdict(
        conn,
        batch.batch_id,
        verdict.decision,
        reasons,
        suite_sha256=suite_sha256,
        code_sha256=code_sha256(),
        document=outcome.document,
    )
