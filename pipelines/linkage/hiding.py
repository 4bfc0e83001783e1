"""Quality without labels: hide the citizen ID of some records that have one, and see whom the rest links them to.

The hidden number is the truth. A link to a person of another number is wrong, one to a record without a usable
number says nothing; numbers that a register or a judgement gave to one person are one. Other records of the person
in the same feed are set aside, because a department that lacks a number lacks it in all of them. Only records that
share something with a hidden one are looked at, which leaves candidates and frequencies of values as they are in the
whole county.
"""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from pipelines.linkage.frame import complete

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pipelines.linkage.policy import LinkagePolicy
    from pipelines.linkage.residual import ResidualEngine

LARGEST, LEAST, SHARE = 2000, 200, 50
"""Records hidden: one in SHARE, within these bounds, so that it costs little."""
HIDDEN: Final = pl.Schema({
    "record_key": pl.String, "feed": pl.String, "citizen_id_born_on": pl.Date, "citizen_id_sex_code": pl.String,
    "person_id": pl.String, "is_linkable": pl.Boolean, "right": pl.Int64, "wrong": pl.Int64,
})  # fmt: skip
_THINNED: Final = 8  # times the sample that are ranked by SHA-256
_SHARED: Final = (
    ("name_key", "former_name_key"), ("name_sound",), ("born_on", "citizen_id_born_on"),
    ("telephone", "guardian_telephone"), ("household_number",), ("registered_address", "residence_address", "property_address"),
    ("employer_name",), ("citizen_id", "guardian_citizen_id"),
)  # fmt: skip
"""Columns whose values are compared with each other."""
_TOLD_BY_NUMBER: Final = ("citizen_id", "citizen_id_cleaned", "citizen_id_born_on", "citizen_id_sex_code")


def hidden_links(
    records: pl.DataFrame,
    memberships: pl.DataFrame,
    engine: Callable[[LinkagePolicy], ResidualEngine],
    policy: LinkagePolicy,
    summary: Mapping[str, Any],
    size: int | None = None,
) -> pl.DataFrame:
    """Hidden records and the links they got.

    Args:
        records: see frame.RECORDS.
        memberships: record_key, person_id: what the run made of them.
        engine: makes the run's engine with a policy.
        policy: the run's.
        summary: of the run's model: its population, and m where it was estimated.
        size: how many records are hidden at most, one a person; default: by LARGEST, LEAST and SHARE.

    Returns:
        HIDDEN, sorted by record_key. `is_linkable`: its number stands in another feed too.
    """
    known = complete(records).join(memberships.select("record_key", "person_id"), on="record_key")
    known = known.filter(pl.col("citizen_id").is_not_null())
    bounded = min(LARGEST, max(LEAST, known.height // SHARE))
    drawn = _drawn(known.filter(pl.col("citizen_id_status") == "valid"), size or bounded)
    others = _others(known, drawn)
    blind = drawn.with_columns(
        *(pl.lit(None, drawn.schema[name]).alias(name) for name in _TOLD_BY_NUMBER),
        citizen_id_status=pl.lit("blank"),
        owner=pl.col("record_key"),
    )
    near = _near(blind, others).with_columns(owner=pl.col("person_id"))
    units = pl.concat([blind, near]).sort("record_key")
    first = pl.col("record_key").min().over("owner")
    units = units.with_columns(unit=(first.rank("dense") - 1).cast(pl.Int32))
    found = engine(as_fitted(policy, summary)).link(units.drop("owner", "person_id"))
    return _told(drawn, others, units, found.links.filter("is_link"))


def as_fitted(policy: LinkagePolicy, summary: Mapping[str, Any]) -> LinkagePolicy:
    """The policy with the run's m and population in place of estimates, so that nothing is estimated again."""
    told = summary.get("m", {})
    comparisons = {
        name: {
            level: likelihood.model_copy(update={"m": told[name][level]})
            if told.get(name, {}).get(level)
            else likelihood
            for level, likelihood in levels.items()
        }
        for name, levels in policy.comparisons.items()
    }
    return policy.model_copy(
        update={
            "comparisons": comparisons,
            "fit": policy.fit.model_copy(update={"min_pairs": 1 << 60}),
            "population_floor": int(summary.get("population", policy.population_floor)),
        }
    )


def _drawn(known: pl.DataFrame, size: int) -> pl.DataFrame:
    """Records with the smallest SHA-256 of their keys, one a person: a record stays drawn while it is there."""
    keys = known["record_key"].to_list()
    checks = pl.Series([zlib.crc32(key.encode()) for key in keys], dtype=pl.Int64)
    thin = known.filter(checks < (1 << 32) * min(1.0, _THINNED * size / max(1, known.height)))
    places = [hashlib.sha256(key.encode()).hexdigest() for key in thin["record_key"]]
    ranked = thin.with_columns(pl.Series("place", places, dtype=pl.String)).sort("place")
    return ranked.unique("person_id", keep="first", maintain_order=True).head(size).drop("place")


def _others(known: pl.DataFrame, drawn: pl.DataFrame) -> pl.DataFrame:
    """All but the hidden ones and what their persons have in the same feed."""
    return known.join(drawn.select("person_id", "feed"), on=["person_id", "feed"], how="anti")


def _near(blind: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """All records of persons of whom one shares a value with a hidden record or lives with its guardian."""
    wanted = blind.join(
        others.select("citizen_id", guardian_household="household_number").drop_nulls(),
        left_on="guardian_citizen_id",
        right_on="citizen_id",
        how="left",
    )
    asked = [pl.concat([wanted["household_number"], wanted["guardian_household"]])]
    asked += [pl.concat([blind[name].alias("value") for name in columns]) for columns in _SHARED]
    near = [
        others.select("person_id", value=name).join(
            values.drop_nulls().unique().to_frame("value"), on="value", how="semi"
        )
        for columns, values in zip((("household_number",), *_SHARED), asked, strict=True)
        for name in columns
    ]
    people = pl.concat([found.select("person_id") for found in near]).unique()
    return others.join(people, on="person_id", how="semi")


def _told(
    drawn: pl.DataFrame, others: pl.DataFrame, units: pl.DataFrame, links: pl.DataFrame
) -> pl.DataFrame:
    owners = units.select("unit", "owner").unique("unit")
    sides = links.join(owners, left_on="a", right_on="unit").join(
        owners, left_on="b", right_on="unit", suffix="_b"
    )
    mine = drawn.with_columns(own=pl.col("person_id"))
    both = pl.concat([
        sides.select(record_key="owner", to="owner_b"), sides.select(record_key="owner_b", to="owner")
    ])  # fmt: skip
    judged = both.join(mine.select("record_key", "own"), on="record_key").with_columns(
        is_right=pl.col("to") == pl.col("own")
    )
    counted = judged.group_by("record_key").agg(
        right=pl.col("is_right").sum().cast(pl.Int64), wrong=(~pl.col("is_right")).sum().cast(pl.Int64)
    )
    elsewhere = others.select("person_id").unique().with_columns(is_linkable=pl.lit(value=True))
    return (
        mine.join(counted, on="record_key", how="left")
        .join(elsewhere, on="person_id", how="left")
        .with_columns(pl.col("right", "wrong").fill_null(0), pl.col("is_linkable").fill_null(value=False))
        .select(HIDDEN.names())
        .cast(HIDDEN)
        .sort("record_key")
    )
