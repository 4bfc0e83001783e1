"""How far two reviewers agree, and how sure a share is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Shares = npt.NDArray[np.float64]

Z: Final = 1.959963984540054
"""Standard normal quantile of a two-sided 95 % interval."""


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval; all None where nothing was counted."""

    estimate: float | None
    low: float | None
    high: float | None


def wilson(part: int, whole: int) -> Interval:
    """A share and its score interval (Wilson 1927): inside 0 to 1, and honest for small counts and for shares of 1."""
    if whole <= 0:
        return Interval(None, None, None)
    share = part / whole
    middle = share + Z**2 / (2 * whole)
    width = Z * math.sqrt(share * (1 - share) / whole + Z**2 / (4 * whole**2))
    low, high = ((middle + sign * width) / (1 + Z**2 / whole) for sign in (-1, 1))
    return Interval(share, max(0.0, low) if part else 0.0, min(1.0, high) if part < whole else 1.0)


def kappa(first: Sequence[str], second: Sequence[str]) -> Interval:
    """Cohen's kappa: agreement beyond what the two's habits make by chance.

    The interval rests on the large-sample standard error of Fleiss, Cohen and Everitt (1969), so it is rough below
    some thirty cases. None where chance alone explains everything (both say one thing always).

    Args:
        first: what one reviewer said of each case.
        second: what the other said of the same cases.
    """
    names = sorted({*first, *second})
    count = len(first)
    if not count:
        return Interval(None, None, None)
    table = np.zeros((len(names), len(names)))
    for a, b in zip(first, second, strict=True):
        table[names.index(a), names.index(b)] += 1 / count
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    agreed, chance = float(np.trace(table)), float(rows @ columns)
    if chance >= 1 - 1e-12:
        return Interval(None, None, None)
    found = (agreed - chance) / (1 - chance)
    spread = Z * math.sqrt(max(0.0, _variance(table, agreed, chance)) / count)
    return Interval(found, max(-1.0, found - spread), min(1.0, found + spread))


def _variance(table: Shares, agreed: float, chance: float) -> float:
    """Variance of kappa for one case (Fleiss, Cohen and Everitt 1969, equation 13)."""
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    own = np.diag(table) @ ((1 - chance) - (rows + columns) * (1 - agreed)) ** 2
    crossed = table * (columns[:, None] + rows[None, :]) ** 2
    others = (1 - agreed) ** 2 * (crossed.sum() - np.trace(crossed))
    rest = (agreed * chance - 2 * chance + agreed) ** 2
    return float((own + others - rest) / (1 - chance) ** 4)
