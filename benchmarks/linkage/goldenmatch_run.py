"""GoldenMatch on one case, as it configures itself for probabilistic matching: one line of JSON.

Runs in an environment with the extra `peers`:
    PYTHONPATH=. PEERS/bin/python benchmarks/linkage/goldenmatch_run.py --case febrl3 --records FILE.parquet

It gives clusters, so its figures are those of all pairs inside them.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path

import goldenmatch
import polars as pl

from pipelines.linkage.engine.quality import of_clusters


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", required=True)
    parser.add_argument("--records", type=Path, required=True)
    options = parser.parse_args()
    records = pl.read_parquet(options.records)
    started = time.perf_counter()
    plain = records.drop("person")
    config = goldenmatch.auto_configure_probabilistic_df(plain)
    result = goldenmatch.dedupe_df(plain, config=config, confidence_required=False)
    seconds = round(time.perf_counter() - started, 2)
    cluster = [-1 - row for row in range(records.height)]
    for number, found in result.clusters.items():
        for row in found["members"]:
            cluster[row] = number
    print(
        json.dumps(
            {
                "tool": "goldenmatch",
                "seconds": {"total": seconds},
                "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                "clusters": of_clusters(pl.Series(cluster), records["person"]),
            }
        )
    )


if __name__ == "__main__":
    main()
