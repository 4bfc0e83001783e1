"""Which units are worth comparing: those that meet under one of several keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import polars as pl

from pipelines.linkage.neighbours import slip_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.linkage.attributes import Attributes

Spelling = Literal["none", "whole", "short"]
PAIRS: Final = pl.Schema({"a": pl.Int32, "b": pl.Int32})
KEYS: Final = pl.Schema({"unit": pl.Int32(), "key": pl.UInt64()})
_STRIDE: Final = 7919
_ROUNDED: Final = 15  # digits that a spreadsheet keeps of a number


def candidate_pairs(
    keys: Iterable[pl.DataFrame],
    labelled: pl.DataFrame,
    crowded: pl.DataFrame,
    among: pl.Series | None = None,
) -> pl.DataFrame:
    """Pairs a < b of units, at least one of them without a usable ID; distinct and sorted.

    Args:
        keys: of each blocking rule, see block_keys.
        labelled: units with a usable ID.
        crowded: keys that make no pairs: on more units than the policy's `block_cap`, they tell nobody from anybody.
        among: units of which one must be in each pair; default: all.
    """
    met = [_meet(rule.join(crowded, on="key", how="anti"), labelled, among) for rule in keys]
    return pl.concat([PAIRS.to_frame(), *met]).unique().sort("a", "b")


def crowded_keys(keys: Iterable[pl.DataFrame], block_cap: int) -> pl.DataFrame:
    """The keys on more than `block_cap` units."""
    found = [rule.group_by("key").len().filter(pl.col("len") > block_cap).select("key") for rule in keys]
    return pl.concat([KEYS.to_frame().select("key"), *found]).sort("key")


def chance_pairs(units: int, labelled: pl.DataFrame, count: int) -> pl.DataFrame:
    """About `count` pairs of units that nothing brought together, spread evenly; always the same ones.

    What chance pairs agree in is what estimation needs beside candidates, nearly all of which match.
    """
    asking = np.setdiff1d(np.arange(units, dtype=np.int64), labelled["unit"].to_numpy())
    if not len(asking) or units < 2:
        return PAIRS.to_frame()
    times = np.arange(count, dtype=np.int64)
    unit, other = asking[times % len(asking)], times * _STRIDE % units
    pairs = pl.DataFrame({"a": np.minimum(unit, other), "b": np.maximum(unit, other)}).cast(PAIRS)
    return pairs.filter(pl.col("a") != pl.col("b")).unique().sort("a", "b")


def _meet(keys: pl.DataFrame, labelled: pl.DataFrame, among: pl.Series | None) -> pl.DataFrame:
    usable = keys.filter(pl.len().over("key") > 1)
    asking = usable.join(labelled, on="unit", how="anti")
    met = asking.join(usable, on="key").filter(pl.col("unit") != pl.col("unit_right"))
    if among is not None:
        chosen = among.implode()
        met = met.filter(pl.col("unit").is_in(chosen) | pl.col("unit_right").is_in(chosen))
    return met.select(
        pl.min_horizontal("unit", "unit_right").alias("a").cast(pl.Int32),
        pl.max_horizontal("unit", "unit_right").alias("b").cast(pl.Int32),
    ).unique()


def block_keys(table: Attributes, spelled: Spelling) -> list[pl.DataFrame]:
    """Of each blocking rule unit (Int32) and key (UInt64), distinct; units meet under equal keys of one rule.

    Args:
        table: what the units say.
        spelled: which forms of numbers are looked for, see `spelling`.
    """
    rules = [*_keys(table), *_number_keys(table.numbers, spelled)]
    return [
        rule.drop_nulls().select(pl.col("unit").cast(pl.Int32), pl.col("key").hash(place)).unique()
        for place, rule in enumerate(rules)
    ]


def spelling(numbers: pl.DataFrame) -> Spelling:
    """Which forms of usable numbers the faulty ones ask for: none, as they are, or of 15 digits too."""
    faulty = numbers.filter(~pl.col("is_usable"))["number"].str.len_bytes()
    if faulty.is_empty():
        return "none"
    return "short" if int(faulty.min()) <= _ROUNDED + 1 else "whole"  # type: ignore[arg-type]


def _keys(table: Attributes) -> Iterator[pl.DataFrame]:
    """One table (unit, key) a blocking rule."""
    births = table.births.select("unit", born=pl.col("value").cast(pl.String))
    names = table.names.select("unit", "name_key", "name_sound", "surname").join(
        births, on="unit", how="left"
    )
    for name in ("name_key", "name_sound", "surname"):
        yield _joined(names, name, "born")
    by_name = names.select("unit", "name_key", year=pl.col("born").str.slice(0, 4)).unique()
    for value in ("telephone", "guardian", "household", "employer", "address"):
        yield _joined(by_name.join(table.values[value], on="unit"), "name_key", "value")
    for half in (pl.col("value").str.head(6), pl.col("value").str.tail(4)):
        halves = table.values["telephone"].with_columns(half)
        yield _joined(by_name.join(halves, on="unit"), "name_key", "value")
    for value in ("household", "telephone"):
        yield _joined(births.join(table.values[value], on="unit"), "born", "value")
    yield _joined(by_name.join(table.values["street"], on="unit"), "name_key", "year", "value")
    yield _joined(table.values["local_number"], "value")


def _number_keys(numbers: pl.DataFrame, spelled: Spelling) -> Iterator[pl.DataFrame]:
    faulty = numbers.filter(~pl.col("is_usable"))
    if spelled == "none":
        return
    number = pl.col("number")
    if spelled == "short":
        old = numbers.filter("is_usable").with_columns(number.map_batches(short_form, pl.String))
        numbers = pl.concat([numbers.select(old.columns), old.drop_nulls()])
    yield slip_keys(numbers.select("unit", "number"))
    yield _joined(faulty, "number")
    whole = numbers.filter(number.str.len_bytes() == 18)
    yield _joined(whole.with_columns(number.str.slice(0, _ROUNDED)), "number")


def short_form(numbers: pl.Series) -> pl.Series:
    """The 15 digits that an 18-digit number was before 1999; null where born since 2000."""
    short = numbers.str.slice(0, 6) + numbers.str.slice(8, 9)
    old = (numbers.str.len_bytes() == 18) & (numbers.str.slice(6, 2) == "19")
    return pl.select(pl.when(old).then(short)).to_series()


def _joined(frame: pl.DataFrame, *columns: str) -> pl.DataFrame:
    return frame.select("unit", key=pl.concat_str(*columns, separator="|"))
