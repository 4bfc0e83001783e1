"""Headers that came otherwise than agreed: a column renamed, missing, new, or all in another order."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipelines.synthetic.declarations import declaration
from pipelines.synthetic.dice import Dice
from pipelines.synthetic.rates import Rates
from pipelines.synthetic.views import Feed

HEADER_ROW = 0


@dataclass(frozen=True)
class Header:
    """How the columns of one delivery come.

    Attributes:
        columns: source columns in the order delivered; a new one stands under its own name.
        called: {source column: name in the header}, where they differ.
        faults: (row 0, column, kind).
    """

    columns: tuple[str, ...]
    called: dict[str, str]
    faults: tuple[tuple[int, str, str], ...]

    @property
    def names(self) -> list[str]:
        """The header as delivered."""
        return [self.called.get(column, column) for column in self.columns]

    def arranged(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows with these columns in this order; a new column gets values of its own."""
        new = declaration("feeds")["new_column"]
        values = pl.Series(new["name"], new["values"], dtype=pl.String)
        if new["name"] in self.columns:
            drawn = pl.int_range(len(frame), eager=True) % len(values)
            frame = frame.with_columns(values.gather(drawn))
        return frame.select(self.columns)


def as_agreed(feed: Feed, further: tuple[str, ...]) -> Header:
    """The columns of feeds.yml; `further` (the operation) comes last."""
    return Header((*(column.name for column in feed.columns), *further), {}, ())


def also_called() -> dict[str, list[str]]:
    """Other names of source columns, as they are met in headers."""
    names: dict[str, list[str]] = declaration("feeds")["also_called"]
    return names


def delivered_header(dice: Dice, rates: Rates, feed: Feed, day: int, further: tuple[str, ...]) -> Header:
    """The header of the delivery of that day, with what is wrong with it."""
    columns = [column.name for column in feed.columns]
    drawn = _Drawn(dice, rates, feed.name, day)
    called: dict[str, str] = {}
    faults = []
    if drawn.befalls("header_reordered"):
        columns.reverse()
        faults.append((HEADER_ROW, "", "header_reordered"))
    lacks = feed.settings.get("may_lack", [])
    if lacks and drawn.befalls("header_missing"):
        column = drawn.one_of("column missing", lacks)
        columns.remove(column)
        faults.append((HEADER_ROW, column, "header_missing"))
    known = [column for column in columns if column in also_called()]
    if known and drawn.befalls("header_renamed"):
        column = drawn.one_of("column renamed", known)
        called[column] = drawn.one_of("its name", also_called()[column])
        faults.append((HEADER_ROW, column, "header_renamed"))
    if drawn.befalls("header_new"):
        columns.append(declaration("feeds")["new_column"]["name"])
        faults.append((HEADER_ROW, columns[-1], "header_new"))
    return Header((*columns, *further), called, tuple(faults))


@dataclass(frozen=True)
class _Drawn:
    """What is drawn for the delivery of a feed on a day."""

    dice: Dice
    rates: Rates
    feed: str
    day: int

    def befalls(self, kind: str) -> bool:
        return bool(self.dice.hit(f"header of {self.feed}: {kind}", self.rates.headers[kind], self.day)[0])

    def one_of(self, word: str, choices: list[str]) -> str:
        return choices[int(self.dice.below(f"{self.feed} {word}", len(choices), self.day)[0])]
