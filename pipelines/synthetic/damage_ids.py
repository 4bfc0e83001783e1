"""Dirt in citizen IDs and in school-roll numbers that hold one."""

from __future__ import annotations

import re

from pipelines.synthetic.changing import NUMBER_CELL, Change, Damage, as_damage, other_digit
from pipelines.synthetic.identifiers import check_character

_NUMBER = r"^\d{17}[\dX]$"
_ROLL = r"^G\d{17}[\dX]$"
_LAST_YEAR_OF_FIFTEEN = "1983"
_LETTERS = {"0": "O", "1": "l"}
_WORDS = ("无", "不详", "未提供", "/")


def passes(number: str) -> bool:
    """Whether the check character is right."""
    return bool(re.match(_NUMBER, number)) and check_character(number[:17]) == number[17]


def _id(change: Change) -> Damage:
    return as_damage(change, _NUMBER)


def _one_digit(value: str, number: int) -> str:
    return other_digit(value, number % 17, number // 17)


def _swapped(value: str, number: int) -> str:
    place = number % 16
    return value[:place] + value[place + 1] + value[place] + value[place + 2 :]


def _wrong_check(value: str, number: int) -> str:
    others = "0123456789X".replace(value[17], "")
    return value[:17] + others[number % 10]


def _fifteen(value: str, _number: int) -> str | None:
    """Numbers given before the eighteen digits of 1999."""
    old = "19" <= value[6:8] < "20" and value[6:10] <= _LAST_YEAR_OF_FIFTEEN
    return value[:6] + value[8:17] if old else None


def _centenarian(value: str, number: int) -> str | None:
    """The orders 996 to 999 of fifteen digits: the century is open."""
    short = _fifteen(value, number)
    return short and short[:12] + str(996 + number % 4)


def _one_lost(value: str, number: int) -> str:
    place = number % 17
    return value[:place] + value[place + 1 :]


def _letter(value: str, number: int) -> str | None:
    places = [place for place, char in enumerate(value[:17]) if char in _LETTERS]
    if not places:
        return None
    place = places[number % len(places)]
    return value[:place] + _LETTERS[value[place]] + value[place + 1 :]


def _last_x(char: str) -> Damage:
    return _id(lambda value, _: value[:17] + char if value.endswith("X") else None)


def _as_number(marker: str, form: str = "{:.0f}") -> Damage:
    """What a spreadsheet makes of a number: those that end in X stay text."""
    return _id(lambda value, _: None if value.endswith("X") else marker + form.format(float(value)))


def _line_slip(value: str, _number: int, above: str) -> str | None:
    return above if above not in ("", value) and re.match(_NUMBER, above) else None


NUMBERS: dict[str, Damage] = {
    "one_digit": _id(_one_digit),
    "swapped": _id(_swapped),
    "wrong_check": _id(_wrong_check),
    "one_lost": _id(_one_lost),
    "letter": _id(_letter),
    "word_for_number": _id(lambda _, number: _WORDS[number % len(_WORDS)]),
    "fifteen": _id(_fifteen),
    "centenarian": _id(_centenarian),
    "lower_x": _last_x("x"),
    "star_x": _last_x("*"),
    "roman_x": _last_x("Ⅹ"),
    "cyrillic_x": _last_x("Х"),
    "full_width_x": _last_x("Ｘ"),
    "scientific": _as_number("", "{:.5E}"),
    "last_three_zero": _id(lambda value, _: None if value.endswith("X") else value[:15] + "000"),
    "float_tail": _as_number(""),
    "number_cell": _as_number(NUMBER_CELL),
    "line_slip": _line_slip,
    "roll_digit": as_damage(lambda value, number: "G" + _one_digit(value[1:], number), _ROLL),
    "roll_without_letter": as_damage(lambda value, _: value[1:], _ROLL),
}
