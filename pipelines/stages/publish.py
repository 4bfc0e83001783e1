"""Publish: stage beside what readers see, audit the staged state, release it by moving the pointer."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.code import code_sha256
from pipelines.contract.load import load_contracts
from pipelines.kernels.audited import AUDITED
from pipelines.policy import Release, load_release
from pipelines.settings import Settings
from pipelines.store import publication, runs, signing
from pipelines.store.audited import faults_of, record_audited
from pipelines.store.certificates import certify
from pipelines.store.database import open_database
from pipelines.store.feedback import record_sentences
from pipelines.store.findings import record_rule_results, record_verdict, usual_of_publications
from pipelines.store.golden import ensure_tables
from pipelines.store.lake import Lake
from pipelines.store.ledger import record_time
from pipelines.store.matrix import load_access
from pipelines.store.pseudonyms import ensure_pseudonyms
from pipelines.store.surviving import follows, touched_name

if TYPE_CHECKING:
    from pipelines.quality.derived import Tables
    from pipelines.quality.outcome import Outcome
    from pipelines.quality.suite import Suite
    from pipelines.store.postgres import Connection

STAGE = "publish"


def publish(settings: Settings) -> dict[str, Any]:
    """Stage, audit and release the newest survived run.

    Returns {"publication", "decision": released | waiting | refused, "rules": ids that stopped it, "counts"}.
    """
    started = time.monotonic()
    with open_database(settings) as conn:
        run = runs.latest_run(conn, "survived") or runs.latest_run(conn, "staged")
        if run is None:
            return {"publication": None, "decision": "nothing new"}
        staged = _stage(settings, conn, run)
        runs.set_stage(conn, run["run_id"], "staged")
    with open_database(settings) as conn:
        audit = _audit(settings, conn, staged.number, runs.latest_data_date(conn, run))
        record_audited(conn, Lake(settings.lake), staged.number, run["inputs"], audit.faults)
    with open_database(settings) as conn:
        decision = _decide(settings, staged, audit)
        if decision == "released":
            publication.release(conn, staged.number)
            certify(settings, conn, staged.number)
        elif decision == "refused":
            publication.refuse(conn, staged.number)
        if decision != "waiting":
            runs.set_stage(conn, run["run_id"], decision)
        seconds = time.monotonic() - started
        record_time(conn, run["run_id"], STAGE, seconds, sum(staged.rows.values()))
    return {
        "run_id": run["run_id"],
        "publication": staged.number,
        "decision": decision,
        "rules": list(audit.stopped),
        "counts": staged.counts,
        "content_hash": staged.content_hash,
    }


def _stage(settings: Settings, conn: Connection, run: dict[str, Any]) -> publication.Staged:
    """Stage the run's golden tables; tables of feeds that sent nothing yet are there, empty."""
    lake = Lake(settings.lake)
    contracts = load_contracts(settings.contracts)
    ensure_tables(conn, contracts)
    run_id = run["run_id"]
    names = ["person", *(c.publishes.table for c in contracts.values() if c.publishes)]
    tables = {
        name: lake.read(f"golden/{run_id}/{name}") for name in names if lake.has(f"golden/{run_id}/{name}")
    }
    provenance = lake.read(f"provenance/{run_id}")
    touched = lake.read(touched_name(run_id))["person_id"] if follows(conn, run_id) else None
    staged = publication.stage(
        conn, run_id, tables, provenance, base=run["base_publication"], touched=touched, lake=lake
    )
    ensure_pseudonyms(settings, conn, contracts, load_access(settings.policies / "access.yml"))
    return staged


@dataclass(frozen=True)
class Audit:
    """What the published suites said of the staged rows.

    Attributes:
        stopped: rules beyond their reject threshold.
        unchecked: rules that could stop a publication and have no answer.
        reserved: whether any rule made a reservation.
        faults: of which records the rows are that break a rule (AUDITED).
    """

    stopped: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
    reserved: bool = False
    faults: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=AUDITED))

    def __add__(self, other: Audit) -> Audit:
        return Audit(
            self.stopped + other.stopped,
            self.unchecked + other.unchecked,
            self.reserved or other.reserved,
            pl.concat([self.faults, other.faults]),
        )


def _audit(settings: Settings, conn: Connection, number: int, today: date) -> Audit:
    """Run the published suites on the staged rows, as the database would show them."""
    from pipelines.quality.suite import load_suite  # noqa: PLC0415 - only when there is work
    from pipelines.quality.telling import sentences, told_attributes  # noqa: PLC0415

    audit = Audit()
    blame = partial(
        faults_of,
        Lake(settings.lake),
        publication.run_of(conn, number),
        contracts=load_contracts(settings.contracts),
    )
    tables = lru_cache(3)(partial(publication.rows_at, conn, number=number))  # rules look into other tables
    for path in sorted((settings.expectations / "published").glob("*.yml")):
        frame = tables(path.stem)
        if frame is not None:
            suite = load_suite(path)
            outcome = _checked(frame, suite, tables, today)
            record_sentences(conn, sentences(suite, frame.columns))
            failing = outcome.failing.join(frame.select("row_key", "person_id"), on="row_key")
            audit += _judge_table(conn, path, outcome, number, today)
            audit += Audit(faults=blame(path.stem, failing, told_attributes(suite)))
    return audit


def _checked(frame: pl.DataFrame, suite: Suite, tables: Tables, today: date) -> Outcome:
    from pipelines.quality.run import validate_frame  # noqa: PLC0415 - Great Expectations is dear

    return validate_frame(frame, suite, row_id="row_key", today=today, tables=tables)


def _judge_table(conn: Connection, path: Path, outcome: Outcome, number: int, today: date) -> Audit:
    from pipelines.quality.gate import judge  # noqa: PLC0415
    from pipelines.quality.rows import as_rows  # noqa: PLC0415
    from pipelines.quality.waiving import waive  # noqa: PLC0415

    subject, known = (
        f"publication:{number}/{path.stem}",
        signing.waivers(conn, f"published/{path.stem}", today),
    )
    usual = usual_of_publications(conn, path.stem, number)
    verdict = judge(outcome, usual)
    used = set(verdict.stopped_by) & known.keys()
    signing.record_waived(conn, subject, known, used)
    verdict = waive(verdict, used)
    record_rule_results(conn, subject, as_rows(outcome, usual))
    record_verdict(
        conn,
        subject,
        verdict.decision,
        [reason.rule_id for reason in verdict.reasons],
        suite_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        code_sha256=code_sha256(),
        document=outcome.document,
    )
    unchecked = [
        result.rule.id
        for result in outcome.rules
        if result.status == "not_checked" and result.rule.severity == "reject_batch"
    ]
    return Audit(verdict.stopped_by, tuple(unchecked), verdict.decision == "reservations")


def _decide(settings: Settings, staged: publication.Staged, audit: Audit) -> str:
    """Refused where a rule stops it, waiting where the policy wants a person's yes, else released."""
    policy = load_release(settings.policies / "release.yml")
    if audit.stopped:
        return "refused"
    reserved = audit.reserved and policy.approve_reservations
    if audit.unchecked or reserved or _changes_much(staged, policy):
        return "waiting"
    return "released"


def _changes_much(staged: publication.Staged, policy: Release) -> bool:
    """Whether more persons appear or vanish than the policy lets pass unseen."""
    counts = staged.counts.get("person", {})
    before = counts.get("closed", 0) + counts.get("unchanged", 0)
    moved = abs(counts.get("opened", 0) - counts.get("closed", 0))
    return staged.base > 0 and moved > policy.largest_change * max(before, 1)


def release(settings: Settings, number: int, *, by: str, reason: str) -> dict[str, Any]:
    """Release a publication that waited, on somebody's word."""
    with open_database(settings) as conn:
        publication.release(conn, number, by=by, reason=reason)
        signing.approve(conn, str(number), by=by, reason=reason)
        runs.set_stage(conn, publication.run_of(conn, number), "released")
        certify(settings, conn, number)
    return {"publication": number, "decision": "released"}
