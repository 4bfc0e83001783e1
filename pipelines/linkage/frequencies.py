"""On how many units a value stands: agreement on a rare value tells more than on a common one.

Values are known by their hash, so that frequencies can be kept without a person's value. They are counted once, before
anything is linked: what links join later does not make its values rarer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from pipelines.linkage.attributes import Attributes

_EQUAL: Final = (
    "sex", "telephone", "household", "address", "street", "guardian", "employer", "local_number",
)  # fmt: skip
COMPARISON: Final = pl.Enum(["name", "birth", "citizen_id", *_EQUAL])
_MANY: Final = 4  # times as many counts as units: those of the units are looked out first
COUNTS: Final = pl.Schema({"comparison": COMPARISON, "key": pl.UInt64(), "count": pl.Int64()})


def value_keys(table: Attributes, *, with_former: bool = False) -> pl.DataFrame:
    """comparison, unit, key: every value that is counted, once a unit; former names are not counted."""
    names = table.names if with_former else table.names.filter(~pl.col("is_former"))
    told = [_keys("name", names, "name_key"), _keys("birth", table.births, "value")]
    told += [_keys("citizen_id", table.numbers, "number")]
    told += [_keys(name, table.values[name], "value") for name in _EQUAL]
    return pl.concat(told)


def frequencies(keys: pl.DataFrame) -> pl.DataFrame:
    """COUNTS of `value_keys`."""
    counted = keys.group_by("comparison", "key").agg(count=pl.len().cast(pl.Int64))
    return counted.select(COUNTS.names())


def unknown(keys: pl.DataFrame, counts: pl.DataFrame) -> pl.DataFrame:
    """Those of the keys (comparison, key, and what stands beside them) that nobody counted."""
    return keys.join(_among(counts, keys["key"]), on=["comparison", "key"], how="anti")


def _among(counts: pl.DataFrame, keys: pl.Series) -> pl.DataFrame:
    """The counts of these keys; many are counted and few are asked for where a run follows another."""
    return counts.filter(pl.col("key").is_in(keys.unique().implode()))


def counted(table: Attributes, counts: pl.DataFrame) -> Attributes:
    """The attributes with `count` beside each value; one that nobody counted stands on one unit."""
    if table.units < counts.height // _MANY:
        counts = _among(counts, value_keys(table, with_former=True)["key"])
    by_name = {name: counts.filter(pl.col("comparison") == name) for name in COMPARISON.categories}
    values = {name: _with_count(frame, "value", by_name[name]) for name, frame in table.values.items()}
    return replace(
        table,
        names=_with_count(table.names, "name_key", by_name["name"]),
        births=_with_count(table.births, "value", by_name["birth"]),
        values=values,
        numbers=_with_count(table.numbers, "number", by_name["citizen_id"]),
    )


def _keys(comparison: str, frame: pl.DataFrame, value: str) -> pl.DataFrame:
    keys = frame.select("unit", key=pl.col(value).hash(0)).unique()
    return keys.select(pl.lit(comparison, COMPARISON).alias("comparison"), "unit", "key")


def _with_count(frame: pl.DataFrame, value: str, counts: pl.DataFrame) -> pl.DataFrame:
    known = counts.select("key", "count")
    return (
        frame.with_columns(key=pl.col(value).hash(0))
        .join(known, on="key", how="left", maintain_order="left")
        .with_columns(pl.col("count").fill_null(1))
        .drop("key")
    )
