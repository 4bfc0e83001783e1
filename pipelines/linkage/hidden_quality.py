"""Precision and recall of hidden records, whole and by group: who is linked worse than others shows."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from pipelines.kernels.agreement import wilson

LEAST: Final = 10
"""People below which a group is told only together with others."""
OTHERS, UNKNOWN = "others", "unknown"
GROUPINGS: Final = ("all", "feed", "sex", "age", "ethnicity", "home")
QUALITY: Final = pl.Schema({
    "grouping": pl.String, "member": pl.String, "hidden": pl.Int64, "linkable": pl.Int64, "right": pl.Int64,
    "wrong": pl.Int64, "precision": pl.Float64, "precision_low": pl.Float64, "precision_high": pl.Float64,
    "recall": pl.Float64, "recall_low": pl.Float64, "recall_high": pl.Float64,
})  # fmt: skip
_AGES: Final = ((7, "0-6"), (16, "7-15"), (35, "16-34"), (60, "35-59"), (200, "60+"))
_LOCAL_SHARE: Final = 0.01


def hidden_quality(hidden: pl.DataFrame, traits: pl.DataFrame, on: date) -> pl.DataFrame:
    """QUALITY, the whole first, then each grouping by member.

    Precision is right links of right and wrong ones; recall is linkable records with a right link, of all linkable
    ones; both with 95 % intervals (Wilson). Groups of fewer than LEAST hidden records are told together, as `others`.

    Args:
        hidden: see hiding.HIDDEN.
        traits: person_id, ethnicity, home; see traits_of.
        on: the day ages are taken at.
    """
    if hidden.height < LEAST:
        return QUALITY.to_frame()
    age = pl.lit(on).dt.year() - pl.col("citizen_id_born_on").dt.year()
    bands = pl.coalesce(*(pl.when(age < top).then(pl.lit(name)) for top, name in _AGES))
    sex = pl.col("citizen_id_sex_code").replace_strict({"1": "male", "2": "female"}, default=None)
    known = hidden.join(traits, on="person_id", how="left").with_columns(
        pl.lit("all").alias("all"), sex=sex, age=bands
    )
    told = [_grouped(known, grouping) for grouping in GROUPINGS]
    frame = pl.DataFrame([row for rows in told for row in rows], schema=QUALITY)
    return frame.with_columns(pl.col(pl.Float64).round(6))


def _grouped(known: pl.DataFrame, grouping: str) -> list[dict[str, object]]:
    member = pl.col(grouping).fill_null(UNKNOWN)
    counts = (
        known.with_columns(member=member)
        .group_by("member")
        .agg(
            hidden=pl.len().cast(pl.Int64),
            linkable=pl.col("is_linkable").sum().cast(pl.Int64),
            right=pl.col("right").sum(),
            wrong=pl.col("wrong").sum(),
            found=(pl.col("is_linkable") & (pl.col("right") > 0)).sum().cast(pl.Int64),
        )
        .sort("member")
    )
    return [_line(grouping, row) for row in merged(counts).iter_rows(named=True)]


def merged(counts: pl.DataFrame) -> pl.DataFrame:
    """Members of fewer than LEAST become `others`; a rest that is still smaller is not told."""
    is_small = pl.col("hidden") < LEAST
    renamed = counts.with_columns(
        member=pl.when(is_small).then(pl.lit(OTHERS)).otherwise("member"), is_rest=is_small
    )
    added = renamed.group_by("member", "is_rest").agg(pl.exclude("member", "is_rest").sum())
    return added.filter(pl.col("hidden") >= LEAST).sort("is_rest", "member").drop("is_rest")


def _line(grouping: str, row: dict[str, int]) -> dict[str, object]:
    precision, recall = (
        wilson(row["right"], row["right"] + row["wrong"]),
        wilson(row["found"], row["linkable"]),
    )
    told = {name: row[name] for name in ("member", "hidden", "linkable", "right", "wrong")}
    return {"grouping": grouping, **told} | {
        "precision": precision.estimate, "precision_low": precision.low, "precision_high": precision.high,
        "recall": recall.estimate, "recall_low": recall.low, "recall_high": recall.high,
    }  # fmt: skip


def traits_of(records: pl.DataFrame, memberships: pl.DataFrame) -> pl.DataFrame:
    """Of each person ethnicity (GB/T 3304) and home (local, migrant), as the most authoritative record says.

    Local is who is registered in a division that the most authoritative register holds; where nobody tells, null.
    """
    columns = [
        (pl.col(name) if name in records.columns else pl.lit(None, pl.String)).alias(name)
        for name in ("ethnicity_code", "registered_division_code")
    ]
    said = records.select("record_key", "authority", *columns).join(
        memberships.select("record_key", "person_id"), on="record_key"
    )
    ordered = said.sort("authority", "record_key", descending=[True, False])
    division = pl.col("registered_division_code")
    is_local = division.is_in(_local_divisions(said).implode())
    home = pl.when(division.is_not_null()).then(
        pl.when(is_local).then(pl.lit("local")).otherwise(pl.lit("migrant"))
    )
    first = ordered.with_columns(home=home).group_by("person_id")
    return first.agg(
        ethnicity=pl.col("ethnicity_code").drop_nulls().first(), home=pl.col("home").drop_nulls().first()
    )


def _local_divisions(said: pl.DataFrame) -> pl.Series:
    """Divisions of the register's own people; a stray code is no home."""
    told = said.filter(pl.col("registered_division_code").is_not_null())
    top = told.filter(pl.col("authority") == pl.col("authority").max())
    counts = top.group_by("registered_division_code").len()
    return counts.filter(pl.col("len") >= _LOCAL_SHARE * top.height)["registered_division_code"].sort()
