"""Quality of scored pairs and of clusters against a truth, the same for every tool."""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

AT_95 = float(np.log2(0.95 / 0.05))


def true_pairs(truth: pl.Series) -> int:
    sizes = truth.value_counts()["count"].cast(pl.Int64)
    return int((sizes * (sizes - 1) // 2).sum())


def quality(pairs: pl.DataFrame, truth: pl.DataFrame) -> dict[str, object]:
    """Pairwise figures; true pairs that were not scored count as missed.

    Args:
        pairs: a, b (keys), weight (bits, prior included).
        truth: key, person.
    """
    persons = truth.select(pl.col("key"), pl.col("person").alias("of"))
    joined = pairs.join(persons, left_on="a", right_on="key").join(
        persons, left_on="b", right_on="key", suffix="_b"
    )
    found = joined.select("weight", right=pl.col("of") == pl.col("of_b")).sort("weight", descending=True)
    every = true_pairs(truth["person"])
    weight, right = found["weight"].to_numpy(), found["right"].to_numpy()
    hits, kept = np.cumsum(right), np.arange(1, len(right) + 1)
    last = np.append(weight[1:] != weight[:-1], True) if len(weight) else np.zeros(0, bool)
    f1 = np.where(last, 2 * hits / (kept + every), 0)
    best = int(f1.argmax()) if len(f1) else -1
    above = int((weight >= AT_95).sum()) - 1
    return {
        "true_pairs": every,
        "true_pairs_scored": int(right.sum()),
        "best": _figures(hits, kept, every, best),
        "at_95": _figures(hits, kept, every, above),
        "clusters_at_95": _clusters(pairs.filter(pl.col("weight") >= AT_95), truth),
    }


def _figures(hits: np.ndarray, kept: np.ndarray, every: int, at: int) -> dict[str, float]:
    if at < 0:
        return {"precision": 1.0, "recall": 0.0, "f1": 0.0}
    return _rounded(int(hits[at]), int(kept[at]), every)


def _rounded(right: int, linked: int, every: int) -> dict[str, float]:
    return {
        "precision": round(right / linked, 5) if linked else 1.0,
        "recall": round(right / every, 5),
        "f1": round(2 * right / (linked + every), 5),
    }


def clusters(pairs: pl.DataFrame, keys: pl.Series) -> np.ndarray:
    """Connected components, one number for each key."""
    numbered = pl.DataFrame({"key": keys}).with_row_index("row")
    rows = [
        pairs.join(numbered, left_on=side, right_on="key", maintain_order="left")["row"].to_numpy()
        for side in ("a", "b")
    ]
    ones = np.ones(pairs.height, np.int8)
    graph = coo_matrix((ones, (rows[0], rows[1])), shape=(len(keys), len(keys)))
    return connected_components(graph, directed=False)[1]


def _clusters(pairs: pl.DataFrame, truth: pl.DataFrame) -> dict[str, float]:
    frame = truth.with_columns(found=pl.Series(clusters(pairs, truth["key"])))
    both = (
        frame.group_by("person", "found")
        .len("n")
        .select((pl.col("n").cast(pl.Int64) * (pl.col("n") - 1) // 2).sum())
    )
    return _rounded(int(both.item()), true_pairs(frame["found"]), true_pairs(frame["person"]))
