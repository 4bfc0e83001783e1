"""Dirt in names: what clerks mishear, mistake or cannot type."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from opencc import OpenCC
from pypinyin import lazy_pinyin

from pipelines.synthetic.changing import Damage, as_damage
from pipelines.synthetic.declarations import declaration
from pipelines.synthetic.homophones import alike, glyphs, pairs
from pipelines.synthetic.names import DOT

_DOTS = "•‧・･∙⋅●.．。，、-－— \u3000˙▪◦"


def _sound(kind: str) -> Damage:
    def change(value: str, number: int) -> str | None:
        if DOT in value:
            return None
        # Mostly the given name: the surname is what a clerk knows.
        first = 0 if number % 8 == 0 else 1
        place = min(first + (number >> 3) % max(1, len(value) - first), len(value) - 1)
        others = alike(value[place], kind)
        if not others:
            return None
        return value[:place] + others[(number >> 8) % len(others)] + value[place + 1 :]

    return as_damage(change)


def _other_character(value: str, number: int) -> str | None:
    pool = declaration("names")["cohorts"][1 + number % 2]["male"]["first"]
    return None if DOT in value else value[:-1] + pool[(number >> 2) % len(pool)]


def _paired(table_of: Callable[[], dict[str, str]]) -> Damage:
    def change(value: str, _number: int) -> str:
        table = table_of()
        place = next((i for i in range(len(value) - 1, -1, -1) if value[i] in table), None)
        return value if place is None else value[:place] + table[value[place]] + value[place + 1 :]

    return as_damage(change)


@cache
def _traditional(value: str) -> str:
    return str(_converter().convert(value))


@cache
def _converter() -> OpenCC:
    return OpenCC("s2t")


def _rare(change: Callable[[str], str]) -> Damage:
    def damage(value: str, _number: int) -> str:
        rare = declaration("names")["rare"]
        return "".join(change(char) if char in rare else char for char in value)

    return as_damage(damage)


def _private(char: str) -> str:
    """A character that an office once drew for itself (造字)."""
    return chr(0xE000 + declaration("names")["rare"].index(char))


def _two_apart(value: str, number: int) -> str | None:
    blank = "\u3000" if number % 3 == 0 else " "
    return blank.join(value) if len(value) == 2 else None


NAMES: dict[str, Damage] = {
    "same_tone": _sound("same_tone"),
    "other_tone": _sound("other_tone"),
    "near_sound": _sound("near_sound"),
    "look_alike": _paired(lambda: pairs("lookalike")),
    "confused": _paired(lambda: pairs("confused")),
    "variant": _paired(glyphs),
    "other_character": as_damage(_other_character),
    "traditional": as_damage(lambda value, _: _traditional(value)),
    "rare_to_question": _rare(lambda _: "?"),
    "rare_to_box": _rare(lambda _: "□"),
    "rare_to_pinyin": _rare(lambda char: lazy_pinyin(char)[0]),
    "rare_to_private": _rare(_private),
    "rare_to_words": _rare(lambda char: f"({char}字)"),
    "other_dot": as_damage(lambda value, number: value.replace(DOT, _DOTS[number % len(_DOTS)])),
    "no_dot": as_damage(lambda value, _: value.replace(DOT, "")),
    "inner_blank_of_two": as_damage(_two_apart),
}
