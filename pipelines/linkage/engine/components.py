"""Connected components of links: a union–find over row numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipelines.linkage.engine.compiled import compiled

Rows = npt.NDArray[np.int32]


@compiled
def _root(above: Rows, row: int) -> int:
    while above[row] != row:
        above[row] = above[above[row]]
        row = above[row]
    return row


@compiled
def components(a: Rows, b: Rows, rows: int) -> Rows:
    """Of each row the smallest row that links a—b connect it with."""
    above = np.arange(rows).astype(np.int32)
    for i in range(len(a)):
        x, y = _root(above, a[i]), _root(above, b[i])
        above[max(x, y)] = min(x, y)
    for row in range(rows):
        above[row] = _root(above, row)
    return above
