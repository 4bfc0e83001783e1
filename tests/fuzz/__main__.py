"""`python -m tests.fuzz --files N --seed S`: judge N made-up deliveries; ends with 1 when one of them fails.

`--only NUMBER` judges a single one here, with its traceback, and writes its bytes to `--keep FILE`.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from tests.fuzz.cases import case_of
from tests.fuzz.judging import outcome
from tests.fuzz.runner import Tally, run


def main() -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(
        prog="tests.fuzz", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=min(os.cpu_count() or 1, 8))
    parser.add_argument("--only", type=int)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    if given.only is not None:
        return _only(given.seed, given.only, given.keep)
    tally = run(given.seed, given.files, given.workers)
    sys.stdout.write(summary(tally))
    return 1 if tally.faults else 0


def summary(tally: Tally) -> str:
    """What a run found, in lines."""
    rate = tally.files / max(tally.seconds, 0.001)
    lines = [
        f"{tally.files} deliveries in {tally.seconds:.0f} s: {rate:.0f} a second",
        f"slowest {tally.slowest:.2f} s of the processor, memory {tally.memory_mib} MiB",
        "read of each form: "
        + ", ".join(f"{form} {tally.read[form]} of {count}" for form, count in sorted(tally.forms.items())),
        *(f"  {count:>8}  {outcome}" for outcome, count in sorted(tally.outcomes.items())),
        *(f"FAULT {number}: {told}" for number, told in sorted(tally.faults.items())[:100]),
        f"{len(tally.faults)} faults",
    ]
    return "\n".join(lines) + "\n"


def _only(seed: int, number: int, keep: Path | None) -> int:
    case = case_of(seed, number)
    if keep is not None:
        keep.write_bytes(case.content)
    sys.stdout.write(f"{case.form} {case.mode} {len(case.content)} bytes\n")
    sys.stdout.write(outcome(case) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
