"""Old and new citizen IDs of one person, as the registers' own corrections tell them."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.linkage.engine.components import components
from pipelines.linkage.identify import conflicts

METHOD: Final = "number_history"
OUTDATED: Final = "PB-LK-009"


def canonical_numbers(records: pl.DataFrame, changes: pl.DataFrame) -> pl.Series:
    """Of each record the one number that stands for all numbers its person had; null without a usable one.

    A change counts while somebody still says the old number under the same name: the number that a slip of the
    pen once hit belongs to another name, and stays that person's.

    Args:
        records: see frame.complete.
        changes: see kernels.number_changes, from any feed.
    """
    own = records["citizen_id"]
    still = records.filter(pl.col("citizen_id").is_not_null()).select("name_key", old="citizen_id")
    told = (
        changes.join(still, on=["old", "name_key"], how="semi").select("old", "new").unique().sort(pl.all())
    )
    if told.is_empty():
        return own
    known = pl.concat([told["old"], told["new"]]).unique().sort()
    place = {number: row for row, number in enumerate(known.to_list())}
    sides = [np.array([place[number] for number in told[side]], np.int32) for side in ("old", "new")]
    return own.replace(known, _newest(known, components(sides[0], sides[1], len(known)), told["old"]))


def outdated(parts: pl.DataFrame) -> pl.DataFrame:
    """A case for each person of whom a record still carries an old number: those records, see frame.CONFLICTS."""
    return conflicts(OUTDATED, parts.filter(pl.col("method") == METHOD), "part")


def _newest(known: pl.Series, whole: npt.NDArray[np.int32], replaced: pl.Series) -> pl.Series:
    """Of each number the one among those of its person that nothing took the place of, else the smallest."""
    numbers = pl.DataFrame({"number": known, "whole": whole})
    is_old = pl.col("number").is_in(replaced.implode())
    return numbers.select(pl.col("number").sort_by(is_old, "number").first().over("whole"))["number"]
