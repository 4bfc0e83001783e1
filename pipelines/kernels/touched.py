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
})  # fmt: skip
"""Of each record: whose it is, a hash of all that golden rows take from it, a hash of the citizen ID it claims."""
_OF_RECORD: Final = ("record_key", "person_id", "mark")


def said(claims: pl.DataFrame, published: pl.DataFrame) -> pl.DataFrame:
    """SAID of the records of one feed.

    Args:
        claims: record_key, person_id, and all that is claimed about the person.
        published: the same records, in the same order: what else of them reaches golden rows.
    """
    taken = [claims.drop("record_key", "person_id"), published.rename(lambda name: f"published.{name}")]
    marks = pl.concat(taken, how="horizontal").hash_rows(0)
    number = pl.lit(None, dtype=pl.UInt64)
    if "citizen_id" in claims.columns:
        number = pl.when(pl.col("citizen_id").is_not_null()).then(pl.col("citizen_id").hash(0))
    told = claims.select("record_key", "person_id", mark=marks, number=number)
    return told.cast(SAID)


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
