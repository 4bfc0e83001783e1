"""Families over three generations: who lives in them, born when, and when they die.

Everything is an array of families × places. A person's number is family * PLACES + place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.synthetic.dice import Dice, Ints, Mask

GRANDFATHER, GRANDMOTHER, HUSBAND, WIFE, FIRST, SECOND, THIRD, NEWBORN = range(8)
PLACES = 8
TODAY = int(np.datetime64("2026-06-30").astype("datetime64[D]").astype(np.int64))
YEAR = 365.25
LIVING_AT_HOME = 26  # years; older children have families of their own
FORGOTTEN = 1500  # days after which the dead are in no register any more

THREE, NUCLEAR, COUPLE, ELDERS, SINGLE = range(5)
_SETTLED = (25, 40, 12, 14, 9)
_MIGRANT = (3, 27, 20, 0, 50)
_MIGRANTS = 0.09
_AGE_LOW = np.array([28, 24, 45, 40, 19])
_AGE_HIGH = np.array([55, 58, 72, 60, 60])
_CHILDREN = (12, 38, 38, 12)
_TWINS = 0.015
_BIRTHS_A_DAY = 0.00022
_LIFE = {1: (78, 12), 2: (83, 11)}


@dataclass(frozen=True)
class Families:
    """Arrays over families (`kind`, `migrant`, `twins`) and families × places (the others, in days)."""

    number: Ints
    kind: Ints
    migrant: Mask
    born: Ints
    sex: Ints
    dies: Ints
    present: Mask


def compose(dice: Dice, number: Ints, until: int) -> Families:
    """Make the families with these numbers; `until` is the last day anybody is born."""
    migrant = dice.hit("migrant family", _MIGRANTS, number)
    kind = np.where(
        migrant,
        dice.choose("kind of migrants", _MIGRANT, number),
        dice.choose("kind", _SETTLED, number),
    )
    born = _births(dice, number, kind)
    sex = _sexes(dice, number, born)
    dies = born + _lifespans(dice, number, sex)
    present = _presence(dice, number, kind, born, until)
    present &= dies > TODAY - FORGOTTEN
    return Families(number, kind, migrant, born, sex, dies, present)


def _years(dice: Dice, word: str, low: float, high: float, number: Ints) -> Ints:
    return ((low + dice.share(word, number) * (high - low)) * YEAR).astype(np.int64)


def _births(dice: Dice, number: Ints, kind: Ints) -> Ints:
    born = np.zeros((len(number), PLACES), dtype=np.int64)
    low, high = _AGE_LOW[kind], _AGE_HIGH[kind]
    age = low + dice.share("age", number) * (high - low)
    husband = TODAY - (age * YEAR).astype(np.int64)
    wife = husband + _years(dice, "wife", -3, 6, number)
    elder = TODAY - _years(dice, "elder", 62, 88, number)
    born[:, GRANDFATHER] = np.where(kind == ELDERS, elder, husband - _years(dice, "father", 20, 35, number))
    born[:, GRANDMOTHER] = born[:, GRANDFATHER] + _years(dice, "grandmother", -3, 6, number)
    born[:, HUSBAND], born[:, WIFE] = husband, wife
    born[:, FIRST] = wife + _years(dice, "first", 20, 31, number)
    gap = np.where(dice.hit("twins", _TWINS, number), 0, _years(dice, "gap", 1, 7, number))
    born[:, SECOND] = born[:, FIRST] + gap
    born[:, THIRD] = born[:, SECOND] + _years(dice, "gap of third", 1.2, 6, number)
    born[:, NEWBORN] = TODAY + 1 + dice.wait("newborn", 1 / _BIRTHS_A_DAY, number)
    return born


def _sexes(dice: Dice, number: Ints, born: Ints) -> Ints:
    sex = np.tile(np.array([1, 2, 1, 2, 1, 1, 1, 1], dtype=np.int64), (len(number), 1))
    for place in (FIRST, SECOND, THIRD, NEWBORN):
        sex[:, place] = 1 + dice.hit("girl", 0.475, number, place)
    same = (born[:, FIRST] == born[:, SECOND]) & dice.hit("twins of one sex", 0.7, number)
    sex[same, SECOND] = sex[same, FIRST]
    return sex


def _lifespans(dice: Dice, number: Ints, sex: Ints) -> Ints:
    keys = number[:, None], np.arange(PLACES)
    spread = sum(dice.share(f"life {part}", *keys) for part in range(3)) * 2 - 3
    mean = np.where(sex == 1, _LIFE[1][0], _LIFE[2][0])
    width = np.where(sex == 1, _LIFE[1][1], _LIFE[2][1])
    return np.asarray((mean + spread * width) * YEAR, dtype=np.int64)


def _presence(dice: Dice, number: Ints, kind: Ints, born: Ints, until: int) -> Mask:
    present = np.zeros(born.shape, dtype=np.bool_)
    old = (kind == THREE) | (kind == ELDERS)
    couple = np.isin(kind, (THREE, NUCLEAR, COUPLE))
    man = dice.hit("single man", 0.55, number)
    present[:, GRANDFATHER] = old & dice.hit("grandfather", 0.75, number)
    present[:, GRANDMOTHER] = old & ~(present[:, GRANDFATHER] & dice.hit("alone", 0.25, number))
    present[:, HUSBAND] = couple | ((kind == SINGLE) & man)
    present[:, WIFE] = couple | ((kind == SINGLE) & ~man)
    parents = (kind == THREE) | (kind == NUCLEAR)
    children = dice.choose("children", _CHILDREN, number)
    twins = (born[:, FIRST] == born[:, SECOND]) & (children > 0)
    for count, place in enumerate((FIRST, SECOND, THIRD), start=1):
        young = (born[:, place] <= TODAY) & (born[:, place] > TODAY - LIVING_AT_HOME * YEAR)
        there = (children >= count) | (twins & (place == SECOND))
        present[:, place] = parents & there & young
    fertile = born[:, WIFE] > TODAY - 38 * YEAR
    present[:, NEWBORN] = parents & fertile & (born[:, NEWBORN] <= until)
    return present
