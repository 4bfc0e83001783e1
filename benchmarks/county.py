"""A generated county from files to publication: seconds by stage, and quality against the truth.

    python -m benchmarks.county --persons 20000 --seeds 1 2 3 4 5

Every seed is a county of its own in a home of its own; results go to benchmarks/results/county-<persons>.json, with
figures over all seeds: wrong merges in 10,000 persons (upper bound of 95 %), and which share of the pairs that
equal numbers alone miss was found.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from scipy.stats import chi2

from benchmarks.machine import machine
from pipelines.evaluating import evaluate_truth
from pipelines.running import run_all
from pipelines.settings import Settings
from pipelines.store.database import front_database_url
from pipelines.store.embedded import stop_server
from pipelines.store.front import load_front_folder
from pipelines.synthetic.generate import generate

RESULTS = Path(__file__).parent / "results"


def measure(persons: int, seed: int) -> dict[str, Any]:
    base = Path(tempfile.mkdtemp(prefix="popbase-county-"))
    base.chmod(0o755)  # the server\'s account looks in
    settings = Settings(home=base / "home")
    try:
        generate(persons, seed, base / "county", 1)
        load_front_folder(front_database_url(settings), base / "county" / "front")
        run = run_all(settings, base / "county" / "inbox", lambda *_: None)
        figures = evaluate_truth(settings, base / "county" / "truth.csv")
    finally:
        stop_server(settings)
        shutil.rmtree(base, ignore_errors=True)
    return {
        "seed": seed,
        "records": run.records,
        "persons": run.persons,
        "seconds": run.seconds,
        "peak_rss_mib": run.peak_rss_mib,
        "quality": figures,
    }


def together(runs: list[dict[str, Any]]) -> dict[str, float]:
    """Over all seeds; the bound is Poisson's (Garwood 1936)."""
    persons = sum(run["persons"] for run in runs)
    wrong = sum(run["quality"]["persons_of_two_people"] for run in runs)
    bound = float(chi2.ppf(0.95, 2 * (wrong + 1)) / 2)
    missed = [1 - run["quality"]["exact_id_baseline"]["recall"] for run in runs]
    found = [
        1 - (1 - run["quality"]["pairwise"]["recall"]) / lost for run, lost in zip(runs, missed, strict=True)
    ]
    return {
        "persons": persons,
        "wrong_merges": wrong,
        "wrong_merges_in_10000_at_most": round(10_000 * bound / persons, 3),
        "found_of_what_numbers_miss": round(min(found), 4),
        "f1_without_valid_id": round(min(run["quality"]["without_valid_id"]["f1"] for run in runs), 5),
        "persons_with_two_valid_ids": sum(run["quality"]["persons_with_two_valid_ids"] for run in runs),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    options = parser.parse_args()
    runs = []
    for seed in options.seeds:
        runs.append(measure(options.persons, seed))
        print(json.dumps(runs[-1], ensure_ascii=False))
    result = {"machine": machine(), "persons": options.persons, "together": together(runs), "runs": runs}
    print(json.dumps(result["together"]))
    path = RESULTS / f"county-{options.persons}.json"
    path.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
