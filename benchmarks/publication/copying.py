"""A first publication and a small one against COPY of the same rows into the same server, settings and columns."""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Mapping
from typing import Any

import polars as pl

from benchmarks.publication.rows import Content, changed, chosen, content, of_persons
from pipelines.settings import Settings
from pipelines.store import publication
from pipelines.store.database import open_database
from pipelines.store.embedded import ADMIN, server_url
from pipelines.store.lake import Lake
from pipelines.store.postgres import Connection, connect, execute, fetch
from pipelines.store.said import said_by_row
from pipelines.store.versions import PROVENANCE, golden_names, row_hashes, seen_hashes

CHANGED = 0.01


def measure(settings: Settings, persons: int) -> dict[str, Any]:
    whole = content(persons)
    with open_database(settings):
        pass
    stored = _stored(whole)
    raw = [_raw(settings, stored) for _ in range(2)]
    first = _publish(settings, "first", whole)
    small = []
    for n in range(1, 6):
        touched = chosen(whole, CHANGED, n)
        whole = changed(whole, CHANGED, n)
        small.append(_publish(settings, f"small-{n}", of_persons(whole, touched), touched))
    seconds = min(one["seconds"] for one in raw)
    again = statistics.median(one["seconds"] for one in small)
    return {
        "persons": persons,
        "rows": sum(frame.height for frame in stored.values()),
        "raw_copy": raw,
        "first": first,
        "changed_share": CHANGED,
        "changed": small,
        "first_to_copy": round(first["seconds"] / seconds, 2),
        "changed_to_first": round(again / first["seconds"], 4),
    }


def _raw(settings: Settings, stored: Mapping[str, pl.DataFrame]) -> dict[str, Any]:
    """Only COPY and its commit: the bytes are ready, the tables bare of indexes and constraints."""
    copies = {name: _ready(frame) for name, frame in stored.items()}
    with connect(server_url(settings, "popbase", ADMIN)) as conn:
        for name in copies:
            execute(conn, f"create table public.raw_{name} (like golden.{name})")
    with connect(server_url(settings, "popbase", ADMIN)) as conn, conn.cursor() as cursor:
        written, started = wal(conn), time.perf_counter()
        for name, (columns, rows) in copies.items():
            cursor.copy_expert(f"copy public.raw_{name} ({columns}) from stdin (format csv)", rows)
        conn.commit()
        told = {"seconds": round(time.perf_counter() - started, 2), "wal_mib": mib(wal(conn) - written)}
        for name in copies:
            execute(conn, f"drop table public.raw_{name}")
    return told


def _stored(whole: Content) -> dict[str, pl.DataFrame]:
    """Frames with every column that is stored."""
    since = pl.lit(1, dtype=pl.Int32).alias("from_publication")
    tables = {name: frame.with_columns(row_hashes(frame), since) for name, frame in whole.tables.items()}
    said = said_by_row(whole.provenance)
    return tables | {PROVENANCE: said.with_columns(row_hashes(said), since)}


def _ready(frame: pl.DataFrame) -> tuple[str, io.BytesIO]:
    plain = frame.with_columns(pl.col(pl.Binary).bin.encode("hex").str.replace("^", r"\x"))
    rows = io.BytesIO()
    plain.write_csv(rows, include_header=False)
    rows.seek(0)
    return ", ".join(f'"{name}"' for name in frame.columns), rows


def _publish(
    settings: Settings, run: str, whole: Content, touched: pl.Series | None = None
) -> dict[str, Any]:
    """Stage and release, as the publish stage does; its audit and certificate read all rows and are another matter."""
    with open_database(settings) as conn:
        base, written, started = publication.pointer(conn), wal(conn), time.perf_counter()
        staged = publication.stage(
            conn, run, whole.tables, whole.provenance, base=base, touched=touched, lake=Lake(settings.lake)
        )
        conn.commit()
        publication.release(conn, staged.number)
        conn.commit()
        seconds = time.perf_counter() - started
        opened = sum(count["opened"] for count in staged.counts.values())
        told = {"seconds": round(seconds, 2), "opened": opened, "wal_mib": mib(wal(conn) - written)}
        _read_all(conn, staged.number)
        return told


def _read_all(conn: Connection, number: int) -> None:
    """As each publication's certificate does: the server notes on the first reading of a row that it is committed."""
    for name in (*golden_names(conn), PROVENANCE):
        seen_hashes(conn, name, number)


def wal(conn: Connection) -> int:
    return int(fetch(conn, "select pg_current_wal_lsn() - '0/0'::pg_lsn as bytes")[0]["bytes"])


def mib(size: int) -> float:
    return round(size / 2**20, 1)
