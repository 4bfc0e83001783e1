"""How much of a full run an increment costs: the resolve stage alone, without imports, both in one process.

    python -m benchmarks.increments --persons 100000 --changed 0.01 --of records --rounds 3

A county is run whole once. Each round then delivers an increment of one feed, in which so many are changed, of all records
or of the feed's, resolves it, and resolves the same records once more with nothing to follow. Results go to
benchmarks/results/increments-<persons>-<of>.json.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import shutil
import statistics
import tempfile
import time
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg2

from benchmarks.machine import machine
from pipelines.running import run_all
from pipelines.settings import ROOT, Settings
from pipelines.stages.resolve import resolve
from pipelines.steps import FEED_STEPS, run_step
from pipelines.store.database import database_url, front_database_url
from pipelines.store.embedded import stop_server
from pipelines.store.front import load_front_folder
from pipelines.synthetic.generate import generate

RESULTS = Path(__file__).parent / "results"
FEED, TELEPHONE, OPERATION = "labour/employment", "AAE005", "CZBZ"
_FORGET: Final = "delete from resolution.linking where run_id = %s"


def measure(persons: int, changed: float, of: str, rounds: int) -> dict[str, Any]:
    base = Path(tempfile.mkdtemp(prefix="popbase-increments-"))
    base.chmod(0o755)  # the server\'s account looks in
    settings = Settings(home=base / "home")
    try:
        generate(persons, 1, base / "county", 1)
        load_front_folder(front_database_url(settings), base / "county" / "front")
        first = run_all(settings, base / "county" / "inbox", lambda *_: None)
        found = []
        whole = first.records if of == "records" else _rows(base / "county" / "inbox")
        for place in range(1, rounds + 1):
            found.append(_round(settings, base, place, round(whole * changed)))
            print(json.dumps(found[-1]), flush=True)
    finally:
        stop_server(settings)
        shutil.rmtree(base, ignore_errors=True)
    return {
        "persons": first.persons,
        "changed_of": of,
        "rounds": found,
        "median_ratio": statistics.median(r["ratio"] for r in found),
    }


def _round(settings: Settings, base: Path, place: int, rows: int) -> dict[str, Any]:
    inbox = base / f"increment-{place}"
    _deliver(base / "county" / "inbox", inbox, place, rows)
    for step in FEED_STEPS:
        run_step(step, settings, feed=FEED, inbox=inbox)
    (seconds, cpu), said = _timed(settings)
    (all_seconds, all_cpu), whole = _timed(replace(settings, declarations=_anew(base)))
    with psycopg2.connect(database_url(settings)) as conn, conn.cursor() as cursor:
        cursor.execute(_FORGET, (whole["run_id"],))
    return {
        "changed": rows, "records": said["records"], "reached": said["reached"],
        "increment_seconds": round(seconds, 2), "all_seconds": round(all_seconds, 2),
        "ratio": round(seconds / all_seconds, 4),
        "increment_cpu": round(cpu, 2), "all_cpu": round(all_cpu, 2), "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip


def _timed(settings: Settings) -> tuple[tuple[float, float], dict[str, Any]]:
    """Seconds by the clock, and of this process on all cores."""
    started, used = time.perf_counter(), time.process_time()
    said = resolve(settings)
    return (time.perf_counter() - started, time.process_time() - used), said


def _anew(base: Path) -> Path:
    """The declarations, but for a policy by which every run links everything."""
    folder = base / "declarations"
    if not folder.exists():
        for name in ("contracts", "expectations", "policies", "sql"):
            shutil.copytree(ROOT / name, folder / name)
        policy = folder / "policies" / "linkage.yml"
        policy.write_text(
            policy.read_text(encoding="utf-8").replace("refit_runs: 40", "refit_runs: 0"), "utf-8"
        )
    return folder


def _rows(county: Path) -> int:
    """Rows of the feed's full delivery."""
    full = min((county / FEED).iterdir())
    return int(json.loads((full / "manifest.json").read_text(encoding="utf-8"))["rows"])


def _deliver(county: Path, inbox: Path, place: int, rows: int) -> None:
    """An increment in which another telephone stands in so many rows of the full delivery."""
    full = min((county / FEED).iterdir())
    manifest = json.loads((full / "manifest.json").read_text(encoding="utf-8"))
    newest = json.loads((max((county / FEED).iterdir()) / "manifest.json").read_text(encoding="utf-8"))
    day = date.fromisoformat(newest["data_date"]) + timedelta(days=place)
    with (full / manifest["file"]).open(encoding="gb18030", errors="replace", newline="") as source:
        lines = [
            line
            for line in csv.DictReader(source, quoting=csv.QUOTE_NONE)
            if len(line[TELEPHONE] or "") == 11
            and None not in (*line, *line.values())
            and not {'"', "\ufffd"} & set("".join(line.values()))
        ]
    chosen = lines[place :: max(1, len(lines) // rows)][:rows]
    folder = inbox / FEED / day.isoformat()
    folder.mkdir(parents=True)
    name = f"increment_{day:%Y%m%d}.csv"
    with (folder / name).open("w", encoding="gb18030", newline="") as target:
        writer = csv.DictWriter(target, [*chosen[0], OPERATION])
        writer.writeheader()
        for number, line in enumerate(chosen):
            writer.writerow(line | {TELEPHONE: f"1{place % 10}9{number:08d}", OPERATION: "U"})
    told = manifest | {
        "data_date": day.isoformat(), "sequence": newest["sequence"] + place, "mode": "incremental", "file": name,
        "rows": len(chosen), "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
        "sent_at": f"{day + timedelta(days=1)}T02:00:00+08:00",
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, default=100_000)
    parser.add_argument("--changed", type=float, default=0.01)
    parser.add_argument("--of", choices=("records", "delivery"), default="records")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    told = measure(options.persons, options.changed, options.of, options.rounds)
    result = {"machine": machine(), "asked": vars(options), **told}
    RESULTS.mkdir(exist_ok=True)
    target = RESULTS / f"increments-{options.persons}-{options.of}.json"
    target.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
