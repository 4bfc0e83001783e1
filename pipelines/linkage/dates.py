"""Levels of agreement of birth dates."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.linkage.engine.agreement import OPEN, Pairs, closed, within
from pipelines.linkage.engine.dates import DIGITS, pack_dates, same_digits, slipped
from pipelines.linkage.policy import level

Levels = npt.NDArray[np.int8]

SAME, SLIP, NEAR, PART, OTHER = (level("birth", name) for name in ("same", "slip", "near", "part", "other"))
_NEAR_DAYS: Final = 62  # a lunar birthday taken for a solar one is 18 to 53 days away


def birth_levels(a: pl.Series, b: pl.Series) -> Levels:
    """Level of each pair of dates (Date, no nulls).

    slip: one digit differs, two neighbours are swapped, or day and month are exchanged; near: at
    most 62 days apart; part: the year, or month and day, agree.
    """
    dates = pack_dates(pl.concat([a, b]), "%Y-%m-%d")
    left = np.arange(len(a), dtype=np.int32)
    right = left + np.int32(len(a))
    found = np.full(len(a), OPEN, np.int8)
    found[dates.digits[left] == dates.digits[right]] = SAME
    pairs = Pairs(found, left, right, left, left)
    slipped(pairs, dates.digits, SLIP)
    within(pairs, dates.days, np.array([_NEAR_DAYS + 0.5]), NEAR)
    same_digits(pairs, dates.digits, DIGITS["same_year"], PART)
    same_digits(pairs, dates.digits, DIGITS["month_and_day"], PART)
    closed(pairs, OTHER)
    return found
