"""Names as they are given: surnames by their national shares, given names by cohort and sex."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.synthetic.declarations import declaration, weighted
from pipelines.synthetic.dice import Dice, Ints, Mask

Words = NDArray[np.object_]
DOT = "\u00b7"
_SEX = {1: "male", 2: "female"}


def words(values: Sequence[str]) -> Words:
    """An object array, so that numpy does not cut strings to one width."""
    return np.array(values, dtype=object)


def surnames(dice: Dice, word: str, keys: Ints) -> Words:
    """Surnames drawn by their shares in the population."""
    pool, shares = weighted(declaration("names")["surnames"])
    return words(pool)[dice.choose(f"surname {word}", shares, keys)]


def given_names(dice: Dice, word: str, person: Ints, sex: Ints, year: Ints) -> Words:
    """Given names of the cohort and sex; `word` tells a first choice from a later one."""
    chosen = words([""] * len(person))
    since = 0
    for cohort in declaration("names")["cohorts"]:
        for code, key in _SEX.items():
            mask = (year >= since) & (year < cohort["until"]) & (sex == code)
            chosen[mask] = _compose(dice, word, cohort, key, person[mask])
        since = cohort["until"]
    return _with_rare_characters(dice, word, chosen, person)


def _compose(dice: Dice, word: str, cohort: dict[str, Any], sex: str, person: Ints) -> Words:
    pools = cohort[sex]
    first = _zipf(dice, f"{word} first", list(pools["first"]), person)
    second = _zipf(dice, f"{word} second", list(pools["second"]), person)
    whole = _zipf(dice, f"{word} whole", pools["whole"].split(), person)
    one = dice.hit(f"{word} one", cohort["one"], person)
    preset = dice.hit(f"{word} set", cohort["set"], person)
    return np.asarray(np.where(one, second, np.where(preset, whole, first + second)), dtype=object)


def _zipf(dice: Dice, word: str, pool: list[str], keys: Ints) -> Words:
    return words(pool)[dice.choose(word, 1 / (np.arange(len(pool)) + 6.0), keys)]


def _with_rare_characters(dice: Dice, word: str, given: Words, person: Ints) -> Words:
    rare = declaration("names")
    mask = dice.hit(f"{word} rare", rare["rare_share"], person)
    drawn = _zipf(dice, f"{word} which rare", list(rare["rare"]), person)
    stem = words([name[:-1] for name in given.tolist()])
    return np.asarray(np.where(mask, stem + drawn, given), dtype=object)


def full_names(
    dice: Dice, word: str, surname: Words, person: Ints, sex: Ints, year: Ints, long: Mask
) -> Words:
    """Surname and given name; for the mask `long`, given name, dot and father's name."""
    plain = np.asarray(surname + given_names(dice, word, person, sex, year), dtype=object)
    if not long.any():
        return plain
    pools = {code: declaration("names")["long"][key].split() for code, key in _SEX.items()}
    own = np.where(
        sex == 1,
        _zipf(dice, f"{word} long", pools[1], person),
        _zipf(dice, f"{word} long", pools[2], person),
    )
    father = _zipf(dice, "father's name", pools[1], person)
    return np.asarray(np.where(long, own + DOT + father, plain), dtype=object)
