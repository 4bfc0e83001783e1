"""The arithmetic of GB 11643-1999 on matrices of bytes: check character, birth date.

A matrix has one row of 18 ASCII bytes a number; every function is vectorised over its rows.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl

    Bytes = npt.NDArray[np.uint8]
    Integers = npt.NDArray[np.int32]
    Mask = npt.NDArray[np.bool_]

PLAIN: Final = r"^[0-9]{17}[0-9X]$"
EARLIEST_YEAR: Final = 1850
LATEST_DAY: Final = date(2100, 12, 31)  # where no `as_of` is known
WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS: Final[Bytes] = np.frombuffer(b"10X98765432", dtype=np.uint8)
_DAYS: Final[Integers] = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int32)
_EPOCH_DAYS: Final = 719_468  # from 0000-03-01 to 1970-01-01


def byte_matrix(numbers: pl.Series, width: int = 18) -> Bytes:
    """The bytes of `numbers`, shape (n, width); every value has `width` ASCII characters."""
    joined = numbers.str.join("").item() if len(numbers) else ""
    return np.frombuffer(joined.encode("ascii"), dtype=np.uint8).reshape(-1, width)


def weighted_sums(matrix: Bytes) -> Integers:
    """The weighted sum of the first 17 digits, 0 to 846, before the remainder by 11."""
    digits = (matrix[:, :17] - np.uint8(48)).astype(np.float32)
    sums: Integers = (digits @ np.array(WEIGHTS, dtype=np.float32)).astype(np.int32)
    return sums


def check_characters(matrix: Bytes) -> Bytes:
    """The check character (ISO 7064 MOD 11-2) that the first 17 digits ask for, as ASCII."""
    return CHECK_CHARACTERS[weighted_sums(matrix) % 11]


def number_at(matrix: Bytes, start: int, stop: int) -> Integers:
    """The digits of the columns `start` to `stop` (left out) read as one number."""
    number: Integers = np.zeros(len(matrix), dtype=np.int32)
    for column in range(start, stop):
        number = number * np.int32(10) + (matrix[:, column] - np.uint8(48))
    return number


def is_real_day(year: Integers, month: Integers, day: Integers) -> Mask:
    """Whether the day exists in the Gregorian calendar."""
    in_year = (month >= 1) & (month <= 12)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    longest = _DAYS[np.where(in_year, month, 0)] + (leap & (month == 2))
    real: Mask = in_year & (day >= 1) & (day <= longest)
    return real


def epoch_days(year: Integers, month: Integers, day: Integers) -> Integers:
    """Days since 1970-01-01 of real days (Hinnant, chrono-compatible date algorithms, 2013)."""
    shifted = year - (month <= 2)
    era = shifted // 400
    year_of_era = shifted - era * 400
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    days: Integers = (era * 146_097 + day_of_era - _EPOCH_DAYS).astype(np.int32)
    return days


def birth_parts(matrix: Bytes) -> tuple[Integers, Integers, Integers]:
    """Year, month and day as written in characters 7 to 14."""
    return number_at(matrix, 6, 10), number_at(matrix, 10, 12), number_at(matrix, 12, 14)


def has_credible_birth(matrix: Bytes, as_of: date | None) -> Mask:
    """Whether the birth date exists, is not before 1850 and not after `as_of`."""
    year, month, day = birth_parts(matrix)
    latest = as_integer(as_of or LATEST_DAY)
    credible: Mask = (
        is_real_day(year, month, day) & (year >= EARLIEST_YEAR) & (compact_day(year, month, day) <= latest)
    )
    return credible


def compact_day(year: Integers, month: Integers, day: Integers) -> Integers:
    """One number a day, yyyymmdd, in the order of time."""
    return year * np.int32(10_000) + month * np.int32(100) + day


def as_integer(day: date) -> int:
    """One day as yyyymmdd."""
    return day.year * 10_000 + day.month * 100 + day.day


def survived_float(matrix: Bytes) -> Mask:
    """Whether the 18 digits are what a float64 shows: a sign that one passed through it.

    Doubles of this size lie 32 or 64 apart, so a random number has a chance of 2 to 3 %.
    """
    values = np.zeros(len(matrix), dtype=np.int64)
    for column in range(matrix.shape[1]):
        values = values * 10 + (matrix[:, column] - np.uint8(48))
    all_digits = matrix[:, -1] != ord("X")
    same: Mask = all_digits & (values.astype(np.float64).astype(np.int64) == values)
    return same
