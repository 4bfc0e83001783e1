"""Drift: what a delivery looks like as a whole, held against the deliveries before it by control limits.

Only aggregates, nothing of a person: rows, the share of blanks of every column, and the share of every code of columns
that have a code list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from pipelines.contract.model import Contract

PAST: Final = 12
"""Deliveries that are looked back on."""
LEAST: Final = 4
"""Fewer than that say nothing of what is usual."""
SIGMAS: Final = 3.0
ROWS_FLOOR, SHARE_FLOOR = 0.02, 0.01
"""What is never drift: 2 % of the usual rows, 1 point of a share."""
CODED: Final = ("code", "flag")
PROFILE: Final = {
    "measure": pl.String, "column_name": pl.String, "category": pl.String, "value": pl.Float64,
}  # fmt: skip
"""measure is rows, blank or share; column_name and category are '' where a measure has none."""
KEY: Final = ("measure", "column_name", "category")


def profile_of(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """The profile of a standardised batch, as PROFILE; shares (0 to 1) are of its rows.

    A blank of a code column is told by its blanks, not as a category.
    """
    rows = frame.height
    parts = [pl.DataFrame([("rows", "", "", float(rows))], schema=PROFILE, orient="row")]
    there = [column for column in contract.columns if column.name in frame.columns]
    if rows:
        blanks = frame.select(pl.col(column.name).null_count() / rows for column in there)
        told = [("blank", name, "", float(blanks[name][0])) for name in blanks.columns]
        parts.append(pl.DataFrame(told, schema=PROFILE, orient="row"))
        parts += [_shares(frame, column.name) for column in there if column.type in CODED]
    return pl.concat(parts).sort(*KEY)


def _shares(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    counted = (
        frame.select(category=pl.col(name).cast(pl.String)).drop_nulls().group_by("category").len("rows")
    )
    return counted.select(
        pl.lit("share").alias("measure"),
        pl.lit(name).alias("column_name"),
        "category",
        (pl.col("rows") / frame.height).alias("value"),
    )


def with_limits(profile: pl.DataFrame, past: pl.DataFrame, *, judged_from: int) -> pl.DataFrame:
    """The profile with centre, low, high and is_outside; these are null where too few deliveries came before.

    The centre is the mean of the past. A row count may lie three standard deviations, or 2 %, off it; a share three
    times the root of its variance between deliveries and within one of so many rows, and one point more. A category
    that did not occur has the share 0, in the past and now; of a column that is not in all of the past nothing is said.

    Args:
        profile: of the delivery.
        past: profiles of the last deliveries of the same mode: `delivery`, and the columns of PROFILE.
        judged_from: rows below which shares are not judged.
    """
    deliveries = past["delivery"].n_unique()
    if deliveries < LEAST:
        nothing = [pl.lit(None, pl.Float64).alias(name) for name in ("centre", "low", "high")]
        return profile.with_columns(*nothing, pl.lit(None, pl.Boolean).alias("is_outside"))
    rows = profile.filter(pl.col("measure") == "rows")["value"].sum()
    usual = _usual(past, deliveries)
    joined = profile.join(usual, on=list(KEY), how="full", coalesce=True)
    known = joined.with_columns(pl.col("value").fill_null(0.0)).filter(
        (pl.col("measure") == "share") | pl.col("value").is_not_null()
    )
    found = known.with_columns(_reach(float(rows))).with_columns(
        low=pl.max_horizontal(pl.col("centre") - pl.col("reach"), pl.lit(0.0)),
        high=pl.when(pl.col("measure") == "rows")
        .then(pl.col("centre") + pl.col("reach"))
        .otherwise(pl.min_horizontal(pl.col("centre") + pl.col("reach"), pl.lit(1.0))),
    )
    outside = (pl.col("value") < pl.col("low")) | (pl.col("value") > pl.col("high"))
    judged = (pl.col("measure") == "rows") | pl.lit(rows >= judged_from)
    return found.select(
        *KEY, "value", "centre", "low", "high", is_outside=pl.when(judged).then(outside)
    ).sort(*KEY)  # fmt: skip


def _usual(past: pl.DataFrame, deliveries: int) -> pl.DataFrame:
    """Mean and standard deviation over all deliveries; a category's missing ones count as 0."""
    summed = past.group_by(KEY).agg(
        n=pl.len(), total=pl.col("value").sort().sum(), squares=(pl.col("value") ** 2).sort().sum()
    )
    whole = (pl.col("measure") == "share") | (pl.col("n") == deliveries)
    centre = pl.col("total") / deliveries
    variance = (pl.col("squares") - deliveries * centre**2) / (deliveries - 1)
    return summed.filter(whole).select(
        *KEY, centre=centre, spread=pl.max_horizontal(variance, pl.lit(0.0)).sqrt()
    )


def _reach(rows: float) -> pl.Expr:
    centre, spread = pl.col("centre"), pl.col("spread")
    within = (centre * (1 - centre)).clip(0.0) / max(rows, 1.0)
    of_shares = SIGMAS * (spread**2 + within).sqrt() + SHARE_FLOOR
    of_rows = pl.max_horizontal(SIGMAS * spread, ROWS_FLOOR * centre)
    return pl.when(pl.col("measure") == "rows").then(of_rows).otherwise(of_shares).alias("reach")
