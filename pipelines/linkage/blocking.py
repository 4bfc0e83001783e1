"""Which units are worth comparing: those that meet under one of several keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from pipelines.linkage.key_parts import part

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipelines.linkage.attributes import Attributes
    from pipelines.linkage.key_parts import Spelling
    from pipelines.linkage.policy import Part, Rules

PAIRS: Final = pl.Schema({"a": pl.Int32, "b": pl.Int32})
KEYS: Final = pl.Schema({"unit": pl.Int32(), "key": pl.UInt64()})
_STRIDE: Final = 7919


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


def block_keys(table: Attributes, rules: Rules, spelled: Spelling) -> list[pl.DataFrame]:
    """Of each rule KEYS, distinct; units meet under equal keys of one rule.

    Args:
        table: what the units say.
        rules: what must be equal, see policy.Part.
        spelled: which forms of numbers are looked for, see key_parts.spelling.
    """
    return [_keys(table, rule, spelled, place) for place, rule in enumerate(rules)]


def _keys(table: Attributes, rule: Sequence[Part], spelled: Spelling, place: int) -> pl.DataFrame:
    """Every combination of what a unit says; it is hashed with the rule's place, so that rules do not mix."""
    first, *others = [part(table, name, spelled) for name in rule]
    for number, other in enumerate(others):
        first = first.join(other.rename({"value": f"value_{number}"}), on="unit")
    values = first.columns[1:]
    key = pl.col("value") if not others else pl.concat_str(values, separator="|")
    return first.select(pl.col("unit").cast(pl.Int32), key=key.hash(place)).unique()
