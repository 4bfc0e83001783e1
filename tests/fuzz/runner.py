"""Runs workers side by side; one that hangs is ended, one that dies is replaced, and its number noted."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
HANG = 5.0
"""Seconds of the processor for one delivery; a busy machine is no fault of it."""
STANDSTILL = 120
"""Seconds of waiting in which something must be heard; those for which all of it was suspended do not count."""
PULSE = 15.0
_ENDED = "ENDED"


@dataclass
class Tally:
    """How deliveries ended: counts by outcome and by form, those read, and the numbers of those at fault."""

    outcomes: Counter[str] = field(default_factory=Counter)
    forms: Counter[str] = field(default_factory=Counter)
    read: Counter[str] = field(default_factory=Counter)
    faults: dict[int, str] = field(default_factory=dict)
    seconds: float = 0.0
    slowest: float = 0.0
    memory_mib: int = 0

    @property
    def files(self) -> int:
        """Deliveries judged."""
        return self.outcomes.total()

    def add(self, number: int, form: str, outcome: str, seconds: float = 0.0) -> None:
        """Count one delivery."""
        self.slowest = max(self.slowest, seconds)
        if outcome.startswith("!"):
            self.faults[number] = f"{form} {outcome[1:]}"
        self.forms[form] += 1
        self.read[form] += outcome == "read"
        self.outcomes[outcome] += 1


@dataclass
class _Span:
    """Numbers left to one worker."""

    seed: int
    next: int
    step: int
    stop: int


def run(seed: int, files: int, workers: int) -> Tally:
    """Judge the numbers from 0 to before `files`."""
    tally = Tally()
    lock = threading.Lock()
    started = time.monotonic()
    spans = [_Span(seed, first, workers, files) for first in range(workers)]
    threads = [threading.Thread(target=_watch, args=(span, tally, lock)) for span in spans]
    for thread in threads:
        thread.start()
    _tell_progress(threads, tally, files, started)
    tally.seconds = time.monotonic() - started
    return tally


def _tell_progress(threads: list[threading.Thread], tally: Tally, files: int, started: float) -> None:
    """Wait for the threads; every quarter of a minute a line on standard error says how far they are."""
    while any(thread.is_alive() for thread in threads):
        told = time.monotonic()
        for thread in threads:
            thread.join(timeout=max(0.0, told + PULSE - time.monotonic()))
        done, seconds = tally.files, time.monotonic() - started
        sys.stderr.write(
            f"{done:,} of {files:,} in {seconds:.0f} s, {done / seconds:.0f} a second, {len(tally.faults)} faults\n"
        )


def _watch(span: _Span, tally: Tally, lock: threading.Lock) -> None:
    while span.next < span.stop:
        fault = _run_worker(span, tally, lock)
        if fault is None:
            return
        with lock:
            tally.add(span.next, "?", fault)
        span.next += span.step


def _run_worker(span: _Span, tally: Tally, lock: threading.Lock) -> str | None:
    """Follow one worker to its end; the fault at `span.next` when it hangs or dies, else None."""
    numbers = map(str, (span.seed, span.next, span.step, span.stop))
    command = [sys.executable, "-m", "tests.fuzz.worker", *numbers]
    environment = {**os.environ, "POLARS_MAX_THREADS": "1", "RUST_BACKTRACE": "0"}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as worker:
        assert worker.stdout is not None
        lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=_pump, args=(worker.stdout, lines), daemon=True).start()
        try:
            return _follow(worker.pid, lines, span, tally, lock)
        finally:
            worker.kill()


def _pump(stream: IO[str], lines: queue.Queue[str]) -> None:
    for line in stream:
        lines.put(line.rstrip("\n"))
    lines.put(_ENDED)


def _follow(pid: int, lines: queue.Queue[str], span: _Span, tally: Tally, lock: threading.Lock) -> str | None:
    used, silent = None, 0
    while True:
        try:
            said = lines.get(timeout=1).split("\t")
        except queue.Empty:
            hangs = used is not None and _processor_seconds(pid) - used > HANG
            silent += 1
            if hangs or silent > STANDSTILL:
                return "!hang"
            continue
        if said[0] == _ENDED:
            return "!died"
        if said[0] == "DONE":
            tally.memory_mib = max(tally.memory_mib, int(said[1]))
            return None
        if said[0] != "READY":
            with lock:
                tally.add(int(said[0]), said[1], said[2], float(said[3]))
            span.next = int(said[0]) + span.step
        if lines.empty():
            used, silent = _processor_seconds(pid), 0


def _processor_seconds(pid: int) -> float:
    """Of that process, in user and system mode; 0 when it is gone."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    user, system = told.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
