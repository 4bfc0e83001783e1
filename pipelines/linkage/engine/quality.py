"""Quality of scored pairs, and of the clusters they make, against a known truth."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.linkage.engine.components import components

AT_95: Final = float(np.log2(0.95 / 0.05))
"""Bits of a match probability of 0.95."""


def true_pairs(persons: pl.Series) -> int:
    """Pairs of records of one person; a null is nobody's."""
    sizes = persons.drop_nulls().value_counts()["count"].cast(pl.Int64)
    return int((sizes * (sizes - 1) // 2).sum())


def pairwise(pairs: pl.DataFrame, truth: pl.DataFrame) -> dict[str, Any]:
    """Precision, recall and F1 at the best threshold and at a probability of 0.95.

    True pairs that were never compared, or not kept, count as missed. Where the truth has a column
    `origin`, only pairs of records of different origin count.

    Args:
        pairs: a, b (keys), weight (bits, prior included).
        truth: key, person (null: nobody's), perhaps origin.
    """
    persons = truth.select(pl.col("key"), pl.col("person").alias("of"))
    joined = pairs.select("a", "b", "weight").join(persons, left_on="a", right_on="key")
    joined = joined.join(persons, left_on="b", right_on="key", suffix="_b")
    is_right = (pl.col("of") == pl.col("of_b")).fill_null(value=False)
    found = joined.select("weight", right=is_right).sort("weight", descending=True)
    weight, right = found["weight"].to_numpy(), found["right"].to_numpy()
    every = _true_pairs(truth)
    hits, kept = np.cumsum(right), np.arange(1, len(right) + 1)
    ends = np.append(weight[1:] != weight[:-1], True)[: len(weight)]  # equal weights stand or fall together
    f1 = np.where(ends, 2 * hits / (kept + every), 0)
    best = int(f1.argmax()) if len(f1) else -1
    above = int((weight >= AT_95).sum()) - 1
    threshold = {"weight": round(float(weight[best]), 4)} if best >= 0 else {}
    return {
        "true_pairs": every,
        "true_pairs_kept": int(right.sum()),
        "best": threshold | _at(hits, kept, every, best),
        "at_95": _at(hits, kept, every, above),
    }


def _true_pairs(truth: pl.DataFrame) -> int:
    every = true_pairs(truth["person"])
    if "origin" not in truth.columns:
        return every
    within = truth.filter(pl.col("person").is_not_null()).group_by("person", "origin").len("n")
    return every - int(within.select((pl.col("n").cast(pl.Int64) * (pl.col("n") - 1) // 2).sum()).item())


def _at(hits: npt.NDArray[np.int64], kept: npt.NDArray[np.int64], every: int, place: int) -> dict[str, float]:
    return _figures(int(hits[place]), int(kept[place]), every) if place >= 0 else _figures(0, 0, every)


def _figures(right: int, linked: int, every: int) -> dict[str, float]:
    return {
        "precision": round(right / linked, 5) if linked else 1.0,
        "recall": round(right / every, 5) if every else 1.0,
        "f1": round(2 * right / (linked + every), 5) if linked + every else 1.0,
    }


def clusters(pairs: pl.DataFrame, keys: pl.Series) -> pl.Series:
    """A cluster number for each key: what links connect, directly or over others."""
    numbered = pl.DataFrame({"key": keys}).with_row_index("row")
    a, b = (
        pairs.select(side).join(numbered, left_on=side, right_on="key", maintain_order="left")["row"]
        for side in ("a", "b")
    )
    found = components(a.to_numpy().astype(np.int32), b.to_numpy().astype(np.int32), len(keys))
    return pl.Series("cluster", found)


def of_clusters(found: pl.Series, persons: pl.Series) -> dict[str, float]:
    """Pairwise precision, recall and F1 of clusters: every pair inside one counts as linked."""
    frame = pl.DataFrame({"cluster": found, "person": persons})
    both = frame.drop_nulls().group_by("person", "cluster").len("n")
    right = both.select((pl.col("n").cast(pl.Int64) * (pl.col("n") - 1) // 2).sum()).item()
    return _figures(int(right), true_pairs(frame["cluster"]), true_pairs(frame["person"]))
