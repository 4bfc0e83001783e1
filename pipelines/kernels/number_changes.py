"""Numbers that a register itself corrected: the same entry, the same person, another citizen ID."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

CHANGES: Final = pl.Schema(
    {"record_key": pl.String, "name_key": pl.String, "old": pl.String, "new": pl.String}
)
_USABLE: Final = ("valid", "upgraded", "carried")
_SAYS: Final = ("record_key", "name_key", "citizen_id", "citizen_id_status", "born_on", "sex_code")


def number_changes(before: pl.DataFrame, after: pl.DataFrame, same: Sequence[str]) -> pl.DataFrame:
    """Entries whose usable citizen ID became another usable one, name, birth date and sex staying.

    Args:
        before: the register's records, one row each, before a delivery.
        after: the same after it.
        same: standard columns by which an entry is known again, none of them the ID; entries that share them
            with another one of their side are left out.

    Returns:
        record_key (after), name_key, old, new; sorted by record_key.
    """
    sides = [_known(frame, same) for frame in (before, after)]
    if sides[0] is None or sides[1] is None:
        return CHANGES.to_frame()
    met = sides[1].join(sides[0], on=list(same), suffix="_before")
    changed = met.filter(
        (pl.col("citizen_id") != pl.col("citizen_id_before")),
        *(_agree(name) for name in ("name_key", "born_on", "sex_code") if name not in same),
    )
    found = changed.select("record_key", "name_key", old="citizen_id_before", new="citizen_id")
    return found.cast(CHANGES).sort("record_key")


def _known(frame: pl.DataFrame, same: Sequence[str]) -> pl.DataFrame | None:
    """Entries with a name and a usable number that can be known again."""
    if not {*same, "record_key", "name_key", "citizen_id", "citizen_id_status"} <= set(frame.columns):
        return None
    columns = [pl.col(name) for name in dict.fromkeys((*same, *_SAYS)) if name in frame.columns]
    added = [pl.lit(None).alias(name) for name in _SAYS if name not in frame.columns]
    told = frame.select(*columns, *added).drop_nulls([*same, "name_key", "citizen_id"])
    usable = told.filter(pl.col("citizen_id_status").is_in(_USABLE))
    return usable.filter(pl.struct(*same).is_unique())


def _agree(name: str) -> pl.Expr:
    return (pl.col(name) == pl.col(f"{name}_before")).fill_null(value=True)
