"""What a run leaves for a person to judge: pairs of records, and what deciding each is worth.

The worth of a case is the number of pairs of records that stand wrong for as long as nobody decides it, as it is
to be expected: the chance that the run is wrong about the pair, times the pairs that the decision would change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from pipelines.linkage.double_ids import METHOD as TWO_IDS
from pipelines.linkage.double_ids import TWO_NUMBERS
from pipelines.linkage.findings import AFTER_DEATH, TWICE, UNCERTAIN, active_after_death
from pipelines.linkage.identify import DUPLICATE_NUMBER, WRONG_NUMBER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.linkage.resolve import Resolution

CASES: Final = pl.Schema({
    "record_a": pl.String, "record_b": pl.String, "reason_code": pl.String, "is_joined": pl.Boolean,
    "method": pl.String, "weight": pl.Float64, "probability": pl.Float64, "stake": pl.Int64, "value": pl.Float64,
})  # fmt: skip
_ORDER: Final = (UNCERTAIN, TWO_NUMBERS, DUPLICATE_NUMBER, WRONG_NUMBER, AFTER_DEATH, TWICE)
_DECIMALS: Final = 6
_MOST_BITS: Final = 50


def cases(
    records: pl.DataFrame, resolution: Resolution, judged: pl.DataFrame, doubt: Mapping[str, float]
) -> pl.DataFrame:
    """The cases of a run; sorted by the pair, each pair once.

    Args:
        records: record_key, and the columns that findings.active_after_death looks at.
        resolution: what became of them.
        judged: record_a, record_b, verdict: what holds; persons that are judged apart make no case.
        doubt: {reason code: chance that the run is wrong} for cases without a probability.
    """
    members = resolution.memberships.select("record_key", "person_id")
    found = pl.concat([
        _possible(resolution.possible, records),
        _apart(resolution.conflicts, members),
        _joined(AFTER_DEATH, _dead_and_active(records.join(members, on="record_key"))),
        _joined(TWICE, _twice(resolution.conflicts)),
    ], how="diagonal")  # fmt: skip
    valued = _valued(found, members, doubt).filter(pl.col("record_a") < pl.col("record_b"))
    order = pl.col("reason_code").replace_strict({code: n for n, code in enumerate(_ORDER)})
    once = valued.sort("record_a", "record_b", order).unique(["record_a", "record_b"], keep="first")
    open_ones = once.join(_judged_apart(judged, members), on=["person_a", "person_b"], how="anti")
    return open_ones.select(CASES.names()).cast(CASES).sort("record_a", "record_b")


def _possible(links: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """Links below the threshold, and those that two numbers forbid."""
    has_two = pl.col("method") == TWO_IDS
    return links.select(
        "record_a",
        "record_b",
        "method",
        reason_code=pl.when(has_two).then(pl.lit(TWO_NUMBERS)).otherwise(pl.lit(UNCERTAIN)),
        is_joined=pl.lit(value=False),
        weight="weight",
        probability=_shared_out(links, records),
    )


def _shared_out(links: pl.DataFrame, records: pl.DataFrame) -> pl.Series:
    """Probabilities of links; a record that fits several identified ones is at most one of them."""
    has_id = pl.col("citizen_id").is_not_null() if "citizen_id" in records.columns else pl.lit(value=False)
    known = records.filter(has_id)["record_key"].implode()
    a, b = pl.col("record_a").is_in(known), pl.col("record_b").is_in(known)
    asking = pl.when(b & ~a).then("record_a").when(a & ~b).then("record_b")
    odds = pl.lit(2.0).pow(pl.col("weight").clip(-_MOST_BITS, _MOST_BITS))
    shared = links.with_columns(asking=asking, odds=odds).with_columns(
        every=pl.when(pl.col("asking").is_null()).then("odds").otherwise(pl.col("odds").sum().over("asking"))
    )
    return shared.select((pl.col("odds") / (1 + pl.col("every"))).round(_DECIMALS)).to_series()


def _apart(conflicts: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """Of the persons on one number, the first with each other one, by their first records."""
    told = conflicts.filter(pl.col("reason_code").is_in([DUPLICATE_NUMBER, WRONG_NUMBER]))
    firsts = (
        told.explode("record_keys")
        .join(members, left_on="record_keys", right_on="record_key")
        .group_by("conflict_id", "reason_code", "person_id")
        .agg(pl.col("record_keys").min())
        .sort("conflict_id", "record_keys")
        .with_columns(record_a=pl.col("record_keys").first().over("conflict_id"))
    )
    return firsts.filter(pl.col("record_a") != pl.col("record_keys")).select(
        "record_a", "reason_code", record_b="record_keys", is_joined=pl.lit(value=False)
    )


def _dead_and_active(known: pl.DataFrame) -> pl.DataFrame:
    """The record that tells of a death and the first that acts after it, one pair a person."""
    touched = active_after_death(known)
    key = pl.col("record_key")
    sides = touched.group_by("person_id").agg(
        x=key.filter(pl.col("is_told")).min(), y=key.filter(~pl.col("is_told")).min()
    )
    return sides.drop_nulls().select(
        record_a=pl.min_horizontal("x", "y"), record_b=pl.max_horizontal("x", "y")
    )


def _twice(conflicts: pl.DataFrame) -> pl.DataFrame:
    """The first two records of a person in one register."""
    keys = pl.col("record_keys").list.sort()
    told = conflicts.filter(pl.col("reason_code") == TWICE)
    return told.select(record_a=keys.list.get(0), record_b=keys.list.get(1))


def _joined(code: str, pairs: pl.DataFrame) -> pl.DataFrame:
    return pairs.with_columns(reason_code=pl.lit(code), is_joined=pl.lit(value=True))


def _valued(found: pl.DataFrame, members: pl.DataFrame, doubt: Mapping[str, float]) -> pl.DataFrame:
    sized = members.with_columns(size=pl.len().over("person_id").cast(pl.Int64))
    known = found.join(sized, left_on="record_a", right_on="record_key").join(
        sized, left_on="record_b", right_on="record_key", suffix="_b"
    )
    stake = pl.when("is_joined").then(pl.col("size") - 1).otherwise(pl.col("size") * pl.col("size_b"))
    declared = pl.col("reason_code").replace_strict(dict(doubt), default=0.5, return_dtype=pl.Float64)
    wrong = pl.coalesce("probability", declared)
    return known.with_columns(stake=stake).with_columns(
        value=(wrong * pl.col("stake")).round(_DECIMALS),
        person_a=pl.min_horizontal("person_id", "person_id_b"),
        person_b=pl.max_horizontal("person_id", "person_id_b"),
    )


def _judged_apart(judged: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """Pairs of persons between which a record of each was judged not to be the other's."""
    negative = judged.filter(pl.col("verdict") == "negative")
    sides = negative.join(members, left_on="record_a", right_on="record_key").join(
        members, left_on="record_b", right_on="record_key", suffix="_b"
    )
    return sides.select(
        person_a=pl.min_horizontal("person_id", "person_id_b"),
        person_b=pl.max_horizontal("person_id", "person_id_b"),
    ).unique()
