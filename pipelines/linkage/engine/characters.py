"""How far two characters agree: a table by character number, of packages' readings and variants, and of drawn glyphs."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import yaml
from pypinyin import Style, pinyin

from pipelines.kernels.name_folding import folded_name
from pipelines.kernels.name_sounds import SURNAME_READINGS
from pipelines.linkage.engine.name_loops import NEAR, OTHER, SAME, SHAPE, SOUND, TONE, VARIANT
from pipelines.linkage.engine.name_parts import LOST

Grades = npt.NDArray[np.int8]

# zh/z, ch/c, sh/s; n/l; r/l; f/h; ang/an, eng/en, ing/in fall together.
_NEAR_SOUNDS: Final = (
    (r"^([zcs])h", r"\1"), (r"^n", "l"), (r"^r", "l"), (r"^f", "h"), (r"([aei])ng$", r"\1n"),
)  # fmt: skip


@cache
def near_sound(syllable: str) -> str:
    """What a toneless syllable becomes where sounds that people mix up fall together."""
    for pattern, replacement in _NEAR_SOUNDS:
        syllable = re.sub(pattern, replacement, syllable)
    return syllable


@cache
def readings(unit: str) -> tuple[str, ...]:
    """All readings with tone numbers, the usual one first, one as a surname last; of pinyin the syllable."""
    if unit == LOST:
        return ()
    if unit.isascii():
        return (unit,) if unit.islower() else ()
    told = pinyin(unit, style=Style.TONE3, heteronym=True, neutral_tone_with_five=True, errors="ignore")
    found = [one for several in told for one in several]
    surname = SURNAME_READINGS.get(unit)
    if surname and surname not in map(toneless, found):
        found.append(surname)
    return tuple(dict.fromkeys(found))


def toneless(reading: str) -> str:
    """A reading without its tone number."""
    return reading.rstrip("12345")


@cache
def like_shapes() -> dict[str, frozenset[str]]:
    """Of each character the pairs of characters that look alike (like_shapes.yml) in which it stands."""
    declared = yaml.safe_load(Path(__file__).with_name("like_shapes.yml").read_text(encoding="utf-8"))
    found = defaultdict[str, set[str]](set)
    for pair in declared["pairs"].split():
        for character in pair:
            found[character].add(pair)
    return {character: frozenset(pairs) for character, pairs in found.items()}


def grade_table(units: list[str]) -> Grades:
    """Grade of every pair of units; shape (units, units), symmetric.

    Characters with several readings sound the same where any two readings do; the tone counts where it
    is that of the usual readings.
    """
    table = np.full((len(units), len(units)), OTHER, dtype=np.int8)
    of = {unit: readings(unit) for unit in units}
    _grade(table, units, {u: set(like_shapes().get(u, ())) for u in units}, SHAPE)
    _grade(table, units, {u: {near_sound(toneless(one)) for one in of[u]} for u in units}, NEAR)
    _grade(table, units, {u: {toneless(one) for one in of[u]} for u in units}, SOUND)
    _grade(table, units, {u: set(of[u][:1]) - {u} for u in units}, TONE)
    _grade(table, units, {u: {folded_name(u)} - {LOST, ""} for u in units if not u.isascii()}, VARIANT)
    np.fill_diagonal(table, SAME)
    return table


def _grade(table: Grades, units: list[str], classes: dict[str, set[str]], grade: int) -> None:
    members = defaultdict(list)
    for number, unit in enumerate(units):
        for one in sorted(classes.get(unit, ())):
            members[one].append(number)
    for several in members.values():
        table[np.ix_(several, several)] = grade
