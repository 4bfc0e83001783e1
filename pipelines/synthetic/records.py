"""What all kinds of registers share: who is here, who is entered twice, since when, and local numbers.

A kind of register is a function that takes the county, the people of a block and a day, and returns
one row per record: the columns of people.py, `serial` (identity of the record's personal part),
`record` (identity of the row), `since_on`, and what only this kind says. Rows keep their identity
from day to day.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.synthetic.columns import column
from pipelines.synthetic.dice import Dice, Ints, Mask, Shares
from pipelines.synthetic.families import YEAR
from pipelines.synthetic.states import County

_SERIALS = 9_000_000_000  # coprime to the multiplier below, so that no two are the same


def local_number(keys: Ints, offset: int) -> pl.Series:
    """Ten-digit numbers of an office, distinct for distinct keys, in no visible order."""
    return pl.Series(1_000_000_000 + (keys * 48_271 + offset) % _SERIALS).cast(pl.String)


def known_alive(county: County, people: pl.DataFrame, day: int, word: str) -> Mask:
    """People who are here on the day, or died without this office hearing of it."""
    here = (column(people, "arrived_on") <= day) & (column(people, "left_on") > day)
    rate = county.rates.people["active_after_death"]
    unheard = county.dice.hit(f"lives on {word}", rate, column(people, "person"))
    return here & ((column(people, "dies_on") > day) | unheard)


def ages(people: pl.DataFrame, day: int) -> Shares:
    """Years of age, with their fraction."""
    return np.asarray((day - column(people, "born_on")) / YEAR, dtype=np.float64)


def twice(county: County, rows: pl.DataFrame, word: str) -> pl.DataFrame:
    """Repeat a few people (copy 1) and give every row its serial and record."""
    dice, rate = county.dice, county.rates.people["twice"]
    again = rows.filter(pl.Series(dice.hit(f"{word} twice", rate, column(rows, "person"))))
    both = pl.concat([rows.with_columns(copy=pl.lit(0)), again.with_columns(copy=pl.lit(1))])
    return entered(dice, both, word)


def entered(dice: Dice, rows: pl.DataFrame, word: str) -> pl.DataFrame:
    """Give every row (with its `copy`) its serial and record."""
    serial = dice.bits(f"serial {word}", column(rows, "person"), column(rows, "copy"))
    return rows.with_columns(serial=pl.Series(serial), record=pl.Series(serial))


def since(dice: Dice, rows: pl.DataFrame, word: str, after: Ints, mean: float) -> pl.Series:
    """When the record began: some time after a day in life, but never before the arrival."""
    start = np.maximum(after, column(rows, "arrived_on"))
    waited = dice.wait(f"since {word}", mean, rows["serial"].to_numpy())
    return pl.Series("since_on", start + waited)


def choice(values: list[str], drawn: Ints) -> pl.Series:
    """The values at the drawn places, as text."""
    return pl.Series(values, dtype=pl.String).gather(pl.Series(drawn))
