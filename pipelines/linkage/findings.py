"""What linking the records showed about them: work for their departments, beside the conflicts of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from pipelines.linkage.identify import conflicts
from pipelines.linkage.residual import REPAIRED

if TYPE_CHECKING:
    from collections.abc import Collection

    from pipelines.linkage.resolve import Resolution

WRONG_NUMBER, UNCERTAIN, AFTER_DEATH, TWICE = "PB-LK-004", "PB-LK-006", "PB-LK-007", "PB-LK-008"
DEATH: Final = "1"
GRACE: Final = "2mo"
"""What an office did in the month of a death and the next is no fault of it."""


def findings(records: pl.DataFrame, resolution: Resolution, once_each: Collection[str]) -> pl.DataFrame:
    """Cases beside the conflicts of numbers (see frame.CONFLICTS).

    Args:
        records: record_key and feed; struck_off_on, struck_off_reason_code and active_on where a feed has them.
        resolution: what became of them.
        once_each: feeds in which a person stands once.
    """
    members = resolution.memberships.select("record_key", "person_id")
    known = records.join(members, on="record_key", maintain_order="left")
    found = [
        conflicts(WRONG_NUMBER, _sides(resolution.links.filter(pl.col("method") == REPAIRED)), "pair"),
        conflicts(UNCERTAIN, _sides(resolution.possible), "pair"),
        conflicts(AFTER_DEATH, active_after_death(known), "person_id"),
        conflicts(TWICE, _repeated(known, once_each), "place"),
    ]
    return pl.concat(found).sort("conflict_id")


def _sides(links: pl.DataFrame) -> pl.DataFrame:
    """Both records of each link, one a row: pair, record_key."""
    pairs = links.select("record_a", "record_b").with_row_index("pair")
    return pairs.unpivot(["record_a", "record_b"], index="pair", value_name="record_key")


def active_after_death(known: pl.DataFrame) -> pl.DataFrame:
    """Records that act after their person's death, with those that tell of it: person_id, record_key, is_told."""
    if not {"struck_off_on", "struck_off_reason_code", "active_on"} <= set(known.columns):
        return known.clear().select("person_id", "record_key", is_told=pl.lit(value=False))
    is_told = (pl.col("struck_off_reason_code") == DEATH) & pl.col("struck_off_on").is_not_null()
    dated = known.with_columns(is_told=is_told.fill_null(value=False)).with_columns(
        died_on=pl.col("struck_off_on").filter(pl.col("is_told")).max().over("person_id")
    )
    since = pl.col("died_on").dt.truncate("1mo").dt.offset_by(GRACE)
    acts = (pl.col("active_on") >= since).fill_null(value=False)
    touched = dated.with_columns(acts=acts).filter(acts.any().over("person_id"))
    return touched.filter(pl.col("acts") | pl.col("is_told")).select("person_id", "record_key", "is_told")


def _repeated(known: pl.DataFrame, once_each: Collection[str]) -> pl.DataFrame:
    """Records of a person that stands more than once in a feed of persons: place, record_key."""
    placed = known.filter(pl.col("feed").is_in(list(once_each)))
    several = placed.filter(pl.len().over("feed", "person_id") > 1)
    return several.select(place=pl.struct("feed", "person_id"), record_key="record_key")
