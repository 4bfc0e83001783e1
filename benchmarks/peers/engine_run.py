"""popbase's engine on one case: one line of JSON.

python -m benchmarks.peers.engine_run --records FILE.parquet --model MODEL.yml [--everything]
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path

import polars as pl

from benchmarks.peers.quality import AT_95, clusters, quality
from pipelines.linkage.engine.fitting import fit
from pipelines.linkage.engine.linking import link
from pipelines.linkage.engine.model import LinkageModel
from pipelines.linkage.engine.model_files import load_model
from pipelines.linkage.engine.table import encode

_KEPT = -6.63  # bits: a probability of 0.01, as for the peers


def adapted(path: Path, records: pl.DataFrame, *, everything: bool) -> LinkageModel:
    model = load_model(path)
    changes: dict[str, object] = {"possible_weight": _KEPT} | (
        {"apart": "source"} if "source" in records.columns else {}
    )
    if everything:
        changes |= {"blocking": ((),), "training": ()}
    return model.model_copy(update=changes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--everything", action="store_true", help="compare all pairs: small tables")
    options = parser.parse_args()
    records = pl.read_parquet(options.records)
    model = adapted(options.model, records, everything=options.everything)
    clock = [time.perf_counter()]
    table = encode(records, model)
    clock.append(time.perf_counter())
    fitted = fit(table, model)
    clock.append(time.perf_counter())
    links = link(table, fitted.model)
    clock.append(time.perf_counter())
    clusters(links.pairs.filter(pl.col("weight") >= AT_95), records[model.key])
    clock.append(time.perf_counter())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    names = ("load", "train", "predict", "cluster")
    seconds = {name: round(b - a, 2) for name, a, b in zip(names, clock, clock[1:], strict=False)}
    truth = records.select(key=pl.col(model.key), person=pl.col("person"))
    result = {"tool": "popbase", "pairs": links.compared, "seconds": seconds, "peak_rss_mib": round(peak)}
    print(json.dumps(result | quality(links.pairs, truth) | {"faults": fitted.faults}))


if __name__ == "__main__":
    main()
