"""Dates as packed digits: a slip of one digit, a swap, or an exchange of day and month is bit arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.linkage.engine.agreement import OPEN, Pairs
from pipelines.linkage.engine.compiled import compiled

Digits = npt.NDArray[np.uint32]

DIGITS: Final = {"same_year": 0xFFFF0000, "same_month": 0xFFFFFF00, "month_and_day": 0xFFFF}
"""The digits that a test looks at."""
_ONES: Final = 0x11111111
_POWERS: Final = np.int64(10) ** np.arange(8, dtype=np.int64)


@dataclass(frozen=True)
class Dates:
    """Distinct dates.

    Attributes:
        digits: yyyymmdd, four bits a digit; the last digit lowest.
        days: since 1970-01-01; NaN where the digits are no date of the calendar.
    """

    digits: Digits
    days: npt.NDArray[np.float64]


def pack_dates(values: pl.Series, form: str) -> Dates:
    """Pack dates, or texts written in `form`; other texts of eight digits count as yyyymmdd."""
    if values.dtype == pl.Date:
        parsed, number = values, _number(values)
    else:
        texts = values.cast(pl.String)
        parsed = texts.str.to_date(form, strict=False)
        written = texts.str.replace_all(r"\D", "")
        eight = written.set(written.str.len_bytes() != 8, None)
        number = _number(parsed).fill_null(eight.cast(pl.Int64))
    known = number.fill_null(0).to_numpy()
    digits = np.zeros(len(known), dtype=np.uint32)
    for place in range(8):
        digits |= ((known // _POWERS[place]) % 10).astype(np.uint32) << np.uint32(4 * place)
    return Dates(digits, parsed.cast(pl.Int32).cast(pl.Float64).fill_null(np.nan).to_numpy())


def _number(dates: pl.Series) -> pl.Series:
    year, month = dates.dt.year().cast(pl.Int64), dates.dt.month().cast(pl.Int64)
    return year * 10_000 + month * 100 + dates.dt.day().cast(pl.Int64)


@compiled
def _is_slip(x: int, y: int) -> bool:
    z = x ^ y
    differing = (z | (z >> 1) | (z >> 2) | (z >> 3)) & _ONES
    if differing & (differing - 1) == 0:
        return True
    low = differing & -differing
    if differing == low | (low << 4):
        lower, upper = low * 15, (low << 4) * 15
        if (x & lower) << 4 == y & upper and (y & lower) << 4 == x & upper:
            return True
    return x >> 16 == y >> 16 and ((x & 0xFF) << 8) | ((x >> 8) & 0xFF) == y & 0xFFFF


@compiled
def slipped(pairs: Pairs, digits: Digits, first: int) -> None:
    """One digit differs, two neighbours are swapped, or day and month are exchanged."""
    found, left, right, a, b = pairs
    for i in range(len(a)):
        u, v = left[a[i]], right[b[i]]
        if found[i] == OPEN and u >= 0 and v >= 0 and _is_slip(int(digits[u]), int(digits[v])):
            found[i] = first


@compiled
def same_digits(pairs: Pairs, digits: Digits, mask: int, first: int) -> None:
    """The digits under a mask are equal."""
    found, left, right, a, b = pairs
    for i in range(len(a)):
        u, v = left[a[i]], right[b[i]]
        if found[i] == OPEN and u >= 0 and v >= 0 and (digits[u] ^ digits[v]) & mask == 0:
            found[i] = first
