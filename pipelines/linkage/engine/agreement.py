"""Loops that tell levels of pairs of rows by comparing codes and numbers.

Each loop looks at the pairs that are still OPEN and sets the level of those for which its test holds;
`first` is the number of the first level that it tells.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.linkage.engine.compiled import compiled

Levels = npt.NDArray[np.int8]
Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

MISSING: Final = -1
OPEN: Final = -2
"""A level that nothing has told yet."""


class Pairs(NamedTuple):
    """Pairs of rows, and the column they are compared in.

    Attributes:
        found: level of each pair.
        left, right: the column's codes by row, for the one side and the other.
        a, b: rows.
    """

    found: Levels
    left: Ints
    right: Ints
    a: Ints
    b: Ints


@compiled
def opened(left: Ints, right: Ints, a: Ints, b: Ints) -> Levels:
    """OPEN where both rows have a value, else MISSING."""
    found = np.empty(len(a), np.int8)
    for i in range(len(a)):
        found[i] = OPEN if left[a[i]] >= 0 and right[b[i]] >= 0 else MISSING
    return found


@compiled
def equal(pairs: Pairs, first: int) -> None:
    """Both rows have the same value."""
    found, left, right, a, b = pairs
    for i in range(len(a)):
        if found[i] == OPEN and left[a[i]] == right[b[i]] and left[a[i]] >= 0:
            found[i] = first


@compiled
def crossed(pairs: Pairs, here: tuple[Ints, Ints], places: Ints, first: int) -> None:
    """Each row has `here` what the other has in the pairs' column, whose codes `places` brings here."""
    found, left, right, a, b = pairs
    for i in range(len(a)):
        u, v = left[a[i]], right[b[i]]
        if (
            found[i] == OPEN
            and u >= 0
            and v >= 0
            and places[u] == here[1][b[i]]
            and places[v] == here[0][a[i]]
        ):
            found[i] = first


@compiled
def within(pairs: Pairs, values: Floats, bounds: Floats, first: int) -> None:
    """Two numbers differ by at most bounds[0] (the first level), bounds[1], ..."""
    found, left, right, a, b = pairs
    for i in range(len(a)):
        u, v = left[a[i]], right[b[i]]
        if found[i] == OPEN and u >= 0 and v >= 0:
            apart = abs(values[u] - values[v])
            for k in range(len(bounds)):
                if apart <= bounds[k]:
                    found[i] = first + k
                    break


@compiled
def closed(pairs: Pairs, first: int) -> None:
    """What is still OPEN is at this level."""
    found = pairs.found
    for i in range(len(found)):
        if found[i] == OPEN:
            found[i] = first
