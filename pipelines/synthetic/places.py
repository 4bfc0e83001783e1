"""Where families live: townships, villages, streets and houses."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.synthetic.declarations import declaration
from pipelines.synthetic.dice import Dice, Ints
from pipelines.synthetic.names import Words, words

_TOWNSFOLK = 0.45


def home(dice: Dice, family: Ints, move: Ints) -> pl.DataFrame:
    """The address of each family after its nth move.

    Columns: township_code (nine digits), address_code (24 digits), address (from the province
    down), short_address (from the county down, other words for the same parts).
    """
    county = declaration("county")
    keys = family, move
    towns = county["townships"].split()
    share = 1 / (np.arange(len(towns)) + 3.0)
    town = dice.choose("township", share, *keys)
    urban = dice.hit("in town", _TOWNSFOLK, *keys)
    villages, streets = county["villages"].split(), county["streets"].split()
    village = dice.below("village", len(villages), *keys)
    street = dice.below("street", len(streets), *keys)
    code = [f"{county['division']}{100 + t}" for t in range(len(towns))]
    long, short = _houses(dice, *keys)
    where = np.where(urban, words(streets)[street], words(villages)[village])
    rest = words(towns)[town] + where
    serial = dice.below("house", 10**9, *keys)
    part = np.where(urban, street + 1, village + 201)
    return pl.DataFrame(
        {
            "township_code": words(code)[town].tolist(),
            "address": (county["prefix"] + rest + np.where(urban, long[0], long[1])).tolist(),
            "short_address": (county["short_prefix"] + rest + np.where(urban, short[0], short[1])).tolist(),
            "address_code": (words(code)[town] + _text(part, 3) + _text(serial, 12)).tolist(),
        },
    )


def gazetteer() -> pl.DataFrame:
    """All places of the county, `code` and `name`, as an operator supplies them (see kernels.gazetteer)."""
    county = declaration("county")
    division = str(county["division"])
    above = zip((division[:2], division[:4], division), county["places"], strict=True)
    towns = [(f"{division}{100 + t}", name) for t, name in enumerate(county["townships"].split())]
    villages = [
        (f"{town}{201 + v}", f"{name}民委员会")
        for town, _ in towns
        for v, name in enumerate(county["villages"].split())
    ]
    return pl.DataFrame([*above, *towns, *villages], schema=["code", "name"], orient="row")


def _houses(dice: Dice, *keys: Ints) -> tuple[tuple[Words, Words], tuple[Words, Words]]:
    """Urban and rural ends of an address: in full, and as they are said."""
    plate = _text(1 + dice.below("plate", 180, *keys))
    block = _text(1 + dice.below("block", 12, *keys))
    unit = _text(1 + dice.below("unit", 4, *keys))
    floor = 1 + dice.below("floor", 18, *keys)
    room = _text(floor) + "0" + _text(1 + dice.below("room", 4, *keys))
    group = _text(1 + dice.below("group", 9, *keys))
    door = _text(1 + dice.below("door", 120, *keys))
    urban = plate + "号" + block + "幢" + unit + "单元" + room + "室"
    said = plate + "号" + block + "栋" + unit + "-" + room
    return (urban, group + "组" + door + "号"), (said, group + "社" + door + "号")


def _text(numbers: Ints, width: int = 1) -> Words:
    return words([f"{number:0{width}d}" for number in numbers.tolist()])


def divisions(dice: Dice, word: str, pools: list[list[str]], keys: Ints, period: Ints) -> Ints:
    """Six-digit codes of one of the places in `pools`, as it was called in the period (0 … 2)."""
    table = np.array(pools, dtype=np.int64)
    return np.asarray(table[dice.below(word, len(pools), keys), period], dtype=np.int64)


def period_of(days: Ints) -> Ints:
    """Which of the three periods of the county's codes a day falls in."""
    changes = np.array(declaration("county")["division_changes"], dtype="datetime64[D]")
    return np.searchsorted(changes.astype(np.int64), days, side="right").astype(np.int64)
