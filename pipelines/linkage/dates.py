"""Levels of agreement of birth dates."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.linkage.policy import level

Levels = npt.NDArray[np.int8]
Ints = npt.NDArray[np.int64]

SAME, SLIP, NEAR, PART, OTHER = (level("birth", name) for name in ("same", "slip", "near", "part", "other"))
_NEAR_DAYS: Final = 62  # a lunar birthday taken for a solar one is 18 to 53 days away


def birth_levels(a: pl.Series, b: pl.Series) -> Levels:
    """Level of each pair of dates (Date, no nulls).

    slip: one digit differs, two neighbours are swapped, or day and month are exchanged; near: at
    most 62 days apart; part: the year, or month and day, agree.
    """
    left, right = _digits(a), _digits(b)
    differs = left != right
    count = differs.sum(axis=1)
    days = np.abs(a.to_physical().to_numpy().astype(np.int64) - b.to_physical().to_numpy())
    year, day = ~differs[:, :4].any(axis=1), ~differs[:, 4:].any(axis=1)
    found = np.full(len(left), OTHER, dtype=np.int8)
    found[year | day] = PART
    found[days <= _NEAR_DAYS] = NEAR
    found[(count == 1) | _swapped(left, right, count) | (year & _exchanged(left, right))] = SLIP
    found[count == 0] = SAME
    return found


def _digits(dates: pl.Series) -> npt.NDArray[np.int8]:
    number: Any = (
        dates.dt.year().cast(pl.Int64) * 10_000 + dates.dt.month().cast(pl.Int64) * 100
        + dates.dt.day().cast(pl.Int64)
    ).to_numpy()  # fmt: skip
    powers = 10 ** np.arange(7, -1, -1, dtype=np.int64)
    return np.asarray(number[:, None] // powers % 10, dtype=np.int8)


def _swapped(
    left: npt.NDArray[np.int8], right: npt.NDArray[np.int8], count: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    crossed = (left[:, :-1] == right[:, 1:]) & (left[:, 1:] == right[:, :-1])
    moved = left[:, :-1] != left[:, 1:]
    return np.asarray((count == 2) & (crossed & moved).any(axis=1))


def _exchanged(left: npt.NDArray[np.int8], right: npt.NDArray[np.int8]) -> npt.NDArray[np.bool_]:
    month_is_day = (left[:, 4:6] == right[:, 6:8]).all(axis=1)
    return np.asarray(month_is_day & (left[:, 6:8] == right[:, 4:6]).all(axis=1))
