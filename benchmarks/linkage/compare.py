"""popbase's engine and Splink on one case, alternating, and other peers once; results in benchmarks/linkage/results/<case>.json.

    python -m benchmarks.linkage --case febrl3 --peer PEERS/bin/python [--records fake_1000.csv] [--times 2]

PEERS is an environment with popbase and its extra `peers`: pip install -e .[peers]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from benchmarks.linkage.data import model_of, write_case
from benchmarks.machine import machine

RESULTS = Path(__file__).parent / "results"
ROOT = Path(__file__).parents[2]


def run(*command: object) -> dict[str, object]:
    load = os.getloadavg()[0]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(  # noqa: S603 - our own scripts
        [str(one) for one in command], capture_output=True, text=True, check=False, cwd=ROOT, env=environment
    )
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found | {"load_before": round(load, 1), "load_after": round(os.getloadavg()[0], 1)}


def versions(python: Path) -> dict[str, str]:
    code = (
        "import json; from importlib.metadata import version; "
        "print(json.dumps({name: version(name) for name in ('splink', 'duckdb')}))"
    )
    told = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    return dict(json.loads(told.stdout))


def write_model(case: str, path: Path, *, everything: bool = False) -> None:
    """Write the case's model; febrl4 are two tables, `everything` compares all pairs."""
    model = yaml.safe_load(model_of(case).read_text(encoding="utf-8"))
    if case == "febrl4":
        model["apart"] = "source"
    if everything:
        model = {name: part for name, part in model.items() if name != "training"} | {"blocking": [[]]}
    path.write_text(yaml.safe_dump(model, allow_unicode=True, sort_keys=False), encoding="utf-8")


def further_peers(case: str, peer: Path, records: Path) -> list[dict[str, object]]:
    """Peers that are run once: GoldenMatch within one table, recordlinkage where its recipe is at home."""
    asked = ["--case", case, "--records", records]
    found = []
    if case != "febrl4":
        found.append(run(peer, ROOT / "benchmarks/linkage/goldenmatch_run.py", *asked))
    if case.startswith("febrl"):
        found.append(run(sys.executable, "-m", "benchmarks.linkage.recordlinkage_run", *asked))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", required=True)
    parser.add_argument("--peer", type=Path, required=True, help="a Python that has Splink")
    parser.add_argument("--records", type=Path)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--everything", action="store_true", help="popbase once more with all pairs compared")
    parser.add_argument("--further", action="store_true", help="GoldenMatch too, and of febrl recordlinkage")
    options = parser.parse_args()
    theirs = [ROOT / "benchmarks/linkage/splink_run.py", "--case", options.case]
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        path, model = Path(folder) / "records.parquet", Path(folder) / "model.yml"
        write_case(options.case, options.records, path)
        write_model(options.case, model)
        ours = ["-m", "pipelines.cli.link_bench", "--records", path, "--truth", "person", "--json"]
        for _ in range(options.times):
            runs.append({"tool": "popbase"} | run(sys.executable, *ours, "--model", model))
            runs.append(run(options.peer, *theirs, "--records", path))
        if options.everything:
            write_model(options.case, model, everything=True)
            everything = run(sys.executable, *ours, "--model", model)
            runs.append({"tool": "popbase", "blocking": "all pairs"} | everything)
        if options.further:
            runs += further_peers(options.case, options.peer, path)
    result = {"case": options.case, "machine": machine(), "peer": versions(options.peer), "runs": runs}
    path = RESULTS / f"{options.case}.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for one in runs:
        print(one)


if __name__ == "__main__":
    main()
