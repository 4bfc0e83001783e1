"""Since when each value of a person held: survivorship at every date that a claim begins or ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from pipelines.kernels.surviving import Claims, choose

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

PERIODS: Final = {
    "attribute": pl.String, "since": pl.Date, "until": pl.Date, "value": pl.String, "record_key": pl.String,
}  # fmt: skip


def ends_of(versions: pl.DataFrame) -> pl.Series:
    """When each version of a record ends: the earliest date of a later version of it; null while none is.

    Args:
        versions: `record_key`, `place` (order in which they took effect) and `dated`; a later version may bear an
            earlier date, then it counts from that date.
    """
    ordered = versions.with_row_index("row").sort("record_key", "place", descending=[False, True])
    later = pl.col("dated").cum_min().shift(1).over("record_key").alias("until")
    return ordered.with_columns(later).sort("row")["until"]


def standing(claims: pl.DataFrame, on: date) -> pl.DataFrame:
    """The claims that stood on a day: dated then or before, and not ended."""
    return claims.filter((pl.col("recency") <= on) & (pl.col("until").is_null() | (pl.col("until") > on)))


def periods_of(claims: Claims, attributes: Sequence[str]) -> pl.DataFrame:
    """The periods of one person's attributes (PERIODS), by attribute and date; what nobody said then has none.

    Args:
        claims: as survivorship takes them, every version of every record, with `until`.
        attributes: which.
    """
    frame = claims.frame
    moments = pl.concat([frame["recency"], frame["until"]]).drop_nulls().unique().sort()
    told: dict[str, list[dict[str, object]]] = {name: [] for name in attributes}
    for moment in moments:
        golden, said_by = choose(Claims(standing(frame, moment), claims.ranks), attributes)
        who = dict(said_by.select("attribute", "record_key").iter_rows())
        for name in attributes:
            _continue(told[name], name, moment, golden[name][0] if golden.height else None, who.get(name))
    return pl.DataFrame([row for rows in told.values() for row in rows], schema=PERIODS, orient="row")


def _continue(
    rows: list[dict[str, object]], name: str, moment: object, value: object, record_key: str | None
) -> None:
    """Let the last period go on, or end it and begin the next."""
    spelled = None if value is None else str(value)
    last = rows[-1] if rows and rows[-1]["until"] is None else None
    if last is not None and last["value"] == spelled:
        return
    if last is not None:
        last["until"] = moment
    if spelled is not None:
        rows.append(
            {"attribute": name, "since": moment, "until": None, "value": spelled, "record_key": record_key}
        )
