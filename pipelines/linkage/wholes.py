"""Units that links make one: what is compared once more, with all that its parts say together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

Units = npt.NDArray[np.int32]


def wholes(links: pl.DataFrame, units: int, identified: pl.Series) -> Units:
    """Of each unit the one that stands for all that links join it with, the heaviest link first.

    It is the one with an ID, of which there are never two, else the smallest.

    Args:
        links: a, b, weight, is_link.
        units: how many there are.
        identified: those that have an ID.
    """
    whole = np.arange(units, dtype=np.int32)
    has_id = np.zeros(units, np.bool_)
    has_id[identified.to_numpy()] = True
    members: dict[int, list[int]] = {}
    ordered = links.filter("is_link").sort("weight", "a", "b", descending=[True, False, False])
    for a, b in ordered.select("a", "b").iter_rows():
        kept, gone = sorted((int(whole[a]), int(whole[b])), key=lambda unit: (not has_id[unit], unit))
        if kept == gone or (has_id[kept] and has_id[gone]):
            continue
        moved = members.pop(gone, [gone])
        members.setdefault(kept, [kept]).extend(moved)
        whole[moved] = kept
    return whole
