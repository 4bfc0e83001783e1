"""Kinds of dirt: each takes a value, a random whole number and the value of the row above.

A kind that cannot befall the value returns None. What popbase has to say of each is in kinds.yml.
"""

from __future__ import annotations

from pipelines.synthetic.changing import Damage, as_damage
from pipelines.synthetic.damage_dates import DATES
from pipelines.synthetic.damage_ids import NUMBERS, passes
from pipelines.synthetic.damage_names import NAMES
from pipelines.synthetic.damage_others import OTHERS


def _inserted(char: str) -> Damage:
    def change(value: str, number: int) -> str:
        place = 1 + number % max(1, len(value) - 1)
        return value[:place] + char + value[place:]

    return as_damage(change)


def _blank(value: str, _number: int, _above: str) -> str | None:
    return "" if value else None


_FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")

KINDS: dict[str, Damage] = {
    "blank": _blank,
    "blank_key": _blank,
    "apostrophe": as_damage(lambda value, _: "'" + value),
    "byte_order_mark": as_damage(lambda value, _: "\ufeff" + value),
    "zero_width": _inserted("\u200b"),
    "inner_blank": _inserted(" "),
    "outer_blank": as_damage(lambda value, _: value + " "),
    "full_width": as_damage(lambda value, _: value.translate(_FULL_WIDTH)),
    **NUMBERS,
    **NAMES,
    **DATES,
    **OTHERS,
}


def told_of(kind: str, damaged: str) -> str:
    """The kind to note: a tail lost to a float can leave another number that passes every check."""
    return "valid_by_chance" if kind == "float_tail" and passes(damaged) else kind
