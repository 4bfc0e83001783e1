"""Deliveries destroyed by order or after their retention: recorded first, then wiped, as often as it takes.

What goes: the delivered bytes, every Parquet file of the batch, what the lake kept of runs that read it, and values in
findings; in the lake's mirror too. What stays: published rows, counts, hashes, certificates, and the record.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import polars as pl

from pipelines.store import ledger
from pipelines.store.mirror import mirror_of
from pipelines.store.postgres import execute, fetch
from pipelines.store.records import accepted_chain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pipelines.contract.model import Contract
    from pipelines.store.lake import Lake
    from pipelines.store.postgres import Connection

_USED: Final = """
select run_id from ledger.run as r
where exists (
    select from jsonb_each(r.inputs -> 'feeds') as f, jsonb_array_elements_text(f.value) as b where b = %s
) and (
    r.stage not in ('released', 'refused')
    or r.run_id = (select run_id from ledger.run order by started_at desc, run_id limit 1)
    or r.run_id = (select p.run_id from publication.publication as p join publication.pointer using (number))
)
limit 1
"""
_RUNS: Final = """
select distinct r.run_id from ledger.run as r, jsonb_each(r.inputs -> 'feeds') as f,
    jsonb_array_elements_text(f.value) as b
where b in (select batch_id from ledger.erasure) order by r.run_id
"""
_MODELS: Final = """
select model from resolution.linking group by model having bool_and(run_id = any(%s))
"""
_BYTES: Final = """
select distinct e.content_sha256 from ledger.erasure as e
where not exists (
    select from ledger.batch as b where b.content_sha256 = e.content_sha256
        and not exists (select from ledger.erasure as o where o.batch_id = b.batch_id))
order by 1
"""
_OVERDUE: Final = """
select batch_id from ledger.batch as b
where feed = %s and landed_at < now() - make_interval(years => %s)
    and not exists (select from ledger.erasure as e where e.batch_id = b.batch_id)
order by position, arrival
"""


@dataclass(frozen=True)
class Erasure:
    """Why a delivery is destroyed.

    Attributes:
        kind: by order, or because its retention is over.
        by: who.
        reason: why.
        order: reference of the order.
    """

    kind: Literal["order", "retention"]
    by: str
    reason: str
    order: str | None = None


def erased(conn: Connection) -> dict[str, dict[str, Any]]:
    """Every erasure, by batch."""
    return {row["batch_id"]: row for row in fetch(conn, "select * from ledger.erasure order by erasure_id")}


def holding(conn: Connection, batch: ledger.Batch) -> str | None:
    """What keeps a delivery from being erased: its register, its own way, or a run that readers may see; else None."""
    if batch.status in ledger.UNDECIDED or batch.redo is not None:
        return "it is on its way"
    if batch.batch_id in {one.batch_id for one in accepted_chain(conn, batch.feed)}:
        return "its register is made of it"
    runs = fetch(conn, _USED, (batch.batch_id,))
    return f"run {runs[0]['run_id']}, the newest or the one readers see, is made of it" if runs else None


def record_erasure(conn: Connection, batch: ledger.Batch, erasure: Erasure) -> None:
    """Write down that the batch is destroyed; from then on nothing falls back on it, and `wipe` removes its files."""
    if batch.status not in ("refused", "withdrawn"):
        ledger.change(conn, batch.batch_id, status="withdrawn", redo=None, accepted_at=None)
    execute(conn, "update feedback.finding set value = null where batch_id = %s", (batch.batch_id,))
    execute(
        conn,
        "insert into ledger.erasure (batch_id, content_sha256, kind, order_reference, reason, erased_by)"
        " values (%s, %s, %s, %s, %s, %s)",
        (batch.batch_id, batch.content_sha256, erasure.kind, erasure.order, erasure.reason, erasure.by),
    )


def overdue(conn: Connection, contracts: Mapping[str, Contract]) -> Iterator[tuple[ledger.Batch, int]]:
    """Batches that were landed longer ago than their contract keeps them and that nothing holds, and those years.

    Only of contracts that declare `retention_years`: nothing is destroyed by a default.
    """
    for feed, contract in contracts.items():
        if "retention_years" not in contract.model_fields_set:
            continue
        for row in fetch(conn, _OVERDUE, (feed, contract.retention_years)):
            batch = ledger.find_batch(conn, row["batch_id"])
            if holding(conn, batch) is None:
                yield batch, contract.retention_years


def wipe(conn: Connection, lake: Lake) -> int:
    """Remove what is left of erased deliveries, in the lake and its mirror; returns how many files and folders went."""
    batches = list(erased(conn))
    runs = [row["run_id"] for row in fetch(conn, _RUNS)] if batches else []
    hashes = [row["content_sha256"] for row in fetch(conn, _BYTES)] if batches else []
    models = [row["model"] for row in fetch(conn, _MODELS, (runs,))]
    folders = [folder for folder in (lake.root, mirror_of(lake.root)) if folder is not None]
    gone = [
        path
        for folder in folders
        for pattern in _patterns(batches, runs, hashes, models)
        for path in folder.glob(pattern)
    ]
    gone += _registers(lake, batches)
    for path in gone:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return len(gone)


def _patterns(
    batches: Iterable[str], runs: Iterable[str], hashes: Iterable[str], models: Iterable[str]
) -> Iterator[str]:
    """Names of files; in the mirror they are folders of versions."""
    for name in (*batches, *runs):
        yield f"*/{name}.parquet"
    for run in runs:
        yield f"golden/{run}"
        yield f"linking/{run}"
    for model in models:
        yield f"model/{model}.parquet"
    for sha256 in hashes:
        yield f"bytes/{sha256[:2]}/{sha256}"


def _registers(lake: Lake, batches: list[str]) -> list[Path]:
    """Registers kept for speed that hold a row of an erased batch."""
    if not batches:
        return []
    kept = lake.root.glob("state/*.parquet")
    return [path for path in kept if _holds(path, batches)]


def _holds(path: Path, batches: list[str]) -> bool:
    rows = pl.scan_parquet(path).filter(pl.col("batch_id").is_in(batches))
    return bool(rows.select(pl.len()).collect().item())
