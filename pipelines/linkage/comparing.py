"""Comparison vectors of candidate pairs: one level a comparison, and how common the agreeing value is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.linkage import names as nm
from pipelines.linkage.dates import birth_levels
from pipelines.linkage.id_levels import number_levels
from pipelines.linkage.neighbours import byte_matrix
from pipelines.linkage.policy import MISSING, level

if TYPE_CHECKING:
    from pipelines.linkage.attributes import Attributes

Levels = npt.NDArray[np.int8]
Counts = npt.NDArray[np.int64]

EQUAL: Final = ("sex", "household", "guardian", "employer")
LOCAL_PART: Final = "|"  # parts a local number from the feed that gave it


@dataclass(frozen=True)
class Compared:
    """Comparison vectors.

    Attributes:
        pairs: a, b (Int32), unit numbers, a < b.
        levels: {comparison: level of each pair}; see policy.LEVELS; -1 where a side is missing.
        counts: {comparison: on how many units the agreeing value stands}; 1 where none agrees.
    """

    pairs: pl.DataFrame
    levels: dict[str, Levels]
    counts: dict[str, Counts]


def compare(pairs: pl.DataFrame, table: Attributes) -> Compared:
    """Compare every value of one unit with every value of the other; the best level counts.

    Args:
        pairs: a, b (Int32).
        table: what the units say, with counts; see frequencies.counted.
    """
    numbered = pairs.with_row_index("pair")
    found = {name: _equality(numbered, table.values[name]) for name in EQUAL}
    asked = pl.concat([pairs["a"], pairs["b"]]).unique().implode()
    found["name"] = _names(numbered, table.names.filter(pl.col("unit").is_in(asked)))
    found["birth"] = _births(numbered, table.births)
    found["local_number"] = _local_numbers(numbered, table.values["local_number"])
    found["address"] = _addresses(numbered, table)
    found["telephone"] = _telephones(numbered, table.values["telephone"])
    found["citizen_id"] = number_levels(numbered, table.numbers)
    return Compared(
        pairs,
        {name: levels for name, (levels, _) in found.items()},
        {name: counts for name, (_, counts) in found.items()},
    )


def _equality(pairs: pl.DataFrame, table: pl.DataFrame) -> tuple[Levels, Counts]:
    """Same (0) where a value is shared, other (1), -1 where a side has none."""
    known = table["unit"].unique().implode()
    both = (pairs["a"].is_in(known) & pairs["b"].is_in(known)).to_numpy()
    found = np.where(both, 1, MISSING).astype(np.int8)
    shared = (
        pairs.join(table, left_on="a", right_on="unit")
        .join(table, left_on=["b", "value"], right_on=["unit", "value"], how="semi")
        .group_by("pair")
        .agg(pl.col("count").min())
    )
    counts = np.ones(pairs.height, dtype=np.int64)
    counts[shared["pair"].to_numpy()] = shared["count"].to_numpy()
    found[shared["pair"].to_numpy()] = 0
    return found, counts


def _local_numbers(pairs: pl.DataFrame, table: pl.DataFrame) -> tuple[Levels, Counts]:
    """As _equality, but numbers of two feeds say nothing of each other: each feed counts its own people."""
    levels, counts = _equality(pairs, table)
    feeds = table.select("unit", pl.col("value").str.split(LOCAL_PART).list.first()).unique()
    one_feed, _ = _equality(pairs, feeds.with_columns(count=pl.lit(1)))
    return np.where(one_feed == 0, levels, MISSING).astype(np.int8), counts


def _addresses(pairs: pl.DataFrame, table: Attributes) -> tuple[Levels, Counts]:
    same, street, other = (level("address", name) for name in ("same", "street", "other"))
    whole, counts = _equality(pairs, table.values["address"])
    stem, _ = _equality(pairs, table.values["street"])
    homes = table.homes["unit"].implode()
    apart = (pairs["a"].is_in(homes) & pairs["b"].is_in(homes)).to_numpy() & ((whole >= 0) | (stem >= 0))
    found = np.where(whole == 0, same, np.where(stem == 0, street, np.where(apart, other, MISSING)))
    return found.astype(np.int8), counts


def _telephones(pairs: pl.DataFrame, telephones: pl.DataFrame) -> tuple[Levels, Counts]:
    same, slip, other = (level("telephone", name) for name in ("same", "slip", "other"))
    met = pairs.join(telephones, left_on="a", right_on="unit").join(telephones, left_on="b", right_on="unit")
    a, a_length = byte_matrix(met["value"])
    b, b_length = byte_matrix(met["value_right"])
    apart = (a != b).sum(axis=1)
    is_slip = (apart == 1) & (a_length == b_length)
    found = np.where(apart == 0, same, np.where(is_slip, slip, other)).astype(np.int8)
    return _best(pairs.height, met.select("pair", "count", level=pl.Series(found)))


def _births(pairs: pl.DataFrame, births: pl.DataFrame) -> tuple[Levels, Counts]:
    met = pairs.join(births, left_on="a", right_on="unit").join(births, left_on="b", right_on="unit")
    levels = pl.Series("level", birth_levels(met["value"], met["value_right"]), dtype=pl.Int8)
    return _best(pairs.height, met.select("pair", "count").with_columns(levels))


def _names(pairs: pl.DataFrame, names: pl.DataFrame) -> tuple[Levels, Counts]:
    distinct = names.select("name_key").unique(maintain_order=True).with_row_index("name")
    coded = names.join(distinct, on="name_key", how="left", maintain_order="left").select(
        "unit", "name", "is_former", "count"
    )
    met = pairs.join(coded, left_on="a", right_on="unit").join(coded, left_on="b", right_on="unit")
    codes = [met[side].cast(pl.Int32).to_numpy() for side in ("name", "name_right")]
    levels = nm.name_levels(nm.encode_names(distinct["name_key"]), codes[0], codes[1])
    former = (met["is_former"] | met["is_former_right"]).to_numpy()
    levels[former] = np.where(levels[former] == nm.SAME, nm.FORMER, MISSING)
    rows = met.select("pair", count=pl.max_horizontal("count", "count_right"))
    return _best(pairs.height, rows.with_columns(pl.Series("level", levels, dtype=pl.Int8)))


def _best(height: int, rows: pl.DataFrame) -> tuple[Levels, Counts]:
    """Of each pair the best level, and of those the rarest value."""
    best = (
        rows.filter(pl.col("level") >= 0)
        .group_by("pair")
        .agg((pl.col("level").cast(pl.Int64) * (1 << 40) + pl.col("count")).min().alias("packed"))
    )
    levels = np.full(height, MISSING, dtype=np.int8)
    counts = np.ones(height, dtype=np.int64)
    packed = best["packed"].to_numpy()
    levels[best["pair"].to_numpy()] = packed >> 40
    counts[best["pair"].to_numpy()] = packed & ((1 << 40) - 1)
    return levels, counts
