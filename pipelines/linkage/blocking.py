"""Which units are worth comparing: those that meet under one of several keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from pipelines.linkage.neighbours import slip_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.linkage.attributes import Attributes

PAIRS: Final = pl.Schema({"a": pl.Int32, "b": pl.Int32})
_STRIDE: Final = 7919
_ROUNDED: Final = 15  # digits that a spreadsheet keeps of a number


def candidate_pairs(table: Attributes, block_cap: int) -> pl.DataFrame:
    """Pairs a < b of units, at least one of them without a usable ID; distinct and sorted.

    A key on more than `block_cap` units tells nobody from anybody and makes no pairs.
    """
    met = [_meet(keys, table.labelled, block_cap) for keys in _keys(table)]
    return pl.concat([PAIRS.to_frame(), *met]).unique().sort("a", "b")


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


def _meet(keys: pl.DataFrame, labelled: pl.DataFrame, block_cap: int) -> pl.DataFrame:
    usable = keys.drop_nulls().unique().filter(pl.len().over("key").is_between(2, block_cap))
    asking = usable.join(labelled, on="unit", how="anti")
    met = asking.join(usable, on="key").filter(pl.col("unit") != pl.col("unit_right"))
    return met.select(
        pl.min_horizontal("unit", "unit_right").alias("a").cast(pl.Int32),
        pl.max_horizontal("unit", "unit_right").alias("b").cast(pl.Int32),
    ).unique()


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
    yield from _number_keys(table.numbers)


def _number_keys(numbers: pl.DataFrame) -> Iterator[pl.DataFrame]:
    faulty = numbers.filter(~pl.col("is_usable"))
    if faulty.is_empty():
        return
    number = pl.col("number")
    if faulty["number"].str.len_bytes().min() <= _ROUNDED + 1:  # type: ignore[operator]
        old = numbers.filter("is_usable").with_columns(number.map_batches(short_form, pl.String))
        numbers = pl.concat([numbers, old.drop_nulls()])
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
