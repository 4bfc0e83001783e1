"""Loops over pairs of Chinese names; see PackedNames.

A lost character fits any, and a name that lost its length says nothing beyond its surname. Names in
Latin letters are the other's pinyin or no evidence: minorities' names are spelt in many ways.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.linkage.engine.agreement import MISSING, OPEN, Pairs
from pipelines.linkage.engine.compiled import compiled

Levels = npt.NDArray[np.int8]
Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

# Places in model.NAME_GRADES; OTHER is behind the last.
SAME, VARIANT, TONE, SOUND, NEAR, SHAPE, FITS, SWAPPED, ONE_OTHER, GIVEN, SURNAME, OTHER = range(12)
NO_EVIDENCE: Final = -1
LOST: Final = 0
"""Code of a lost character."""


class PackedNames(NamedTuple):
    """Distinct names, unit by unit.

    Attributes:
        units: codes of the units, all names in a row; LOST is a lost character.
        about: shape (names, 5): where a name's units start and stop, how many are the surname's, whether a
            Chinese character stands in it, and the identity of its pinyin without blanks (-1: none).
        grades: grade of each pair of unit codes.
    """

    units: Ints
    about: Ints
    grades: Levels


@compiled
def named(pairs: Pairs, names: PackedNames, base: int, bounds: Floats, first: int) -> None:
    """Names agree up to grade bounds[0] (the first level), bounds[1], ...; the column's start at `base`."""
    found, left, right, a, b = pairs
    units, about, grades = names
    for i in range(len(a)):
        u, v = left[a[i]], right[b[i]]
        if found[i] == OPEN and u >= 0 and v >= 0:
            grade = name_grade(units, about[base + u], about[base + v], grades)
            if grade == NO_EVIDENCE:
                found[i] = MISSING
            for k in range(len(bounds)):
                if NO_EVIDENCE < grade <= bounds[k]:
                    found[i] = first + k
                    break


@compiled
def name_grade(units: Ints, one: Ints, other: Ints, grades: Levels) -> int:
    """Grade of two names; `one` and `other` are their rows in PackedNames.about."""
    x, y = units[one[0] : one[1]], units[other[0] : other[1]]
    if one[3] != other[3]:
        return SOUND if one[4] >= 0 and one[4] == other[4] else NO_EVIDENCE
    lost = _has_lost(x) or _has_lost(y)
    if one[0] == other[0] and not lost:
        return SAME
    if len(x) == len(y):
        return _of_equal_length(x, y, one[2], other[2], grades)
    by_surname = _by_surname(x, y, one[2], other[2], grades)
    if lost:
        return NO_EVIDENCE if by_surname == SURNAME else by_surname
    return ONE_OTHER if by_surname == SURNAME and _lacks_one(x, y, grades) else by_surname


@compiled
def _has_lost(x: Ints) -> bool:
    lost = False
    for unit in x:
        lost |= unit == LOST
    return lost


@compiled
def _of_equal_length(x: Ints, y: Ints, surname: int, other_surname: int, grades: Levels) -> int:
    worst, others, lost, place = SAME, 0, 0, 0
    for p in range(len(x)):
        if x[p] == LOST or y[p] == LOST:
            lost += 1
        elif grades[x[p], y[p]] == OTHER:
            others += 1
            place = p
        else:
            worst = max(worst, grades[x[p], y[p]])
    if lost == len(x):
        return NO_EVIDENCE
    if others == 0:
        return FITS if lost else worst
    if lost == 0 and others > 1 and _is_swapped(x, y):
        return SWAPPED
    surname_units = max(surname, other_surname)
    if others == 1 and place >= surname_units and len(x) - surname_units - lost > 1:
        return ONE_OTHER
    return _by_surname(x, y, surname, other_surname, grades)


@compiled
def _is_swapped(x: Ints, y: Ints) -> bool:
    """Whether the same units stand in another order; names are short."""
    for unit in x:
        balance = 0
        for p in range(len(x)):
            balance += (x[p] == unit) - (y[p] == unit)
        if balance != 0:
            return False
    return True


@compiled
def _lacks_one(x: Ints, y: Ints, grades: Levels) -> bool:
    """Whether a name is the other one with one unit left out, near sounds being equal."""
    longer, shorter = (x, y) if len(x) > len(y) else (y, x)
    if len(longer) != len(shorter) + 1 or len(shorter) < 2:
        return False
    met = 0
    for unit in longer:
        if met < len(shorter) and grades[unit, shorter[met]] <= NEAR:
            met += 1
    return met == len(shorter)


@compiled
def _by_surname(x: Ints, y: Ints, surname: int, other_surname: int, grades: Levels) -> int:
    """SURNAME, GIVEN or OTHER; a lost character of a surname fits any."""
    agrees = surname == other_surname
    for p in range(min(surname, other_surname)):
        agrees = agrees and (x[p] == LOST or y[p] == LOST or grades[x[p], y[p]] <= NEAR)
    if agrees:
        return SURNAME
    given, other_given = x[surname:], y[other_surname:]
    if len(given) == 0 or len(given) != len(other_given):
        return OTHER
    for p in range(len(given)):
        if grades[given[p], other_given[p]] > NEAR:
            return OTHER
    return GIVEN
