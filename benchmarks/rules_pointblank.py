"""The row rules of `benchmarks.rules` on Pointblank, every failing row listed; run by it, in an interpreter that has Pointblank.

    PEERS/bin/python benchmarks/rules_pointblank.py --file FILE.parquet --checks CHECKS.json

Pointblank counts unknown values as repeated, and in a set as outside it: those rules are told as unequal.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pointblank as pb
import polars as pl


def plan(frame: pl.DataFrame, checks: list[tuple[str, dict[str, Any]]]) -> tuple[Any, list[str]]:
    """The steps, and the rule behind each."""
    steps, rules = pb.Validate(frame), []
    for number, (name, told) in enumerate(checks, 1):
        if name in STEPS:
            steps = STEPS[name](steps, told)
            rules.append(f"PB-BEN-{number:03d}")
    return steps, rules


STEPS: dict[str, Callable[[Any, dict[str, Any]], Any]] = {
    "expect_column_values_to_match_regex": lambda s, k: s.col_vals_regex(
        k["column"], k["regex"], na_pass=True
    ),
    "expect_column_value_lengths_to_equal": lambda s, k: s.col_vals_expr(
        (pl.col(k["column"]).str.len_chars() == k["value"]).fill_null(value=True)
    ),
    "expect_column_values_to_be_in_set": lambda s, k: s.col_vals_in_set(k["column"], [*k["value_set"], None]),
    "expect_column_values_to_be_between": lambda s, k: s.col_vals_between(
        k["column"], k["min_value"], k["max_value"], na_pass=True
    ),
    "expect_column_values_to_not_be_null": lambda s, k: s.col_vals_not_null(k["column"]),
    "expect_column_values_to_be_unique": lambda s, k: s.rows_distinct(columns_subset=[k["column"]]),
    "expect_compound_columns_to_be_unique": lambda s, k: s.rows_distinct(columns_subset=k["column_list"]),
    "expect_column_pair_values_a_to_be_greater_than_b": lambda s, k: s.col_vals_ge(
        k["column_A"], pb.col(k["column_B"]), na_pass=True
    ),
}
"""Rules about single rows; the two about the whole table are left out."""


def ran(path: Path, checks: list[tuple[str, dict[str, Any]]]) -> tuple[dict[str, int], int]:
    frame = pl.read_parquet(path)
    steps, rules = plan(frame, checks)
    done = steps.interrogate(extract_limit=frame.height)
    counts = {rule: int(done.n_failed(i=n, scalar=True)) for n, rule in enumerate(rules, 1)}
    extracts = (done.get_data_extracts(i=n, frame=True) for n in range(1, len(rules) + 1))
    return counts, sum(part.height for part in extracts if part is not None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--checks", type=Path, required=True)
    asked = parser.parse_args()
    checks = json.loads(asked.checks.read_text(encoding="utf-8"))
    ran(asked.file.with_name("small.parquet"), checks)
    started = time.perf_counter()
    counts, listed = ran(asked.file, checks)
    seconds = round(time.perf_counter() - started, 2)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    found = {"seconds": seconds, "peak_rss_mib": peak, "counts": counts, "listed": listed}
    print(json.dumps(found | {"version": pb.__version__}))


if __name__ == "__main__":
    main()
