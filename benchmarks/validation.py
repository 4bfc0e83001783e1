"""A feed's shipped suite through Great Expectations twice, in one run: on the Polars engine and on GX's pandas engine.

    python -m benchmarks.validation --persons 200000

The rows are a generated feed, read and standardised as `popbase run` does.
Counts are compared rule by rule; a rule that GX's pandas engine trips over is left out of both. Results go to
benchmarks/results/validation.json.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.machine import machine
from pipelines.contract.load import load_aliases, load_contracts
from pipelines.contract.model import Contract
from pipelines.intake.delivery import open_delivery
from pipelines.intake.manifest import find_deliveries, read_manifest
from pipelines.kernels.sorting import sort_rows
from pipelines.kernels.standard import standardise_columns
from pipelines.quality.run import validate_frame
from pipelines.quality.suite import EXPECTATIONS, Suite, load_suite
from pipelines.synthetic.generate import generate

RESULT = Path(__file__).parent / "results" / "validation.json"


def standard_rows(contract: Contract, county: Path) -> pl.DataFrame:
    """The feed's first delivery, standardised."""
    found = find_deliveries(county / "inbox", contract.feed)[0]
    manifest = read_manifest(found)
    source = (found.folder / str(manifest.file)).open("rb")
    with source, open_delivery(source, contract, manifest, load_aliases()) as reading:
        names, chunks = reading.header.names, [chunk.rows for chunk in reading.chunks]
    raw = pl.concat(chunks).rename({name: f"raw.{name}" for name in names})
    sound = sort_rows(raw, contract, manifest.mode).on
    columns, _ = standardise_columns(sound, contract, as_of=manifest.data_date)
    keyed = sound.select("row_number", "operation", "record_key", "is_person")
    return pl.concat([keyed, columns], how="horizontal")


def row_rules(suite: Suite) -> Suite:
    """The rules about rows, without parameters: both engines can be asked the very same."""
    rules = [r for r in suite.rules if "$PARAMETER" not in str(r.kwargs) and "row_condition" not in r.kwargs]
    return suite.model_copy(
        update={"rules": tuple(r for r in rules if "_column" in r.expectation), "derived": {}}
    )


def on_pandas(frame: pl.DataFrame, suite: Suite) -> dict[str, int]:
    """Failed rows by rule, as GX's own pandas engine counts them; rules it trips over are left out."""
    import great_expectations as gx  # noqa: PLC0415 - popbase's own import of it is timed apart

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("pandas").add_dataframe_asset("feed")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame.to_pandas()})
    kinds: Any = gx.expectations
    named = {rule.id: "".join(word.title() for word in rule.expectation.split("_")) for rule in suite.rules}
    expectations = [
        getattr(kinds, named[rule.id])(**rule.kwargs, meta={"rule": rule.id}) for rule in suite.rules
    ]
    found = batch.validate(gx.ExpectationSuite("feed", expectations=expectations), result_format="BASIC")
    counts = {r.expectation_config.meta["rule"]: r.result.get("unexpected_count") for r in found.results}
    return {rule_id: count for rule_id, count in counts.items() if count is not None}


def measure(frame: pl.DataFrame, suite: Suite) -> dict[str, object]:
    able = on_pandas(frame.head(1000), suite)
    suite = suite.model_copy(update={"rules": tuple(r for r in suite.rules if r.id in able)})
    validate_frame(frame.head(1000), suite)
    started = time.perf_counter()
    outcome = validate_frame(frame, suite)
    ours = time.perf_counter() - started
    started = time.perf_counter()
    theirs = on_pandas(frame, suite)
    pandas = time.perf_counter() - started
    return {
        "machine": machine(), "rows": frame.height, "rules": len(suite.rules), "failing": outcome.failing.height,
        "polars_s": round(ours, 2), "pandas_s": round(pandas, 2), "ratio": round(pandas / ours, 1),
        "unequal": [r.rule.id for r in outcome.rules if r.failed != theirs[r.rule.id]],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, default=200_000)
    warnings.simplefilter("ignore")
    contract = max(load_contracts().values(), key=lambda contract: contract.authority)
    persons = parser.parse_args().persons
    with tempfile.TemporaryDirectory() as folder:
        generate(persons, 1, Path(folder), 1)
        frame = standard_rows(contract, Path(folder))
    result = measure(frame, row_rules(load_suite(EXPECTATIONS / f"{contract.feed}.yml")))
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
