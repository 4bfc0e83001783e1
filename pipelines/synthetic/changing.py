"""What a kind of dirt is, and how one is made of a change to a value."""

from __future__ import annotations

import re
from collections.abc import Callable

Damage = Callable[[str, int, str], str | None]
Change = Callable[[str, int], str | None]

NUMBER_CELL = "\x1fnumber:"  # asks the workbook writer for a number or a real date
DATE_CELL = "\x1fdate:"


def as_damage(change: Change, only: str = ".") -> Damage:
    """A change of values that hold the pattern `only`; one that leaves the value as it is declines."""

    def damage(value: str, number: int, _above: str) -> str | None:
        changed = change(value, number) if re.search(only, value) else None
        return None if changed == value else changed

    return damage


def other_digit(value: str, place: int, number: int) -> str:
    """The value with another digit at that place."""
    digit = (int(value[place]) + 1 + number % 9) % 10
    return f"{value[:place]}{digit}{value[place + 1 :]}"
