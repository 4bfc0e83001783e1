"""Readers at work, each a program of its own: one asks for persons, one counts everything, one holds transactions open."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.synchronize import Event
from typing import Any

import numpy as np

from pipelines.store.postgres import Connection, connect, execute, fetch, see_one_state

HELD_SECONDS = 3.0
STATE = """
select p.number, count(*) as rows,
    count(*) filter (where s.telephone = '139' || lpad(p.number::text, 8, '0')) as changed
from {view} as s cross join publication.pointer as p group by p.number
"""
PERSON = "select name, telephone, registered_address from {view} where person_id = %s"


@dataclass(frozen=True)
class Ask:
    """What readers read: as whom, from which view, of how many persons, and how many each publication changed."""

    url: str
    view: str
    persons: int
    changed: int


@dataclass
class Read:
    """What one reader saw: (begun, seconds) of each read, and reads that were no publication as it was published."""

    kind: str
    times: list[tuple[float, float]] = field(default_factory=list)
    torn: int = 0


@contextmanager
def at_work(ask: Ask) -> Iterator[list[Read]]:
    """Readers run until the block ends; then the list holds what they saw."""
    spawn = multiprocessing.get_context("spawn")
    stop, seen, reads = spawn.Event(), spawn.Queue(), []
    working = [
        spawn.Process(target=_work, args=(kind, ask, stop, seen)) for kind in ("person", "all rows", "held")
    ]
    for one in working:
        one.start()
    try:
        yield reads
    finally:
        stop.set()
        reads.extend(seen.get(timeout=60) for _ in working)
        for one in working:
            one.join()


def _work(kind: str, ask: Ask, stop: Event, seen: Any) -> None:
    read = Read(kind)
    dice = np.random.default_rng(1)
    with connect(ask.url) as conn:
        conn.autocommit = kind != "held"
        while not stop.is_set():
            begun = time.monotonic()
            if kind == "person":
                fetch(conn, PERSON.format(view=ask.view), (f"P{dice.integers(ask.persons):010d}",))
            elif kind == "all rows":
                read.torn += _is_torn(fetch(conn, STATE.format(view=ask.view)), ask)
            else:
                read.torn += _hold(conn, ask, stop)
            read.times.append((begun, time.monotonic() - begun))
            stop.wait(0.05 if kind == "all rows" else 0.004)
    seen.put(read)


def _hold(conn: Connection, ask: Ask, stop: Event) -> int:
    """One transaction over several seconds: what it sees first it sees last."""
    see_one_state(conn)
    first = fetch(conn, STATE.format(view=ask.view))
    stop.wait(HELD_SECONDS)
    last = fetch(conn, STATE.format(view=ask.view))
    execute(conn, "commit")
    return int(first != last or _is_torn(first, ask))


def _is_torn(rows: list[dict[str, Any]], ask: Ask) -> bool:
    (row,) = rows
    return bool(row["rows"] != ask.persons or row["changed"] != (ask.changed if row["number"] > 1 else 0))


def latencies(read: Read, publishing: list[tuple[float, float]]) -> dict[str, Any]:
    """Milliseconds of the reads at rest, and of those that met a publication being written or released."""
    if read.kind == "held":
        return {"transactions": len(read.times), "seconds_each": HELD_SECONDS, "torn": read.torn}
    busy: list[float] = []
    rest: list[float] = []
    for begun, seconds in read.times:
        met = any(begun < end and begun + seconds > start for start, end in publishing)
        (busy if met else rest).append(seconds * 1000)
    return {"at_rest": _figures(rest), "while_publishing": _figures(busy), "torn": read.torn}


def _figures(milliseconds: list[float]) -> dict[str, Any]:
    if not milliseconds:
        return {"reads": 0}
    p50, p99 = np.percentile(milliseconds, [50, 99])
    return {
        "reads": len(milliseconds),
        "p50_ms": round(float(p50), 2),
        "p99_ms": round(float(p99), 2),
        "max_ms": round(max(milliseconds), 2),
    }
