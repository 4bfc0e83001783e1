"""Characters that are mistaken for one another when somebody types a name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache

from pypinyin import Style, pinyin

from pipelines.synthetic.declarations import declaration

_NEAR = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"))
_FIRST_LEVEL = range(0xB0, 0xD8)  # rows of GB/T 2312 with the 3,755 commonest characters


def _common_characters() -> Iterable[str]:
    for row in _FIRST_LEVEL:
        for cell in range(0xA1, 0xFF):
            if (row, cell) < (0xD7, 0xFA):
                yield bytes((row, cell)).decode("gb2312")


@cache
def sounds() -> dict[str, str]:
    """Each character's first reading with its tone as a last digit (`wei3`)."""
    names = declaration("names")
    pools = [
        pool for cohort in names["cohorts"] for sex in ("male", "female") for pool in cohort[sex].values()
    ]
    text = "".join([*_common_characters(), *pools, names["surnames"], names["rare"]])
    hanzi = sorted(set(re.findall(r"[^\x00-\x7f]", text)))
    readings = pinyin(hanzi, style=Style.TONE3, neutral_tone_with_five=True)
    return {char: reading[0] for char, reading in zip(hanzi, readings, strict=True)}


def toneless(sound: str) -> str:
    """`wei3` without its tone."""
    return sound.rstrip("12345")


def near(sound: str) -> str:
    """One form for sounds that many speakers do not tell apart: zh z, n l, an ang."""
    sound = toneless(sound)
    for long, short in _NEAR:
        sound = sound.replace(long, short)
    return "l" + sound[1:] if sound.startswith("n") else sound


@cache
def _groups(key: Callable[[str], str]) -> dict[str, str]:
    groups: dict[str, str] = defaultdict(str)
    for char, sound in sounds().items():
        groups[key(sound)] += char
    return groups


def _whole(sound: str) -> str:
    return sound


_CLOSER: dict[str, tuple[Callable[[str], str], Callable[[str], str] | None]] = {
    "same_tone": (_whole, None),
    "other_tone": (toneless, _whole),
    "near_sound": (near, toneless),
}


@cache
def alike(char: str, kind: str) -> str:
    """Characters of the same sound and tone, the same sound only, or a near sound only."""
    wide, narrow = _CLOSER[kind]
    sound = sounds().get(char)
    if sound is None:
        return ""
    found = _groups(wide)[wide(sound)]
    closer = _groups(narrow)[narrow(sound)] if narrow else char
    return "".join(other for other in found if other not in closer and other != char)


@cache
def pairs(name: str) -> dict[str, str]:
    """Pairs of names.yml (`confused`, `lookalike`), readable from both sides."""
    table = {}
    for left, right in declaration("names")[name].split():
        table[left], table[right] = right, left
    return table


@cache
def glyphs() -> dict[str, str]:
    """The other glyph of each character of names.yml that has one."""
    return dict(declaration("names")["variants"].split())
