"""Which units are worth comparing: those that meet under one of several keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.linkage.key_parts import part

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipelines.linkage.attributes import Attributes
    from pipelines.linkage.key_parts import Spelling
    from pipelines.linkage.policy import Part, Rules

PAIRS: Final = pl.Schema({"a": pl.Int32, "b": pl.Int32})
KEYS: Final = pl.Schema({"unit": pl.Int32(), "key": pl.UInt64()})
_STRIDE: Final = 7919


@dataclass(frozen=True)
class Candidates:
    """Pairs a < b of units, at least one of them without a usable ID: PAIRS, each once, in chunks; may be gone over again.

    Attributes:
        usable: of each blocking rule unit, key, is_labelled, met (how many others are under the key).
        among: units of which one must be in each pair; None: all.
        size: about how many pairs a chunk has, so that memory is bounded whatever their number. The smallest unit
            without a usable ID tells in which chunk a pair is.
    """

    usable: list[pl.DataFrame]
    among: pl.Series | None
    size: int

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """Sorted chunks."""
        for first, last in self._ranges():
            met = [_meet(rule, first, last, self.among) for rule in self.usable]
            yield pl.concat([PAIRS.to_frame(), *met]).unique().sort("a", "b")

    def _ranges(self) -> list[tuple[int, int]]:
        """First and last asking unit of each chunk."""
        asking = [rule.filter(~pl.col("is_labelled")).select("unit", "met") for rule in self.usable]
        met = pl.concat(asking).group_by("unit").agg(pl.col("met").cast(pl.Int64).sum()).sort("unit")
        chunk = pl.col("met").cum_sum() // self.size
        ranges = met.group_by(chunk).agg(first=pl.col("unit").min(), last=pl.col("unit").max())
        return ranges.sort("first").select("first", "last").rows()


def candidate_pairs(
    keys: Iterable[pl.DataFrame],
    labelled: pl.DataFrame,
    crowded: pl.DataFrame,
    among: pl.Series | None = None,
    size: int = 1 << 19,
) -> Candidates:
    """Pairs that meet under a key of one rule.

    Args:
        keys: of each blocking rule, see block_keys.
        labelled: units with a usable ID.
        crowded: keys that make no pairs: on more units than the policy's `block_cap`, they tell nobody from anybody.
        among: see Candidates.
        size: see Candidates.
    """
    told = labelled.select(pl.col("unit").cast(KEYS["unit"])).with_columns(is_labelled=pl.lit(value=True))
    usable = [
        rule.join(crowded, on="key", how="anti")
        .with_columns(met=pl.len().over("key") - 1)
        .filter(pl.col("met") > 0)
        .join(told, on="unit", how="left")
        .with_columns(pl.col("is_labelled").fill_null(value=False))
        for rule in keys
    ]
    return Candidates(usable, among, size)


def sampled(candidates: Candidates, most: int) -> tuple[pl.DataFrame, int]:
    """At most so many of the pairs, always the same ones, and how many there are."""
    kept, total = PAIRS.to_frame(), 0
    for chunk in candidates:
        total += chunk.height
        kept = pl.concat([kept, chunk])
        if kept.height > most:
            kept = kept[np.argpartition(_scattered(kept), most)[:most]]
    return kept.sort("a", "b"), total


def _scattered(pairs: pl.DataFrame) -> npt.NDArray[np.uint64]:
    """A number for each pair, as if drawn (the finalizer of SplitMix64; Steele, Lea and Flood 2014)."""
    a, b = (pairs[side].to_numpy().astype(np.uint64) for side in ("a", "b"))
    mixed = (a << np.uint64(32)) | b
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


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


def _meet(rule: pl.DataFrame, first: int, last: int, among: pl.Series | None) -> pl.DataFrame:
    """Pairs under one rule whose smallest asking unit is among those from first to last."""
    asking = rule.filter(~pl.col("is_labelled") & pl.col("unit").is_between(first, last)).select(
        "unit", "key"
    )
    other, is_later = pl.col("unit_right"), pl.col("unit_right") > pl.col("unit")
    met = asking.join(rule.select("unit", "key", "is_labelled"), on="key").filter(
        other.ne(pl.col("unit")) & (pl.col("is_labelled") | is_later)
    )
    if among is not None:
        chosen = among.implode()
        met = met.filter(pl.col("unit").is_in(chosen) | other.is_in(chosen))
    return met.select(a=pl.min_horizontal("unit", other), b=pl.max_horizontal("unit", other)).cast(PAIRS)


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
