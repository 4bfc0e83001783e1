"""Why persons merge and part: the link that joined them, or what stands between them now."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipelines.linkage.resolve import Resolution

CAUSED: Final = pl.Schema({
    "kind": pl.String, "person_id": pl.String, "other_id": pl.String, "cause": pl.String,
    "record_a": pl.String, "record_b": pl.String,
})  # fmt: skip
JUDGED, UNDONE, TWO_IDS, LOST, NEW = "judgement", "judgement_undone", "two_ids", "link_lost", "new"
_JUDGED_APART: Final = "judged_apart"
Pair = tuple[str, str]
Cause = tuple[str, str | None, str | None]


@dataclass(frozen=True)
class _Known:
    """What causes are looked for in.

    Attributes:
        members: {person: its records now}; before: {person: its records before}.
        links: {person: (record_a, record_b, method)}, the surest first, a judgement after all others.
        judged: {pair: verdict}; undone: {pair: a verdict that was taken back}; refused: {pair: why}.
        numbers: {record: citizen ID}.
    """

    members: Mapping[str, set[str]]
    before: Mapping[str, set[str]]
    links: Mapping[str, list[tuple[str, str, str]]]
    judged: Mapping[Pair, str]
    undone: Mapping[Pair, str]
    refused: Mapping[Pair, str]
    numbers: Mapping[str, str]


def with_causes(
    resolution: Resolution,
    records: pl.DataFrame,
    before: pl.DataFrame,
    judged: pl.DataFrame,
    undone: pl.DataFrame,
) -> pl.DataFrame:
    """The events of a run, `CAUSED`, in their order.

    Args:
        resolution: the run's.
        records: record_key, and citizen_id where the feeds have it.
        before: record_key, person_id of the runs before.
        judged: record_a, record_b, verdict: what holds.
        undone: the same columns: judgements that were taken back.
    """
    touched = resolution.events.filter(pl.col("kind") != "created")
    known = _known(touched, resolution, records, before, judged, undone)
    rows = [
        (
            kind,
            person,
            other,
            *(_merged(known, person, other) if kind == "merged" else _parted(known, person, other)),
        )
        for kind, person, other in touched.iter_rows()
    ]
    new = resolution.events.filter(pl.col("kind") == "created")
    told = pl.DataFrame(rows, schema=CAUSED, orient="row")
    return pl.concat([new.with_columns(cause=pl.lit(NEW)), told], how="diagonal").select(CAUSED.names())


def _known(
    touched: pl.DataFrame,
    resolution: Resolution,
    records: pl.DataFrame,
    before: pl.DataFrame,
    judged: pl.DataFrame,
    undone: pl.DataFrame,
) -> _Known:
    people = pl.concat([touched["person_id"], touched["other_id"]]).unique().implode()
    now = resolution.memberships.filter(pl.col("person_id").is_in(people)).select("record_key", "person_id")
    earlier = before.filter(pl.col("person_id").is_in(people)).select("record_key", "person_id")
    keys = now["record_key"].implode()
    links = resolution.links.filter(pl.col("record_a").is_in(keys)).join(
        now, left_on="record_a", right_on="record_key"
    )
    by_person = defaultdict[str, list[tuple[str, str, str]]](list)
    order = [pl.col("weight"), pl.col("method") == JUDGED, pl.col("record_a"), pl.col("record_b")]
    for a, b, method, person in (
        links.sort(order, descending=[True, False, False, False])
        .select("record_a", "record_b", "method", "person_id")
        .iter_rows()
    ):
        by_person[person].append((a, b, method))
    numbers = pl.DataFrame(schema={"record_key": pl.String, "citizen_id": pl.String})
    if "citizen_id" in records.columns:
        numbers = (
            records.select("record_key", "citizen_id").filter(pl.col("record_key").is_in(keys)).drop_nulls()
        )
    return _Known(
        _grouped(now), _grouped(earlier), by_person, _pairs(judged, "verdict"), _pairs(undone, "verdict"),
        _pairs(resolution.refused, "why"), dict(numbers.iter_rows()),
    )  # fmt: skip


def _grouped(members: pl.DataFrame) -> dict[str, set[str]]:
    grouped = members.group_by("person_id").agg("record_key")
    return {person: set(keys) for person, keys in grouped.iter_rows()}


def _pairs(frame: pl.DataFrame, said: str) -> dict[Pair, str]:
    return {
        (min(a, b), max(a, b)): told for a, b, told in frame.select("record_a", "record_b", said).iter_rows()
    }


def _merged(known: _Known, person: str, other: str) -> Cause:
    """The link that was needed last when the surest are taken first; where both had records before."""
    roots: dict[str, str] = {}

    def root(key: str) -> str:
        while roots.setdefault(key, key) != key:
            key = roots[key]
        return key

    sides = [
        sorted(known.before.get(one, set()) & known.members.get(person, set())) for one in (person, other)
    ]
    if not all(sides):
        return (LOST, None, None)
    for side in sides:
        for key in side[1:]:
            roots[root(key)] = root(side[0])
    cause = _across(known.undone, sides[0], sides[1], "negative")
    for a, b, method in known.links.get(person, []):
        roots[root(a)] = root(b)
        if root(sides[0][0]) == root(sides[1][0]):
            return (UNDONE, *cause) if cause and method != JUDGED else (method, min(a, b), max(a, b))
    return (LOST, None, None)


def _parted(known: _Known, person: str, other: str) -> Cause:
    """What stands between the records that stayed and those that went."""
    stayed, went = sorted(known.members.get(person, set())), sorted(known.members.get(other, set()))
    if pair := _across(known.judged, stayed, went, "negative"):
        return (JUDGED, *pair)
    if pair := _across(known.undone, stayed, went, "positive"):
        return (UNDONE, *pair)
    for a, b in _all_pairs(stayed, went):
        if (a, b) in known.refused:
            why = known.refused[a, b]
            return (JUDGED if why == _JUDGED_APART else why, a, b)
    numbers = [{known.numbers[key] for key in side if key in known.numbers} for side in (stayed, went)]
    if all(numbers) and not numbers[0] & numbers[1]:
        return (TWO_IDS, None, None)
    return (LOST, None, None)


def _across(said: Mapping[Pair, str], stayed: list[str], went: list[str], verdict: str) -> Pair | None:
    found = (pair for pair in _all_pairs(stayed, went) if said.get(pair) == verdict)
    return next(found, None)


def _all_pairs(left: list[str], right: list[str]) -> Iterable[Pair]:
    return ((min(a, b), max(a, b)) for a in left for b in right)
