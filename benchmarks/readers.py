"""Readers at work while 1,000 publications are made: is a read ever torn, and what does publishing add to it?

    python -m benchmarks.readers --publications 1000 --reads 1000000

Every publication changes every row of two published tables, so that a read which sees two publications at once sees
two marks. Readers log in as a department and ask its views. One more reader holds each of its transactions open for
three seconds and asks again and again: it must see one publication all the time. Quiet figures are taken before the
first publication and after the last, with the same readers; what publishing adds is against the lower of the two.
Results go to benchmarks/results/readers.json.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import shutil
import tempfile
import time
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import polars as pl
import psycopg2

from benchmarks.machine import machine
from pipelines.contract.load import load_contracts
from pipelines.settings import Settings
from pipelines.store import publication
from pipelines.store.access import departments, reader_url
from pipelines.store.database import open_database
from pipelines.store.embedded import stop_server
from pipelines.store.golden import golden_tables

RESULT = Path(__file__).parent / "results" / "readers.json"
PERSONS = 10
READERS = 3
HELD = 3.0
"""Seconds a transaction is held open."""
READ = "select count(*), min({mark}), max({mark}) from shared.{table}"


@dataclass(frozen=True)
class Asked:
    """What readers ask: two views and the column of each that holds the publication's mark."""

    url: str
    tables: tuple[str, str]
    marks: tuple[str, str]

    @property
    def sql(self) -> str:
        parts = [
            READ.format(table=f'"{table}"', mark=f'"{mark}"')
            for table, mark in zip(self.tables, self.marks, strict=True)
        ]
        return f"select a.*, b.* from ({parts[0]}) as a cross join ({parts[1]}) as b"  # noqa: S608


def is_torn(row: tuple[Any, ...]) -> bool:
    """Both tables are whole, and of one publication; before the first both are empty."""
    count, low, high, other_count, other_low, other_high = row
    if count == other_count == 0:
        return False
    return count != PERSONS or other_count != PERSONS or len({low, high, other_low, other_high}) != 1


def read_on(asked: Asked, stop: Event, out: Any, counted: Any, place: int) -> None:
    """Ask until told to stop; then tell the seconds of each read, how many were torn, how many publications were seen."""
    conn = psycopg2.connect(asked.url)
    conn.autocommit = True
    seconds, torn, seen = [], 0, set()
    with conn.cursor() as cursor:
        cursor.execute(f"prepare asked as {asked.sql}")
        while not stop.is_set():
            began = time.perf_counter()
            cursor.execute("execute asked")
            row = cursor.fetchone()
            seconds.append(time.perf_counter() - began)
            torn += is_torn(row or ())
            seen.add(row[1] if row else None)
            counted[place] += 1
    conn.close()
    out.send((seconds, torn, len(seen)))


def hold_on(asked: Asked, stop: Event, out: Any, counted: Any, place: int) -> None:
    """Transactions of three seconds, each of which must see one publication from its first read to its last."""
    conn = psycopg2.connect(asked.url)
    conn.set_session(isolation_level="REPEATABLE READ", readonly=True)
    reads, torn, transactions = 0, 0, 0
    while not stop.is_set():
        first, until = None, time.monotonic() + HELD
        with conn, conn.cursor() as cursor:
            while time.monotonic() < until and not stop.is_set():
                cursor.execute(asked.sql)
                row = cursor.fetchone()
                torn += is_torn(row or ()) or row != (first or row)
                first, reads = first or row, reads + 1
                counted[place] += 1
                time.sleep(0.05)
        transactions += 1
    conn.close()
    out.send((reads, torn, transactions))


class Crowd:
    """Readers in programs of their own, started and stopped together."""

    def __init__(self, asked: Asked, readers: int) -> None:
        context = multiprocessing.get_context("fork")
        self.stop = context.Event()
        self.told = []
        self.programs = []
        self.counted = context.Array("L", readers + 1, lock=False)
        for place, target in enumerate([read_on] * readers + [hold_on]):
            here, there = context.Pipe(duplex=False)
            program = context.Process(target=target, args=(asked, self.stop, there, self.counted, place))
            program.start()
            self.told.append(here)
            self.programs.append(program)

    @property
    def reads(self) -> int:
        """How many they made until now."""
        return sum(self.counted)

    def end(self) -> dict[str, Any]:
        """What they saw, all reads together."""
        self.stop.set()
        *reads, held = [here.recv() for here in self.told]
        for program in self.programs:
            program.join()
        milliseconds = pl.Series([second * 1000 for seconds, _, _ in reads for second in seconds])
        return {
            "reads": milliseconds.len() + held[0],
            "torn": sum(torn for _, torn, _ in reads) + held[1],
            "publications_seen": max(seen for _, _, seen in reads),
            "held_transactions": held[2],
            "p50_ms": round(float(milliseconds.quantile(0.5) or 0), 2),
            "p99_ms": round(float(milliseconds.quantile(0.99) or 0), 2),
            "max_ms": round(float(milliseconds.max() or 0), 2),  # type: ignore[arg-type]
        }


def frames(number: int, tables: tuple[str, str], marks: tuple[str, str]) -> dict[str, pl.DataFrame]:
    """Both tables, whole, with the publication's mark in every row."""
    keys = [f"p{n:04d}" for n in range(PERSONS)]
    return {
        table: pl.DataFrame({"row_key": keys, "person_id": keys, mark: [f"m{number:06d}"] * PERSONS})
        for table, mark in zip(tables, marks, strict=True)
    }


def publish(settings: Settings, number: int, asked: Asked) -> None:
    """Stage in one transaction, release in the next, as the stage `publish` does."""
    said = pl.DataFrame(
        schema=dict.fromkeys(("table", "row_key", "attribute", "record_key", "rule"), pl.String())
    )
    with open_database(settings) as conn:
        base = publication.pointer(conn)
        staged = publication.stage(
            conn, f"run-{number}", frames(number, asked.tables, asked.marks), said, base
        )
    with open_database(settings) as conn:
        publication.release(conn, staged.number)


def asked_of(settings: Settings) -> Asked:
    """Two tables that one department may read plainly, and a column of text in each."""
    contracts = load_contracts(settings.contracts)
    owners = {c.publishes.table: c.owner.department for c in contracts.values() if c.publishes}
    for table in golden_tables(contracts):
        if table.name in owners:
            texts = [column.name for column in table.columns if column.sql_type == "text"]
            url = reader_url(settings, owners[table.name])
            return Asked(url, ("person", table.name), ("township_code", texts[0]))
    raise SystemExit(f"no contract publishes a table; departments: {departments(contracts)}")


def measure(settings: Settings, publications: int, reads: int, quiet: float) -> dict[str, Any]:
    """The whole trial; publications are spread over the reads, or follow each other where reading is faster."""
    with open_database(settings):
        pass
    asked = asked_of(settings)
    publish(settings, 0, asked)
    before = _quietly(asked, quiet)
    crowd, began = Crowd(asked, READERS), time.monotonic()
    spans = []
    for number in range(1, publications + 1):
        started = time.monotonic()
        publish(settings, number, asked)
        spans.append(time.monotonic() - started)
        while crowd.reads < number * reads / publications:
            time.sleep(0.005)
    during = crowd.end()
    after = _quietly(asked, quiet)
    return {
        "publications": publications,
        "seconds": round(time.monotonic() - began - quiet, 1),
        "publication_ms": round(1000 * sum(spans) / len(spans), 1),
        "before": before,
        "during": during,
        "after": after,
        "added_p99_ms": round(during["p99_ms"] - min(before["p99_ms"], after["p99_ms"]), 2),
    }


def _quietly(asked: Asked, seconds: float) -> dict[str, Any]:
    crowd = Crowd(asked, READERS)
    time.sleep(seconds)
    return crowd.end()


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--publications", type=int, default=1000)
    parser.add_argument("--reads", type=int, default=1_000_000)
    parser.add_argument("--quiet", type=float, default=20.0, help="seconds of reading before and after")
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="popbase-readers-"))
    folder.chmod(0o755)  # the server's account looks in
    settings = Settings(home=folder / "home")
    try:
        told = measure(settings, arguments.publications, arguments.reads, arguments.quiet)
    finally:
        stop_server(settings)
        shutil.rmtree(folder)
    arguments.out.write_text(json.dumps({"machine": machine(), **told}, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
