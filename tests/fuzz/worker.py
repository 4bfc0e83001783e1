"""Judges a range of numbers and says after each how it ended; memory is limited by the system.

Run by `runner`: `python -m tests.fuzz.worker SEED START STEP STOP`.
"""

from __future__ import annotations

import resource
import sys
import time
import traceback
from pathlib import Path

from tests.fuzz.cases import case_of
from tests.fuzz.judging import outcome

MEMORY = 1 << 30
"""Bytes a worker may ask for beyond what it has after starting."""
WARM_UP = 40


def main(seed: int, start: int, step: int, stop: int) -> None:
    """Write `READY`, then number, form, outcome and seconds of the processor for each, with tabs between.

    An outcome that begins with `!` is a fault. `DONE` and the most memory used (MiB) come last.
    """
    for number in range(WARM_UP):
        _end(seed, -number)
    _limit_memory()
    _say("READY")
    for number in range(start, stop, step):
        started = time.process_time()
        form, end = _end(seed, number)
        _say(f"{number}\t{form}\t{end}\t{time.process_time() - started:.3f}")
    _say(f"DONE\t{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10}")


def _end(seed: int, number: int) -> tuple[str, str]:
    form = "?"
    try:
        case = case_of(seed, number)
        form = case.form
        return form, outcome(case)
    except BaseException as error:  # noqa: BLE001 - a panic of a Rust library is no Exception
        last = traceback.extract_tb(error.__traceback__)[-1]
        return form, f"!{type(error).__name__} {Path(last.filename).name}:{last.lineno}"


def _limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:5]))
