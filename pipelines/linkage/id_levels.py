"""Levels of agreement of a faulty ID with another unit's ID."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.linkage.key_parts import short_form
from pipelines.linkage.neighbours import Bytes, byte_matrix, one_slip
from pipelines.linkage.policy import MISSING, level

Levels = npt.NDArray[np.int8]
Counts = npt.NDArray[np.int64]

REPAIR, ROUNDED, SAME_FAULT, OTHER = (
    level("citizen_id", name) for name in ("repair", "rounded", "same_fault", "other")
)
_WHOLE, _OLD, _KEPT = 18, 15, 15  # length now, length before 1999, digits a spreadsheet keeps
_CUT: Final = 16  # digits of a number whose last two were cut off
_MONTH, _DAY = slice(10, 12), slice(12, 14)
_ENOUGH: Final = (
    10  # digits that must be seen of a masked number, as 511622********1234: division, order, check
)
_FAR: Final = 4  # places that differ: no slip makes so many


def number_levels(pairs: pl.DataFrame, numbers: pl.DataFrame) -> tuple[Levels, npt.NDArray[np.int64]]:
    """Level of each pair and on how many units the shared faulty number stands.

    Args:
        pairs: pair (row number), a, b.
        numbers: unit, number, is_usable, count. A labelled unit has one number.
    """
    counted = numbers.unique("unit", keep="first")
    met = pairs.join(counted, left_on="a", right_on="unit").join(counted, left_on="b", right_on="unit")
    levels = np.full(pairs.height, MISSING, dtype=np.int8)
    counts = np.ones(pairs.height, dtype=np.int64)
    place = met["pair"].to_numpy()
    levels[place] = _levels(met)
    counts[place] = met["count"].to_numpy()
    return levels, counts


def _levels(met: pl.DataFrame) -> Levels:
    a, a_length = byte_matrix(met["number"])
    b, b_length = byte_matrix(met["number_right"])
    usable = met.select(pl.col("is_usable") | pl.col("is_usable_right")).to_series().to_numpy()
    whole = (a_length == _WHOLE) & (b_length == _WHOLE)
    apart = (a != b).sum(axis=1)
    rounded = _is_rounded(met["number"]) | _is_rounded(met["number_right"])
    starred = _is_masked(met["number"]) | _is_masked(met["number_right"])
    found = np.full(met.height, MISSING, dtype=np.int8)
    found[whole & (apart >= _FAR)] = OTHER
    found[~usable & (apart == 0)] = SAME_FAULT
    found[usable & whole & (a[:, :_KEPT] == b[:, :_KEPT]).all(axis=1)] = ROUNDED
    slips = one_slip(a, a_length, b, b_length) | _one_slip_of_old(met) | (whole & _exchanged(a, b))
    cut = (np.minimum(a_length, b_length) > _KEPT) & (a_length != b_length)
    found[usable & cut & (a[:, :_CUT] == b[:, :_CUT]).all(axis=1)] = ROUNDED
    found[usable & slips & ~((found == ROUNDED) & rounded)] = REPAIR
    found[(rounded & ((found == OTHER) | (found == SAME_FAULT))) | starred] = MISSING
    seen, amiss = _unmasked(a, b)
    told = usable & whole & starred & (seen >= _ENOUGH)
    found[told & (amiss == 0)] = ROUNDED
    found[told & (amiss > 1)] = OTHER
    return found


def _unmasked(a: Bytes, b: Bytes) -> tuple[Counts, Counts]:
    """How many digits neither side masks, and how many of them differ."""
    seen = (a != ord("*")) & (b != ord("*")) & (a > 0)
    return seen.sum(axis=1), (seen & (a != b)).sum(axis=1)


def _exchanged(a: Bytes, b: Bytes) -> npt.NDArray[np.bool_]:
    """Month and day stand in each other's place; all else agrees."""
    other = b.copy()
    other[:, _MONTH], other[:, _DAY] = b[:, _DAY], b[:, _MONTH]
    return np.asarray((a == other).all(axis=1))


def _one_slip_of_old(met: pl.DataFrame) -> npt.NDArray[np.bool_]:
    """A 15-digit number against the 15 digits that the other side's number was."""
    near = np.zeros(met.height, dtype=np.bool_)
    for faulty, whole, usable in (
        ("number", "number_right", "is_usable_right"), ("number_right", "number", "is_usable"),
    ):  # fmt: skip
        old, length = byte_matrix(met[faulty])
        form, form_length = byte_matrix(short_form(met[whole]))
        asked = met[usable].to_numpy() & (np.abs(length - _OLD) <= 1) & (form_length > 0)
        near |= asked & one_slip(old, length, form, form_length)
    return near


def _is_rounded(numbers: pl.Series) -> npt.NDArray[np.bool_]:
    return numbers.str.ends_with("000").to_numpy()


def _is_masked(numbers: pl.Series) -> npt.NDArray[np.bool_]:
    return (numbers.str.count_matches(r"\*") > 1).to_numpy()
