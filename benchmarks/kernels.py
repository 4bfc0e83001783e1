"""The citizen-ID kernel against python-stdnum, in one run on the same numbers.

    python -m benchmarks.kernels

stdnum answers one number at a time and judges less (no 15 digits, no reason codes); it is the library one would
reach for, so the ratio says what the kernel is worth. Results go to benchmarks/results/kernels.json.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
from stdnum.cn import ric

from benchmarks.machine import machine
from pipelines.kernels.citizen_id import standardise_citizen_ids
from pipelines.synthetic.identifiers import check_character

RESULT = Path(__file__).parent / "results" / "kernels.json"
NUMBERS, SAMPLE = 1_000_000, 50_000


def numbers() -> pl.Series:
    """Valid numbers of one division, every twentieth with a wrong check character."""
    generator = np.random.default_rng(1)
    days = pl.Series(generator.integers(-14_600, 20_000, NUMBERS)).cast(pl.Int32).cast(pl.Date)
    orders = generator.integers(1, 996, NUMBERS)
    bodies = [f"511622{day:%Y%m%d}{order:03d}" for day, order in zip(days, orders, strict=True)]
    return pl.Series([body + (check_character(body) if i % 20 else "0") for i, body in enumerate(bodies)])


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    column = numbers()
    sample = column.head(SAMPLE).to_list()
    standardise_citizen_ids(column.head(1000), as_of=date(2026, 6, 30))
    ours = min(seconds(lambda: standardise_citizen_ids(column, as_of=date(2026, 6, 30))) for _ in range(3))
    peer = min(seconds(lambda: [ric.is_valid(number) for number in sample]) for _ in range(3))
    rates = {"popbase_per_s": round(NUMBERS / ours), "stdnum_per_s": round(SAMPLE / peer)}
    result = {"machine": machine(), **rates, "ratio": round(rates["popbase_per_s"] / rates["stdnum_per_s"])}
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
