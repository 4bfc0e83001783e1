"""The address parser on generated addresses, whose township and door are known.

    python -m benchmarks.addresses

Every address is written in two ways: from the province down, and from the county down with other words for the same
parts. Results go to benchmarks/results/addresses.json. The addresses come from this project's generator.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from benchmarks.machine import machine
from pipelines.kernels.addresses import standardise_addresses
from pipelines.kernels.gazetteer import gazetteer_of, parse_addresses
from pipelines.synthetic.dice import Dice
from pipelines.synthetic.places import gazetteer, home

RESULT = Path(__file__).parent / "results" / "addresses.json"
FAMILIES: Final = 40_000
DOOR: Final = {
    "plate": "([0-9]+)号",
    "building": "([0-9]+)幢",
    "unit": "([0-9]+)单元",
    "room": "([0-9]+)室",
    "group": "([0-9]+)组",
}
"""Where a part stands in an address as the generator writes it in full."""


def main() -> None:
    families = np.arange(FAMILIES)
    made = home(Dice(5), families, families * 0)
    truth = made.select(
        "township_code", *(pl.col("address").str.extract(p).alias(name) for name, p in DOOR.items())
    )
    figures = {spelling: measured(made[spelling], truth) for spelling in ("address", "short_address")}
    RESULT.write_text(json.dumps({"machine": machine(), **figures}, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=1))


def measured(addresses: pl.Series, truth: pl.DataFrame) -> dict[str, Any]:
    """Shares (0 to 1) of addresses whose part is the true one, present or absent; rows a second."""
    places = gazetteer_of(gazetteer())
    started = time.perf_counter()
    found = parse_addresses(standardise_addresses(addresses)["value"], places)
    rate = round(addresses.len() / (time.perf_counter() - started))
    right = {name: float(found[name].eq_missing(truth[name]).mean()) for name in truth.columns}  # type: ignore[arg-type]
    return {"addresses": addresses.len(), "unique": addresses.n_unique(), "per_s": rate, "right": right}


if __name__ == "__main__":
    main()
