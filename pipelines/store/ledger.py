"""The ledger of deliveries, batches, runs and their counts. Every function runs in the caller's transaction."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.errors import ConservationBroken, PopbaseError, UsageError
from pipelines.store.postgres import advisory_lock, copy_frame, execute, fetch

if TYPE_CHECKING:
    from pipelines.store.postgres import Connection

ON_ITS_WAY = ("landed", "standardised")
UNDECIDED = (*ON_ITS_WAY, "queued", "waiting")
LIVE = (*UNDECIDED, "accepted")
FLAG_NOTES = ("PB-SQ-004", "PB-SQ-005", "PB-SQ-006")
"""What a register says about the operation flags of an increment."""


@dataclass(frozen=True)
class Batch:
    """A landed delivery, as the ledger knows it; sql/080_effect.sql says what its states mean."""

    batch_id: str
    feed: str
    sequence: int
    position: int
    data_date: Any
    mode: str
    content_sha256: str
    rows_received: int
    status: str
    manifest: dict[str, Any]
    arrival: int = 0
    redo: str | None = None
    version: int = 0
    accepted_at: Any = None
    contract_sha256: str = ""
    suite_sha256: str | None = None


@dataclass(frozen=True)
class Conservation:
    """Rows of a batch at one stage; they add up, or nothing goes on."""

    rows_in: int
    rows_on: int
    quarantined: int = 0
    superseded: int = 0
    refused: int = 0

    def check(self, place: str) -> None:
        """Raise ConservationBroken unless rows in = on + quarantined + superseded + refused."""
        accounted = self.rows_on + self.quarantined + self.superseded + self.refused
        if self.rows_in != accounted:
            raise ConservationBroken(place, self.rows_in, accounted)


_BATCH = """
select batch_id, feed, sequence, position, data_date, mode, content_sha256, rows_received, status, manifest,
       arrival, redo, version, accepted_at, contract_sha256, suite_sha256
from ledger.batch
"""
_OF_THE_LEDGER = ("arrival", "redo", "version", "accepted_at", "suite_sha256")
"""Columns of a batch that nobody gives when it lands."""
_IN_ORDER = " order by position, arrival"


def lock_feed(conn: Connection, feed: str) -> None:
    """Wait until nobody else changes the feed's batches; let go at the end of the transaction."""
    advisory_lock(conn, f"popbase feed {feed}")


def seen_deliveries(conn: Connection, feed: str) -> set[tuple[str, str]]:
    """(folder, manifest hash) of every delivery of the feed that was looked at before."""
    rows = fetch(conn, "select folder, manifest_sha256 from ledger.delivery where feed = %s", (feed,))
    return {(row["folder"], row["manifest_sha256"]) for row in rows}


def was_refused(conn: Connection, feed: str, sequence: int) -> bool:
    """Whether a delivery of that number was refused before it landed, other than for replacing an unknown one."""
    sql = (
        "select from ledger.delivery where feed = %s and sequence = %s and outcome = 'refused'"
        " and reason_code <> 'PB-DL-019' limit 1"
    )
    return bool(fetch(conn, sql, (feed, sequence)))


def batches(conn: Connection, feed: str, statuses: tuple[str, ...] | None = None) -> list[Batch]:
    """Batches of the feed, by place and then by arrival; all of them, or those in some states."""
    chosen = "" if statuses is None else " and status = any(%s)"
    params = (feed,) if statuses is None else (feed, list(statuses))
    return [Batch(**row) for row in fetch(conn, f"{_BATCH} where feed = %s{chosen}{_IN_ORDER}", params)]


def batches_named(conn: Connection, batch_ids: list[str]) -> list[Batch]:
    """These batches, whatever became of them since, by place and then by arrival."""
    return [
        Batch(**row) for row in fetch(conn, f"{_BATCH} where batch_id = any(%s){_IN_ORDER}", (batch_ids,))
    ]


def batches_with_status(conn: Connection, feed: str, status: str) -> list[Batch]:
    """Batches of the feed in one state, in order; a replay that has come that far is among them."""
    sql = f"{_BATCH} where feed = %s and (status = %s or redo = %s){_IN_ORDER}"
    return [Batch(**row) for row in fetch(conn, sql, (feed, status, status))]


def find_batch(conn: Connection, batch_id: str) -> Batch:
    """The batch; its feed is locked first, so that it stays as it is told.

    Raises:
        UsageError: when there is none of that id.
    """
    rows = fetch(conn, "select feed from ledger.batch where batch_id = %s", (batch_id,))
    if not rows:
        raise UsageError(f"there is no batch {batch_id}", hint="popbase status --json lists what there is")
    lock_feed(conn, rows[0]["feed"])
    return Batch(**fetch(conn, f"{_BATCH} where batch_id = %s", (batch_id,))[0])


def record_delivery(conn: Connection, **facts: Any) -> None:
    """Write down a delivery and what became of it; keys are columns of ledger.delivery."""
    facts = {**facts, "facts": json.dumps(facts.get("facts", {}), ensure_ascii=False)}
    _insert(conn, "ledger.delivery", facts, "on conflict (feed, folder, manifest_sha256) do nothing")


def header_codes(conn: Connection, batch_id: str) -> list[str]:
    """Reason codes that were noted when the batch landed; those of its header among them."""
    sql = (
        "select distinct split_part(note, ' ', 1) as code from ledger.delivery cross join lateral unnest(notes) as note"
        " where batch_id = %s and outcome = 'landed' order by code"
    )
    return [row["code"] for row in fetch(conn, sql, (batch_id,))]


def record_batch(conn: Connection, batch: Batch, contract_sha256: str) -> None:
    """Write down a landed batch; one that was refused, replaced or withdrawn and comes again starts anew."""
    facts = {name: value for name, value in asdict(batch).items() if name not in _OF_THE_LEDGER}
    facts |= {"manifest": json.dumps(batch.manifest, ensure_ascii=False), "contract_sha256": contract_sha256}
    for table in ("quality.quarantine", "quality.fault_count", "ledger.conservation"):
        execute(conn, f"delete from {table} where batch_id = %s", (batch.batch_id,))  # noqa: S608 - names above
    again = ", ".join(f"{name} = excluded.{name}" for name in facts)
    _insert(
        conn,
        "ledger.batch",
        facts,
        f"on conflict (batch_id) do update set {again}, arrival = excluded.arrival, redo = null,"
        " reason_code = null, accepted_at = null, suite_sha256 = null, landed_at = now()",
    )


def _insert(conn: Connection, table: str, facts: dict[str, Any], conflict: str) -> None:
    columns = ", ".join(facts)
    places = ", ".join(["%s"] * len(facts))
    sql = f"insert into {table} ({columns}) values ({places}) {conflict}"  # noqa: S608 - names from code
    execute(conn, sql, tuple(facts.values()))


def set_status(conn: Connection, batch_id: str, status: str) -> None:
    """Move a batch to another state.

    `standardised` moves a replay on instead, where there is one.

    Raises:
        PopbaseError: when another run has moved the batch meanwhile, so that there is nothing to standardise.
    """
    if status == "standardised":
        _set_standardised(conn, batch_id)
    else:
        change(conn, batch_id, status=status)


def change(conn: Connection, batch_id: str, **facts: Any) -> None:
    """Set columns of a batch."""
    assignments = ", ".join(f"{name} = %s" for name in facts)
    sql = f"update ledger.batch set {assignments} where batch_id = %s"  # noqa: S608 - names from code
    execute(conn, sql, (*facts.values(), batch_id))


def _set_standardised(conn: Connection, batch_id: str) -> None:
    moved = execute(
        conn,
        "update ledger.batch set status = case when redo is null then 'standardised' else status end,"
        " redo = case when redo is not null then 'standardised' end"
        " where batch_id = %s and (status = 'landed' or redo = 'landed')",
        (batch_id,),
    )
    if not moved:
        raise PopbaseError(f"{batch_id} was moved on by another run", hint="nothing was changed; run again")


def record_conservation(conn: Connection, batch_id: str, stage: str, counts: Conservation) -> None:
    """Check and write down a stage's row counts; a repeated stage writes the same line again."""
    counts.check(f"{batch_id} {stage}")
    facts = {"batch_id": batch_id, "stage": stage, **counts.__dict__}
    again = ", ".join(f"{name} = excluded.{name}" for name in counts.__dict__)
    _insert(conn, "ledger.conservation", facts, f"on conflict (batch_id, stage) do update set {again}")


def record_quarantine(conn: Connection, batch_id: str, stage: str, rows: pl.DataFrame) -> None:
    """Write down rows set aside; `rows` has row_number and code, one line a reason."""
    execute(conn, "delete from quality.quarantine where batch_id = %s and stage = %s", (batch_id, stage))
    if rows.height:
        reasons = rows.group_by("row_number").agg(pl.col("code").unique().sort()).sort("row_number")
        lines = reasons.select(
            pl.lit(batch_id).alias("batch_id"),
            "row_number",
            (pl.lit("{") + pl.col("code").list.join(",") + "}").alias("reason_codes"),
            pl.lit(stage).alias("stage"),
        )
        copy_frame(conn, "quality.quarantine", lines)


def quarantined_rows(conn: Connection, batch_id: str) -> int:
    """How many rows of a batch were set aside, over all stages."""
    sql = "select count(*) as rows from quality.quarantine where batch_id = %s"
    return int(fetch(conn, sql, (batch_id,))[0]["rows"])


def record_faults(conn: Connection, batch_id: str, faults: pl.DataFrame) -> None:
    """Write down how many values of each column had which fault."""
    execute(conn, "delete from quality.fault_count where batch_id = %s", (batch_id,))
    if faults.height:
        counts = faults.group_by("column", "code").len("rows").sort("column", "code")
        lines = counts.select(
            pl.lit(batch_id).alias("batch_id"),
            pl.col("column").alias("column_name"),
            pl.col("code").alias("reason_code"),
            pl.col("rows").cast(pl.Int64),
        )
        copy_frame(conn, "quality.fault_count", lines)


def record_flag_notes(conn: Connection, batch_id: str, column: str, notes: pl.DataFrame) -> None:
    """Write down how many operation flags do not fit the register, in place of what was said before."""
    sql = "delete from quality.fault_count where batch_id = %s and reason_code = any(%s)"
    execute(conn, sql, (batch_id, list(FLAG_NOTES)))
    for code, rows in notes.group_by("code").len().sort("code").iter_rows():
        facts = {"batch_id": batch_id, "column_name": column, "reason_code": code, "rows": rows}
        _insert(conn, "quality.fault_count", facts, "")


def record_time(conn: Connection, subject: str, stage: str, seconds: float, rows: int) -> None:
    """Write down how long a stage took over how many rows."""
    facts = {"subject": subject, "stage": stage, "seconds": seconds, "rows": rows}
    again = "seconds = excluded.seconds, rows = excluded.rows, finished_at = now()"
    _insert(conn, "ledger.stage_time", facts, f"on conflict (subject, stage) do update set {again}")
