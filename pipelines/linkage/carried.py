"""A run that looked only where something changed, put together with what the run before found elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import polars as pl

from pipelines.linkage.frame import CONFLICTS, LINKS
from pipelines.linkage.sorted_keys import spliced, without

if TYPE_CHECKING:
    from typing import Any

    from pipelines.linkage.resolve import Resolution

REFUSED: Final = pl.Schema({"record_a": pl.String, "record_b": pl.String, "why": pl.String})
_DIGITS: Final = 10  # of a person's number in its id


@dataclass(frozen=True)
class Outcome:
    """What a run found.

    Attributes:
        memberships: record_key, person_id, number.
        links, possible: frame.LINKS.
        refused: REFUSED.
        conflicts: frame.CONFLICTS, findings among them.
    """

    memberships: pl.DataFrame
    links: pl.DataFrame
    possible: pl.DataFrame
    refused: pl.DataFrame
    conflicts: pl.DataFrame


def carried(before: Outcome, part: Resolution, touched: pl.Series, units: int) -> Resolution:
    """The whole: what the run before said of records that nothing touched, and the rest anew.

    Args:
        before: the run before; memberships and links sorted by their records.
        part: of the records that were reached.
        touched: their keys, and those of records that are gone.
        units: how many there are now.
    """
    memberships = spliced(without(before.memberships, touched), part.memberships)
    links = spliced(_untouched(before.links, touched, "record_a", "record_b"), part.links, "record_a")
    possible = pl.concat([_untouched(before.possible, touched, "record_a", "record_b"), part.possible])
    refused = pl.concat([_untouched(before.refused, touched, "record_a", "record_b"), part.refused])
    conflicts = _untouched(
        before.conflicts.with_columns(first=pl.col("record_keys").list.first()), touched, "first"
    )
    refused = refused.select(REFUSED.names()).sort(pl.all())
    model: dict[str, Any] = {
        **part.model, "units": units, "refused": dict(refused.group_by("why").len().sort("why").iter_rows())
    }  # fmt: skip
    return replace(
        part,
        memberships=memberships,
        links=links,  # of one record_a all are touched or none
        possible=possible.select(LINKS.names()).sort(
            "weight", "record_a", "record_b", descending=[True, False, False]
        ),
        refused=refused,
        conflicts=pl.concat([conflicts.select(CONFLICTS.names()), part.conflicts]).sort("conflict_id"),
        model=model,
        units=None,
        looked=None,
    )


def _untouched(frame: pl.DataFrame, touched: pl.Series, *names: str) -> pl.DataFrame:
    keys = touched.implode()
    return frame.filter(~pl.any_horizontal(pl.col(name).is_in(keys, nulls_equal=True) for name in names))


def numbered(memberships: pl.DataFrame) -> pl.DataFrame:
    """Memberships with `number`, as a person's id tells it."""
    number = pl.col("person_id").str.tail(_DIGITS).cast(pl.Int64).alias("number")
    return memberships.select("record_key", "person_id", number)
