"""Pairs by lot, the same for equal tables: numbers are mixed, no generator is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from pipelines.linkage.engine.table import Table

Rows = npt.NDArray[np.int32]
Words = npt.NDArray[np.uint64]


def mixed(numbers: Words) -> Words:
    """A bijection that leaves no pattern (splitmix64, Steele, Lea and Flood 2014)."""
    z = numbers * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def chance_pairs(table: Table, count: int) -> tuple[Rows, Rows]:
    """About `count` pairs that nothing brought together; all pairs where there are no more."""
    if table.pairs <= count:
        a, b = (side.astype(np.int32) for side in np.triu_indices(table.height, 1))
    else:
        numbers = np.arange(1, count + 1, dtype=np.uint64)
        height = np.uint64(table.height)
        a = (mixed(numbers) % height).astype(np.int32)
        b = (mixed(numbers + np.uint64(count)) % height).astype(np.int32)
    kept = a != b if table.apart is None else table.apart[a] != table.apart[b]
    return np.minimum(a, b)[kept], np.maximum(a, b)[kept]


def drawn(a: Rows, b: Rows, one_in: int) -> npt.NDArray[np.bool_]:
    """One pair in `one_in`, whatever the chunks they come in."""
    numbers = (a.astype(np.uint64) << np.uint64(32)) | b.astype(np.uint64)
    return np.asarray(mixed(numbers) % np.uint64(one_in) == 0)
