"""Splink on one case, as its demonstrations configure it, with the same blocking rules: one line of JSON.

Runs in an environment with the extra `peers`:
    PYTHONPATH=. PEERS/bin/python benchmarks/linkage/splink_run.py --case febrl3 --records FILE.parquet
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path
from typing import Any

import polars as pl
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from pipelines.linkage.engine.quality import AT_95, clusters, of_clusters, pairwise

FEBRL_RULES = ["soc_sec_id", "given_name", "surname", "date_of_birth", "postcode"]
NARROW = [
    ("first_name", "surname"), ("surname", "dob"), ("first_name", "dob"), ("email",), ("dob", "city"),
    ("surname", "city", "substr(first_name,1,1)"),
]  # fmt: skip
WIDE = [
    ("first_name", "substr(dob,1,4)"), ("surname", "substr(dob,1,4)"), ("city", "substr(dob,1,7)"), *NARROW,
]  # fmt: skip


def _febrl(case: str) -> dict[str, Any]:
    comparisons = [
        cl.NameComparison("given_name"),
        cl.NameComparison("surname"),
        cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d"),
        cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
        cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
        cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(term_frequency_adjustments=True),
        cl.JaroWinklerAtThresholds("suburb", [0.9]).configure(term_frequency_adjustments=True),
        cl.JaroWinklerAtThresholds("address_1", [0.9]).configure(term_frequency_adjustments=True),
    ]
    return {
        "key": "rec_id", "apart": case == "febrl4", "comparisons": comparisons,
        "rules": [block_on(rule) for rule in FEBRL_RULES],
        "deterministic": [block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")],
        "recall": 0.9, "sessions": [block_on("date_of_birth"), block_on("postcode")], "u_pairs": 1e6,
    }  # fmt: skip


def _people(case: str) -> dict[str, Any]:
    fake = case.startswith("fake")
    rules = [(one,) for one in ("first_name", "surname", "dob", "email")] if fake else NARROW
    rules = WIDE if case.endswith("wide") else rules
    names = (
        [cl.ForenameSurnameComparison("first_name", "surname")]
        if fake
        else [cl.NameComparison("first_name"), cl.NameComparison("surname")]
    )
    return {
        "key": "unique_id", "apart": False,
        "comparisons": [
            *names,
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.EmailComparison("email"),
        ],
        "rules": [block_on(*rule) for rule in rules],
        "deterministic": [block_on("first_name", "surname", "dob"), block_on("email")],
        "recall": 0.7,
        "sessions": (
            [block_on("dob"), block_on("email")] if fake
            else [block_on("first_name", "surname"), block_on("dob", "city")]
        ),
        "u_pairs": 5e6 if fake else 1e6,
    }  # fmt: skip


def _county(case: str) -> dict[str, Any]:
    """As documented (NameComparison on the characters), or what an expert would choose on pinyin."""
    name = cl.NameComparison("name")
    if case == "county_expert":
        name = cl.CustomComparison(
            output_column_name="name",
            comparison_levels=[
                cll.NullLevel("name"),
                cll.ExactMatchLevel("name", term_frequency_adjustments=True),
                cll.ExactMatchLevel("name_sound", term_frequency_adjustments=True),
                cll.JaroWinklerLevel("name_sound", 0.92),
                cll.JaroWinklerLevel("name_sound", 0.8),
                cll.ElseLevel(),
            ],
        )
    sound = "name_sound" if case == "county_expert" else "name"
    rules = [
        ("name",), ("local_number",), (sound, "born_on"), (sound, "telephone"), ("born_on", "telephone"),
        (sound, "household_number"), ("born_on", "address"), (sound, "address"), (sound, "employer_name"),
        ("substr(name,1,1)", "born_on"),
    ]  # fmt: skip
    return {
        "key": "record_key", "apart": False,
        "comparisons": [
            name,
            cl.DateOfBirthComparison("born_on", input_is_string=True),
            cl.ExactMatch("sex_code"),
            cl.DamerauLevenshteinAtThresholds("telephone", [1]).configure(term_frequency_adjustments=True),
            cl.ExactMatch("household_number").configure(term_frequency_adjustments=True),
            cl.ExactMatch("address").configure(term_frequency_adjustments=True),
            cl.ExactMatch("employer_name").configure(term_frequency_adjustments=True),
            cl.ExactMatch("local_number"),
        ],
        "rules": [block_on(*rule) for rule in rules],
        "deterministic": [block_on("name", "born_on", "telephone"), block_on("local_number")],
        "recall": 0.7, "sessions": [block_on(sound, "born_on"), block_on(sound, "telephone")], "u_pairs": 5e6,
    }  # fmt: skip


def _tables(records: pl.DataFrame, case: dict[str, Any], api: DuckDBAPI) -> Any:
    plain = records.drop("person")
    if not case["apart"]:
        return api.register(plain.to_pandas())
    parts = plain.partition_by("source", maintain_order=True)
    return [api.register(part.drop("source").to_pandas()) for part in parts]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", required=True)
    parser.add_argument("--records", type=Path, required=True)
    options = parser.parse_args()
    records = pl.read_parquet(options.records)
    makers = {"febrl": _febrl, "county": _county}
    kind = options.case.split("_")[0].rstrip("34")
    case = makers.get(kind, _people)(options.case)
    clock = [time.perf_counter()]
    settings = SettingsCreator(
        link_type="link_only" if case["apart"] else "dedupe_only",
        unique_id_column_name=case["key"],
        comparisons=case["comparisons"],
        blocking_rules_to_generate_predictions=case["rules"],
    )
    linker = Linker(_tables(records, case, DuckDBAPI()), settings, log_level="ERROR")
    clock.append(time.perf_counter())
    linker.training.estimate_probability_two_random_records_match(
        case["deterministic"], recall=case["recall"]
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=case["u_pairs"], seed=1)
    for rule in case["sessions"]:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    clock.append(time.perf_counter())
    predicted = linker.inference.predict(threshold_match_probability=0.01)
    clock.append(time.perf_counter())
    linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, threshold_match_probability=0.95)
    clock.append(time.perf_counter())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = predicted.as_pandas_dataframe()
    key = case["key"]
    pairs = pl.DataFrame(
        {
            "a": found[f"{key}_l"].to_numpy(),
            "b": found[f"{key}_r"].to_numpy(),
            "weight": found["match_weight"].to_numpy(),
        }
    )
    names = ("load", "train", "predict", "cluster")
    seconds = {name: round(b - a, 2) for name, a, b in zip(names, clock, clock[1:], strict=False)}
    result = {"tool": "splink", "kept": pairs.height, "seconds": seconds, "peak_rss_mib": round(peak)}
    print(json.dumps(result | quality(pairs, records, key)))


def quality(pairs: pl.DataFrame, records: pl.DataFrame, key: str) -> dict[str, Any]:
    truth = records.select(key=pl.col(key), person=pl.col("person"))
    found = clusters(pairs.filter(pl.col("weight") >= AT_95), truth["key"])
    return pairwise(pairs, truth) | {"clusters_at_95": of_clusters(found, truth["person"])}


if __name__ == "__main__":
    main()
