# ruff: noqa: PLC0415, S603 - a way imports what it needs alone, so that peaks can be compared; commands of ours
"""Thirty rules on twenty columns: Great Expectations on popbase's Polars engine, plain Polars, GX on pandas, GX on PostgreSQL.

    python -m benchmarks.rules --rows 1000000

Every way runs in an interpreter of its own, one after the other and in turns (`--rounds`), on the same Parquet file; the
time counts from the scan of the file to the last failing row, imports left out; the peak is the interpreter's. Polars ways
list every failing row and rule; `gx_pandas` and `gx_postgres` only count, without sample values, `gx_pandas_listing` and
`gx_postgres_listing` name every failing row as well (of compound uniqueness Great Expectations on PostgreSQL names none).
On a machine that does other work too the least of the times tells more than their median. Counts have to agree rule by rule. `--peers PYTHON` runs Pointblank too, with that interpreter (the extra `peers`).
Results go to benchmarks/results/rules.json (`--out`).
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.machine import machine
from pipelines.quality.suite import Suite

RESULT = Path(__file__).parent / "results" / "rules.json"
DAY = dt.date(2000, 1, 1)
TEXTS = {f"text_{n}": 6 + n for n in range(6)}
CODES = {f"code_{n}": ["1", "2", "9"] for n in range(4)}
NUMBERS = [f"number_{n}" for n in range(4)]
DATES = ["since_on", "until_on", "born_on"]
IDS = ["number_key", "other_key", "part_key"]
VALUES = "expect_column_values_to_"
FAULTS = 0.01
KEY = "row_number"
LISTING = {
    "result_format": "COMPLETE", "unexpected_index_column_names": [KEY], "partial_unexpected_count": 100_000_000,
}  # fmt: skip


def people(rows: int) -> pl.DataFrame:
    """A frame of 20 columns and a row number; one value in a hundred of each column breaks its rule, one in fifty is null."""
    dice = np.random.default_rng(7)

    def dirt(good: pl.Series, bad: Any) -> pl.Series:
        draw = dice.random(rows)
        told = pl.when(pl.Series(draw < FAULTS)).then(pl.lit(bad, good.dtype)).otherwise(good)
        return pl.select(pl.when(pl.Series(draw < 1 - 2 * FAULTS)).then(told)).to_series()

    def digits(width: int) -> pl.Series:
        numbers = pl.Series(dice.integers(10 ** (width - 1), 10**width, rows))
        return numbers.cast(pl.String)

    def days(longest: int) -> pl.Series:
        return pl.select(
            pl.lit(DAY) + pl.duration(days=pl.Series(dice.integers(0, longest, rows)))
        ).to_series()

    keys = pl.Series(np.arange(rows) + 10**9)
    columns = {name: dirt(digits(width), "X") for name, width in TEXTS.items()}
    columns |= {
        name: dirt(pl.Series(np.array(codes)[dice.integers(0, 3, rows)].tolist()), "?")
        for name, codes in CODES.items()
    }
    columns |= {name: dirt(pl.Series(dice.integers(0, 100, rows)), 1000) for name in NUMBERS}
    columns |= {
        "born_on": dirt(days(9000), dt.date(2090, 1, 1)),
        "since_on": dirt(days(4000), dt.date(2060, 1, 1)),
    }
    columns["until_on"] = pl.select(pl.lit(dt.date(2011, 1, 1)) + (days(3000) - pl.lit(DAY))).to_series()
    columns["number_key"] = dirt(keys.cast(pl.String), "1000000001")
    columns["other_key"] = dirt(keys, 10**9 + 2)
    columns["part_key"] = pl.Series(dice.integers(0, 50, rows))
    return pl.DataFrame({"row_number": pl.Series(np.arange(1, rows + 1), dtype=pl.Int32), **columns})


def checks() -> list[tuple[str, dict[str, Any]]]:
    """The thirty."""
    either = {"ignore_row_if": "either_value_is_missing"}
    return [
        *((f"{VALUES}match_regex", {"column": name, "regex": r"^\d+$"}) for name in TEXTS),
        *(("expect_column_value_lengths_to_equal", {"column": name, "value": w}) for name, w in TEXTS.items()),
        *((f"{VALUES}be_in_set", {"column": name, "value_set": codes}) for name, codes in CODES.items()),
        *((f"{VALUES}be_between", {"column": name, "min_value": 0, "max_value": 99}) for name in NUMBERS),
        *((f"{VALUES}not_be_null", {"column": name}) for name in ("text_0", "code_0", "number_0", "born_on")),
        (f"{VALUES}be_unique", {"column": "number_key"}),
        (f"{VALUES}be_unique", {"column": "other_key"}),
        ("expect_compound_columns_to_be_unique",
         {"column_list": ["other_key", "part_key"], "ignore_row_if": "any_value_is_missing"}),
        ("expect_column_pair_values_a_to_be_greater_than_b",
         {"column_A": "until_on", "column_B": "since_on", "or_equal": True, **either}),
        ("expect_column_mean_to_be_between", {"column": "number_1", "min_value": 0}),
        ("expect_table_row_count_to_be_between", {"min_value": 1}),
    ]  # fmt: skip


def suite() -> Suite:
    texts = {"basis": "b", "office": "o", "zh": "测试", "en": "t", "severity": "warn", "indicator": "0201"}
    rules = [
        {"id": f"PB-BEN-{n:03d}", "expectation": name, "kwargs": kwargs, **texts}
        for n, (name, kwargs) in enumerate(checks(), 1)
    ]
    return Suite.model_validate({"suite": "bench/people", "rules": rules})


def on_engine(path: Path, *, streamed: bool = False) -> tuple[dict[str, int], int]:
    from pipelines.quality.run import validate_frame

    frame = pl.scan_parquet(path) if streamed else pl.read_parquet(path)
    outcome = validate_frame(frame, suite(), today=DAY)
    return {
        r.rule.id: r.failed for r in outcome.rules if "_column" in r.rule.expectation
    }, outcome.failing.height


def masks() -> dict[str, pl.Expr]:
    """The same checks written in plain Polars by hand."""
    found = [~pl.col(name).str.contains(r"^\d+$") for name in TEXTS]
    found += [pl.col(name).str.len_chars() != width for name, width in TEXTS.items()]
    found += [~pl.col(name).is_in(codes) for name, codes in CODES.items()]
    found += [~pl.col(name).is_between(0, 99) for name in NUMBERS]
    found += [pl.col(name).is_null() for name in ("text_0", "code_0", "number_0", "born_on")]
    found += [pl.col(n).is_duplicated() & pl.col(n).is_not_null() for n in ("number_key", "other_key")]
    both = pl.struct("other_key", "part_key").is_duplicated()
    found += [both & pl.col("other_key").is_not_null() & pl.col("part_key").is_not_null()]
    found += [pl.col("until_on") < pl.col("since_on")]
    return {f"PB-BEN-{n:03d}": mask.fill_null(value=False) for n, mask in enumerate(found, 1)}


def on_plain(path: Path) -> tuple[dict[str, int], int]:
    lazy = pl.scan_parquet(path)
    named = [mask.alias(name) for name, mask in masks().items()]
    found = lazy.select(
        "row_number", *named, pl.col("number_1").mean().alias("mean"), pl.len().alias("rows")
    ).collect()
    counts = {name: int(found[name].sum()) for name in masks()}
    rows = pl.concat(
        found.select("row_number").filter(found[name]).with_columns(rule_id=pl.lit(name)) for name in masks()
    )
    return counts, rows.height


def by_expectations(
    asset: Any, context: Any, parameters: dict[str, Any] | None, *, listing: bool = False
) -> tuple[dict[str, int], int]:
    import great_expectations as gx

    from pipelines.quality.session import COUNTS_ONLY, as_expectation

    definition = gx.ValidationDefinition(
        name="validation", data=asset,
        suite=context.suites.add(
            gx.ExpectationSuite(name="suite", expectations=[as_expectation(rule) for rule in suite().rules])
        ),
    )  # fmt: skip
    asked = {**COUNTS_ONLY, **(LISTING if listing else {})}
    found = definition.run(batch_parameters=parameters, result_format=asked)
    counts = {
        r.expectation_config.meta["rule"]: int(r.result["unexpected_count"])
        for r in found.results
        if r.expectation_config is not None and "unexpected_count" in r.result
    }
    return counts, sum(_listed(r.result.get("unexpected_index_list")) for r in found.results)


def _listed(rows: Any) -> int:
    """Keys of failing rows; where values are left out they are lists by column."""
    if isinstance(rows, dict):
        return len(rows[KEY])
    return sum(len(one[KEY]) if isinstance(one.get(KEY), list) else 1 for one in rows or ())


def on_pandas(path: Path, *, listing: bool = False) -> tuple[dict[str, int], int]:
    import great_expectations as gx
    import pandas as pd

    from pipelines.quality.session import in_memory

    frame = pd.read_parquet(path)
    for name in DATES:
        frame[name] = pd.to_datetime(frame[name])
    context = gx.get_context(mode="ephemeral", project_config=in_memory())
    asset = context.data_sources.add_pandas("pandas").add_dataframe_asset("people")
    return by_expectations(
        asset.add_batch_definition_whole_dataframe("all"), context, {"dataframe": frame}, listing=listing
    )


def on_postgres(_path: Path, *, listing: bool = False) -> tuple[dict[str, int], int]:
    """The rows are in `bench.people` before the clock starts."""
    import great_expectations as gx

    from pipelines.quality.second import with_driver
    from pipelines.quality.session import in_memory
    from pipelines.settings import settings_from_environment
    from pipelines.store.embedded import ADMIN, server_url

    url = server_url(settings_from_environment(), "postgres", ADMIN)
    context = gx.get_context(mode="ephemeral", project_config=in_memory())
    source = context.data_sources.add_postgres("postgres", connection_string=with_driver(url))
    asset = source.add_table_asset("people", table_name="bench_people")
    return by_expectations(asset.add_batch_definition_whole_table("all"), context, None, listing=listing)


def load_postgres(frame: pl.DataFrame) -> None:
    import psycopg2

    from pipelines.settings import settings_from_environment
    from pipelines.store.embedded import ADMIN, server_url, start_server

    start_server(settings_from_environment())
    kinds = {pl.String: "text", pl.Int64: "bigint", pl.Int32: "integer", pl.Date: "date"}
    columns = ", ".join(f"{name} {kinds[type(kind)]}" for name, kind in frame.schema.items())
    connection = psycopg2.connect(server_url(settings_from_environment(), "postgres", ADMIN))
    with connection, connection.cursor() as cursor, tempfile.TemporaryFile() as text:
        cursor.execute(f"drop table if exists bench_people; create table bench_people ({columns})")
        frame.write_csv(text, include_header=False)
        text.seek(0)
        cursor.copy_expert("copy bench_people from stdin (format csv)", text)
        cursor.execute("analyze bench_people")
    connection.close()


WAYS: dict[str, Callable[[Path], tuple[dict[str, int], int]]] = {
    "plain_polars": on_plain,
    "gx_polars": on_engine,
    "gx_polars_streamed": lambda path: on_engine(path, streamed=True),
    "gx_pandas": on_pandas,
    "gx_postgres": on_postgres,
    "gx_pandas_listing": lambda path: on_pandas(path, listing=True),
    "gx_postgres_listing": lambda path: on_postgres(path, listing=True),
}


def one(way: str, path: Path) -> dict[str, Any]:
    """One way in this interpreter, imports and a first small run before the clock starts."""
    warnings.simplefilter("ignore")
    small = path.with_name("small.parquet")
    if not way.startswith("gx_postgres"):
        WAYS[way](small)
    else:
        import great_expectations  # noqa: F401
    started, worked = time.perf_counter(), time.process_time()
    counts, listed = WAYS[way](path)
    seconds, cpu = time.perf_counter() - started, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    told = {"seconds": round(seconds, 2), "cpu_s": round(cpu, 2), "peak_rss_mib": peak}
    return {**told, "counts": counts, "listed": listed}


def command(way: str, path: Path, peers: Path | None) -> list[str]:
    if way == "pointblank":
        asked = ["--checks", str(path.with_name("checks.json")), "--file", str(path)]
        return [str(peers), "benchmarks/rules_pointblank.py", *asked]
    return [sys.executable, "-m", "benchmarks.rules", "--way", way, "--file", str(path)]


def measure(rows: int, rounds: int, ways: list[str], peers: Path | None) -> dict[str, Any]:
    runs: dict[str, list[dict[str, Any]]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.parquet"
        frame = people(rows)
        frame.write_parquet(path)
        frame.head(1000).write_parquet(path.with_name("small.parquet"))
        path.with_name("checks.json").write_text(json.dumps(checks()), encoding="utf-8")
        if any(way.startswith("gx_postgres") for way in ways):
            load_postgres(frame)
        del frame
        for _ in range(rounds):
            for way in ways:
                told = subprocess.run(command(way, path, peers), check=True, capture_output=True, text=True)
                runs[way].append(json.loads(told.stdout.splitlines()[-1]))
    return summed(rows, runs)


def summed(rows: int, runs: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    usual = runs["plain_polars"][0]["counts"]
    ways = {
        way: {
            "seconds": [run["seconds"] for run in made],
            "median_s": statistics.median(run["seconds"] for run in made),
            "least_s": min(run["seconds"] for run in made),
            "cpu_s": [run.get("cpu_s") for run in made],
            "peak_rss_mib": max(run["peak_rss_mib"] for run in made),
            "listed_rows": made[0]["listed"],
            **({"version": made[0]["version"]} if "version" in made[0] else {}),
            "unequal": sorted(name for name, count in usual.items() if made[0]["counts"].get(name) != count),
        }
        for way, made in runs.items()
    }
    plain = ways["plain_polars"]

    def ratios(figure: str) -> dict[str, float]:
        return {way: round(figures[figure] / plain[figure], 2) for way, figures in ways.items()}

    return {
        "machine": machine(), "rows": rows, "columns": 20, "rules": len(checks()), "ways": ways,
        "times_of_plain_polars": {figure: ratios(figure) for figure in ("median_s", "least_s", "peak_rss_mib")},
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ways", nargs="+", default=list(WAYS))
    parser.add_argument("--out", type=Path, default=RESULT)
    parser.add_argument("--peers", type=Path, help="a Python that has Pointblank")
    parser.add_argument("--way")
    parser.add_argument("--file", type=Path)
    asked = parser.parse_args()
    if asked.way:
        print(json.dumps(one(asked.way, asked.file)))
        return
    ways = [*asked.ways, *(["pointblank"] if asked.peers else [])]
    result = measure(asked.rows, asked.rounds, ways, asked.peers)
    asked.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
