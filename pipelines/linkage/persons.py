"""Person ids that stay: a cluster keeps the id of its members, merges and splits leave events.

Ids are opaque: the instance's prefix and a ten-digit number, given in the order of each new
cluster's smallest record key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

FORMER: Final = pl.Schema({
    "record_key": pl.String, "person_id": pl.String, "number": pl.Int64, "redirect_to": pl.String,
})  # fmt: skip
"""Records of persons that were merged away: whose they were, and whose they became."""
EVENTS: Final = pl.Schema({"kind": pl.String, "person_id": pl.String, "other_id": pl.String})
_DIGITS: Final = 10


@dataclass(frozen=True)
class Assignment:
    """Persons of a run.

    Attributes:
        memberships: record_key, person_id, number; sorted by record_key.
        events: kind, person_id, other_id. created: person_id is new. merged: person_id now stands
            for other_id. split: other_id took records out of person_id. restored: a split in which
            other_id is a person that was merged away before.
        next_number: the first number that was not given.
    """

    memberships: pl.DataFrame
    events: pl.DataFrame
    next_number: int


def assign(
    clusters: pl.DataFrame,
    previous: pl.DataFrame,
    next_number: int,
    prefix: str,
    former: pl.DataFrame | None = None,
) -> Assignment:
    """Give every cluster its person.

    Args:
        clusters: record_key, cluster (any type that sorts), authority.
        previous: record_key, person_id, number: the last run's memberships; records that left may
            be among them.
        next_number: the first number that no person ever had.
        prefix: of new ids.
        former: see FORMER; a record may have been several persons'.

    A person goes to the cluster that holds the most authoritative of its records (ties: the
    smallest record key), its own before those that came with a person merged into it; a cluster that inherits several keeps the smallest number. One that inherits
    none takes back a person that was merged away and whose records it holds.
    """
    members = clusters.select("record_key", "cluster", "authority").join(
        previous.select("record_key", "person_id", "number"), on="record_key", how="left"
    )
    gone = FORMER.to_frame() if former is None else former.select(FORMER.names())
    heirs = _heirs(members, gone)
    kept = heirs.sort("number").unique("cluster", keep="first", maintain_order=True)
    back = _back(members, kept, gone)
    kept = pl.concat([kept, back])
    new = _new_persons(members, kept, next_number, prefix)
    persons = pl.concat([kept.select("cluster", "person_id", "number"), new])
    memberships = (
        members.select("record_key", "cluster")
        .join(persons, on="cluster", how="left")
        .select("record_key", "person_id", "number")
        .sort("record_key")
    )
    split = _restored(_split(members, heirs, persons), kept, gone)
    events = pl.concat([_created(new), _merged(heirs, kept), split])
    return Assignment(memberships, events, next_number + new.height)


def _heirs(members: pl.DataFrame, gone: pl.DataFrame) -> pl.DataFrame:
    """One row a previous person with records here: number, person_id, and the cluster it goes to."""
    held = members.filter(pl.col("number").is_not_null())
    came = held.join(gone.select("record_key", other="number"), on="record_key", how="inner").filter(
        pl.col("other") != pl.col("number")
    )
    return (
        held.with_columns(came=pl.col("record_key").is_in(came["record_key"].implode()))
        .sort("number", "came", "authority", "record_key", descending=[False, False, True, False])
        .unique("number", keep="first", maintain_order=True)
        .select("number", "person_id", "cluster")
    )


def _back(members: pl.DataFrame, kept: pl.DataFrame, gone: pl.DataFrame) -> pl.DataFrame:
    """Persons that were merged away and come back: each to the cluster of its most authoritative record."""
    free = members.join(kept, on="cluster", how="anti").select("record_key", "cluster", "authority")
    held = free.join(gone.filter(~pl.col("number").is_in(kept["number"].implode())), on="record_key")
    homes = held.sort("number", "authority", "record_key", descending=[False, True, False])
    one_home = homes.unique("number", keep="first", maintain_order=True)
    chosen = one_home.sort("number").unique("cluster", keep="first", maintain_order=True)
    return chosen.select("number", "person_id", "cluster")


def _restored(split: pl.DataFrame, kept: pl.DataFrame, gone: pl.DataFrame) -> pl.DataFrame:
    """Partings, named as what they are; a person that comes back with records nobody had is told too."""
    back = (
        gone.join(kept.select("number"), on="number", how="semi")
        .unique("number", keep="first")
        .sort("number")
    )
    is_back = pl.col("other_id").is_in(back["person_id"].implode())
    named = split.with_columns(kind=pl.when(is_back).then(pl.lit("restored")).otherwise("kind"))
    alone = back.join(split, left_on="person_id", right_on="other_id", how="anti").select(
        pl.lit("restored").alias("kind"), person_id="redirect_to", other_id="person_id"
    )
    return pl.concat([named.select(EVENTS.names()), alone])


def _new_persons(members: pl.DataFrame, kept: pl.DataFrame, next_number: int, prefix: str) -> pl.DataFrame:
    digits = pl.col("number").cast(pl.String).str.zfill(_DIGITS)
    return (
        members.join(kept, on="cluster", how="anti")
        .group_by("cluster")
        .agg(pl.col("record_key").min())
        .sort("record_key")
        .with_columns(number=pl.int_range(pl.len(), dtype=pl.Int64) + next_number)
        .select("cluster", pl.concat_str(pl.lit(prefix), digits).alias("person_id"), "number")
    )


def _created(new: pl.DataFrame) -> pl.DataFrame:
    return new.select(pl.lit("created").alias("kind"), "person_id", pl.lit(None, pl.String).alias("other_id"))


def _merged(heirs: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
    older = kept.select("cluster", pl.col("person_id").alias("stays"), pl.col("number").alias("low"))
    gone = heirs.join(older, on="cluster").filter(pl.col("number") != pl.col("low")).sort("number")
    return gone.select(
        pl.lit("merged").alias("kind"),
        pl.col("stays").alias("person_id"),
        pl.col("person_id").alias("other_id"),
    )


def _split(members: pl.DataFrame, heirs: pl.DataFrame, persons: pl.DataFrame) -> pl.DataFrame:
    """Records that were a person's and are now in a cluster that is not its heir."""
    held = members.filter(pl.col("number").is_not_null()).select("number", "person_id", "cluster")
    lost = held.unique().join(heirs, on=["number", "cluster"], how="anti")
    now = persons.select("cluster", pl.col("person_id").alias("other_id"), pl.col("number").alias("other"))
    parted = lost.join(now, on="cluster").sort("number", "other")
    return parted.select(pl.lit("split").alias("kind"), "person_id", "other_id")
