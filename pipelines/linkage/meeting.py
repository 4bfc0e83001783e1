"""Under which blocking keys the units of earlier runs stand: looked up by bisection, so that they may stay in their files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KEYS: Final = pl.Schema({"unit": pl.Int64(), "key": pl.UInt64()})


@dataclass(frozen=True)
class Meeting:
    """Keys of a run's units, sorted by key; the same key stands once for each unit.

    Attributes:
        keys: UInt64.
        units: of each key.
    """

    keys: npt.NDArray[np.uint64]
    units: npt.NDArray[np.int64]

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Meeting:
        """Of KEYS, in whatever order."""
        ordered = frame.sort("key", "unit")
        return cls(ordered["key"].to_numpy(), ordered["unit"].to_numpy())

    @classmethod
    def stored(cls, columns: Mapping[str, npt.NDArray[np.generic]]) -> Meeting:
        """Of the columns of KEYS as `frame` gave them."""
        return cls(columns["key"].view(np.uint64), columns["unit"].view(np.int64))

    def frame(self) -> pl.DataFrame:
        """KEYS."""
        return pl.DataFrame({"unit": self.units, "key": self.keys}, schema=KEYS)


def met(runs: Sequence[Meeting], asked: pl.Series) -> pl.DataFrame:
    """KEYS of these runs under the asked keys."""
    keys = np.sort(asked.unique().to_numpy())
    return pl.concat([KEYS.to_frame(), *(_met(run, keys) for run in runs)])


def _met(run: Meeting, keys: npt.NDArray[np.uint64]) -> pl.DataFrame:
    first = np.searchsorted(run.keys, keys)
    counts = np.searchsorted(run.keys, keys, side="right") - first
    before = np.cumsum(counts) - counts
    rows = np.repeat(first - before, counts) + np.arange(counts.sum())
    return Meeting(run.keys[rows], run.units[rows]).frame()
