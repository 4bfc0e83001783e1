"""People who seem to have two citizen IDs: cases for a person, never links."""

from __future__ import annotations

from typing import Final

import polars as pl

from pipelines.linkage.dates import PART, birth_levels
from pipelines.linkage.frame import LINKS
from pipelines.linkage.identify import conflicts

TWO_NUMBERS: Final = "PB-LK-002"
METHOD: Final = "two_ids"
_SHARED: Final = ("household_number", "telephone")


def double_ids(units: pl.DataFrame, block_cap: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Identified units of one name in one household, or with one telephone, or born on one day there.

    Args:
        units: records with unit, label and anchor (see resolve).
        block_cap: units under one key above which it says nothing.

    Returns:
        (links for review, not weighed yet, see frame.LINKS; conflicts).
    """
    known = units.filter(pl.col("label").is_not_null() & pl.col("name_key").is_not_null())
    known = known.filter(~pl.col("name_is_degraded"))
    pairs = [_meet(known, value, block_cap) for value in _SHARED]
    found = pl.concat(pairs).unique(["a", "b"]).sort("a", "b")
    return _links(found), conflicts(TWO_NUMBERS, _members(found), "case")


def meeting_keys(units: pl.DataFrame) -> pl.DataFrame:
    """unit, key (UInt64): under which identified units of one name meet here; see `double_ids`."""
    known = units.filter(pl.col("label").is_not_null() & pl.col("name_key").is_not_null())
    keys = [
        known.filter(pl.col(value).is_not_null()).select(
            "unit", key=pl.concat_str("name_key", pl.lit(value), value, separator="|").hash(0)
        )
        for value in _SHARED
    ]
    return pl.concat(keys).unique()


def _meet(known: pl.DataFrame, value: str, block_cap: int) -> pl.DataFrame:
    """Pairs of anchors whose units share name and value, with birth dates that could be one."""
    born = pl.coalesce("born_on", "citizen_id_born_on")
    keyed = (
        known.filter(pl.col(value).is_not_null())
        .select("name_key", value, "anchor", "citizen_id", born=born.first().over("anchor"))
        .unique(["name_key", value, "anchor"], keep="first", maintain_order=True)
        .filter(pl.len().over("name_key", value).is_between(2, block_cap))
    )
    met = keyed.join(keyed, on=["name_key", value], suffix="_b").filter(
        (pl.col("anchor") < pl.col("anchor_b")) & (pl.col("citizen_id") != pl.col("citizen_id_b"))
    )
    dated = met.filter(pl.col("born").is_not_null() & pl.col("born_b").is_not_null())
    near = birth_levels(dated["born"], dated["born_b"]) <= PART
    return dated.filter(pl.Series(near)).select(a="anchor", b="anchor_b")


def _members(found: pl.DataFrame) -> pl.DataFrame:
    cases = found.with_row_index("case")
    return pl.concat([cases.select("case", record_key="a"), cases.select("case", record_key="b")])


def _links(found: pl.DataFrame) -> pl.DataFrame:
    return found.select(
        record_a="a",
        record_b="b",
        method=pl.lit(METHOD),
        weight=pl.lit(0.0),
        probability=pl.lit(0.5),
    ).cast(LINKS)
