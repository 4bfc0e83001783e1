"""Whose golden rows may differ from those of the run before: of persons whose records changed, and their rivals.

A golden row is made of what the person's records say, and of who else claims the same citizen ID (see
golden.settle_contested). So all who share a claimed number, now or then, with somebody touched are touched too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

SAID: Final = pl.Schema({
    "record_key": pl.String(), "person_id": pl.String(), "mark": pl.UInt64(), "number": pl.UInt64(),
    "recency": pl.Date(), "place": pl.UInt32(),
})  # fmt: skip
"""Of each record: whose it is, a hash of all that golden rows take from it, a hash of the citizen ID it claims, how
recent it is, and its place among the person's records, the most recent first: only that decides, see surviving.choose."""
_OF_RECORD: Final = ("record_key", "person_id", "mark", "place")


def said(claims: pl.DataFrame, published: pl.DataFrame) -> pl.DataFrame:
    """SAID of the records of one feed, without their places.

    Args:
        claims: record_key, person_id, recency, and all that is claimed about the person.
        published: the same records, in the same order: what else of them reaches golden rows.
    """
    taken = [
        claims.drop("record_key", "person_id", "recency"),
        published.rename(lambda name: f"published.{name}"),
    ]
    marks = pl.concat(taken, how="horizontal").hash_rows(0)
    if marks.is_empty():  # nothing but their being there
        marks = pl.zeros(claims.height, dtype=pl.UInt64, eager=True)
    number = pl.lit(None, dtype=pl.UInt64)
    if "citizen_id" in claims.columns:
        number = pl.when(pl.col("citizen_id").is_not_null()).then(pl.col("citizen_id").hash(0))
    return claims.select("record_key", "person_id", "recency", mark=marks, number=number)


def in_place(records: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """SAID of all records, of those of each feed; places are those of surviving.choose."""
    every = pl.concat([SAID.to_frame().drop("place"), *records], how="diagonal").sort(
        "person_id", "recency", "record_key", descending=[False, True, False], nulls_last=True
    )
    place = pl.int_range(pl.len(), dtype=pl.UInt32).over("person_id")
    return every.with_columns(place=place).select(SAID.names())


def touched_persons(before: pl.DataFrame, now: pl.DataFrame) -> pl.Series:
    """Persons whose golden rows may be others, sorted; those who are gone are among them.

    Args:
        before: SAID of all records of the run before.
        now: SAID of all records.
    """
    come, gone = (one.join(other, on=_OF_RECORD, how="anti") for one, other in ((now, before), (before, now)))
    persons = pl.concat([come, gone]).select("person_id").unique()
    return _with_rivals(persons, pl.concat([now, gone])).sort()


def _with_rivals(persons: pl.DataFrame, records: pl.DataFrame) -> pl.Series:
    """These and all that claimed numbers join them with."""
    claimed = records.select("person_id", "number").drop_nulls("number")
    rivals = _shared(claimed)
    while True:
        numbers = rivals.join(persons, on="person_id", how="semi").select("number").unique()
        joined = rivals.join(numbers, on="number", how="semi").select("person_id")
        wider = pl.concat([persons, joined]).unique()
        if wider.height == persons.height:
            return persons["person_id"]
        persons = wider


def _shared(claimed: pl.DataFrame) -> pl.DataFrame:
    """Of claims those of numbers that several persons claim."""
    span = claimed.group_by("number").agg(first=pl.col("person_id").min(), last=pl.col("person_id").max())
    several = span.filter(pl.col("first") != pl.col("last")).select("number")
    return claimed.join(several, on="number", how="semi").unique()


def heights(records: pl.DataFrame, feeds: Sequence[str]) -> dict[str, int]:
    """How many records each feed has."""
    counted = records.group_by(feed=pl.col("record_key").str.split("|").list.first()).len()
    found = dict(counted.iter_rows())
    return {feed: found.get(feed, 0) for feed in feeds}
