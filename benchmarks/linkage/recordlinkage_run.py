"""recordlinkage's ECM on one case of febrl, with the same blocks: one line of JSON.

Runs in popbase's own environment:
    python -m benchmarks.linkage.recordlinkage_run --case febrl3 --records FILE.parquet
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path

import numpy as np
import polars as pl
import recordlinkage

from pipelines.linkage.engine.quality import pairwise

BLOCKS = ("soc_sec_id", "given_name", "surname", "date_of_birth", "postcode")
SIMILAR = ("given_name", "surname", "suburb", "address_1")
EQUAL = ("date_of_birth", "soc_sec_id", "street_number", "postcode", "state")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", required=True)
    parser.add_argument("--records", type=Path, required=True)
    options = parser.parse_args()
    records = pl.read_parquet(options.records)
    started = time.perf_counter()
    tables = [records.to_pandas().set_index("rec_id")]
    if options.case == "febrl4":
        tables = [tables[0][tables[0]["source"] == one] for one in "ab"]
    index = recordlinkage.Index()
    for column in BLOCKS:
        index.block(column)
    pairs = index.index(*tables)
    compare = recordlinkage.Compare()
    for column in SIMILAR:
        compare.string(column, column, method="jarowinkler", threshold=0.85)
    for column in EQUAL:
        compare.exact(column, column)
    vectors = compare.compute(pairs, *tables)
    model = recordlinkage.ECMClassifier(binarize=0.5)
    model.fit(vectors)
    probability = np.clip(model.prob(vectors).to_numpy(), 1e-12, 1 - 1e-12)
    seconds = round(time.perf_counter() - started, 2)
    found = pl.DataFrame(
        {
            "a": vectors.index.get_level_values(0).to_numpy(),
            "b": vectors.index.get_level_values(1).to_numpy(),
            "weight": np.log2(probability / (1 - probability)),
        }
    )
    truth = records.select(
        key="rec_id", person="person", **({"origin": "source"} if options.case == "febrl4" else {})
    )
    print(
        json.dumps(
            {
                "tool": "recordlinkage",
                "pairs": len(vectors),
                "seconds": {"total": seconds},
                "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            }
            | pairwise(found, truth)
        )
    )


if __name__ == "__main__":
    main()
