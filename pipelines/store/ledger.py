"""The ledger of deliveries, batches, runs and their counts. Every function runs in the caller's transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.errors import ConservationBroken
from pipelines.store.postgres import copy_frame, execute, fetch

if TYPE_CHECKING:
    from pipelines.store.postgres import Connection

IN_EFFECT = ("landed", "standardised", "accepted", "waiting")


@dataclass(frozen=True)
class Batch:
    """A landed delivery, as the ledger knows it."""

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
select batch_id, feed, sequence, position, data_date, mode, content_sha256, rows_received, status, manifest
from ledger.batch
"""


def seen_deliveries(conn: Connection, feed: str) -> set[tuple[str, str]]:
    """(folder, manifest hash) of every delivery of the feed that was looked at before."""
    rows = fetch(conn, "select folder, manifest_sha256 from ledger.delivery where feed = %s", (feed,))
    return {(row["folder"], row["manifest_sha256"]) for row in rows}


def batches_in_effect(conn: Connection, feed: str) -> list[Batch]:
    """Batches of the feed that are in effect or on their way, in the order they take effect."""
    sql = _BATCH + "where feed = %s and status = any(%s) order by position"
    return [Batch(**row) for row in fetch(conn, sql, (feed, list(IN_EFFECT)))]


def batches_with_status(conn: Connection, feed: str, status: str) -> list[Batch]:
    """Batches of the feed that wait for the next stage, in order."""
    sql = _BATCH + "where feed = %s and status = %s order by position"
    return [Batch(**row) for row in fetch(conn, sql, (feed, status))]


def highest_sequence(conn: Connection, feed: str) -> int | None:
    """The newest sequence of the feed that was landed, withdrawn and replaced ones included."""
    sql = "select max(sequence) as newest from ledger.batch where feed = %s and status <> 'refused'"
    newest: int | None = fetch(conn, sql, (feed,))[0]["newest"]
    return newest


def record_delivery(conn: Connection, **facts: Any) -> None:
    """Write down a delivery and what became of it; keys are columns of ledger.delivery."""
    facts = {**facts, "facts": json.dumps(facts.get("facts", {}), ensure_ascii=False)}
    _insert(conn, "ledger.delivery", facts, "on conflict (feed, folder, manifest_sha256) do nothing")


def record_batch(conn: Connection, batch: Batch, contract_sha256: str) -> None:
    """Write down a landed batch; a batch that comes back after it was replaced starts anew."""
    facts = {
        **batch.__dict__,
        "manifest": json.dumps(batch.manifest, ensure_ascii=False),
        "contract_sha256": contract_sha256,
    }
    for table in ("quality.quarantine", "quality.fault_count", "ledger.conservation"):
        execute(conn, f"delete from {table} where batch_id = %s", (batch.batch_id,))  # noqa: S608 - names above
    again = "on conflict (batch_id) do update set status = 'landed', position = excluded.position"
    _insert(conn, "ledger.batch", facts, again)


def _insert(conn: Connection, table: str, facts: dict[str, Any], conflict: str) -> None:
    columns = ", ".join(facts)
    places = ", ".join(["%s"] * len(facts))
    sql = f"insert into {table} ({columns}) values ({places}) {conflict}"  # noqa: S608 - names from code
    execute(conn, sql, tuple(facts.values()))


def set_status(conn: Connection, batch_id: str, status: str, **facts: Any) -> None:
    """Move a batch to its next status; `facts` are further columns to set."""
    assignments = "".join(f", {name} = %s" for name in facts)
    stamp = ", accepted_at = now()" if status == "accepted" else ""
    sql = f"update ledger.batch set status = %s{assignments}{stamp} where batch_id = %s"  # noqa: S608
    execute(conn, sql, (status, *facts.values(), batch_id))


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


def add_fault_counts(conn: Connection, batch_id: str, column: str, notes: pl.DataFrame) -> None:
    """Add counts of one column's notes (`row_number`, `code`) that a later stage found."""
    for code, rows in notes.group_by("code").len().sort("code").iter_rows():
        facts = {"batch_id": batch_id, "column_name": column, "reason_code": code, "rows": rows}
        again = "on conflict (batch_id, column_name, reason_code) do update set rows = excluded.rows"
        _insert(conn, "quality.fault_count", facts, again)


def record_time(conn: Connection, subject: str, stage: str, seconds: float, rows: int) -> None:
    """Write down how long a stage took over how many rows."""
    facts = {"subject": subject, "stage": stage, "seconds": seconds, "rows": rows}
    again = "seconds = excluded.seconds, rows = excluded.rows, finished_at = now()"
    _insert(conn, "ledger.stage_time", facts, f"on conflict (subject, stage) do update set {again}")
