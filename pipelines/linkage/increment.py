"""Linking what changed against what is there, with the links that linking all anew by the same model would give.

What changed is taken with all that hangs together with it (see traces), then with whatever else it would be compared
with and weighs at least a possible link, until nothing more is reached. The records so reached are resolved as if they
were all there were: what they are not compared with, or do not come near, cannot change what becomes of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from pipelines.linkage import meeting
from pipelines.linkage.attributes import attributes, with_derived, with_guardian_households
from pipelines.linkage.blocking import PAIRS
from pipelines.linkage.comparing import compare
from pipelines.linkage.double_ids import meeting_keys
from pipelines.linkage.frequencies import counted, frequencies, unknown, value_keys
from pipelines.linkage.key_parts import spelling
from pipelines.linkage.residual import FellegiSunterEngine, Looked, Residual, weigh
from pipelines.linkage.resolve import Grouped, grouped_by, together
from pipelines.linkage.sorted_keys import places

if TYPE_CHECKING:
    from pipelines.linkage.attributes import Attributes
    from pipelines.linkage.fitted import Fitted
    from pipelines.linkage.policy import LinkagePolicy
    from pipelines.linkage.traces import Traces

Take = Callable[[pl.Series], pl.DataFrame]
_FLOOD: Final = (
    4  # times the cap of a block, above which a key that was none of the crowded ones asks for a new model
)
_DIFFERS: Final = pl.col("before").ne_missing(pl.col("content"))
_SPELLED: Final = ("none", "whole", "short")


class Unfit(Exception):
    """The kept model does not fit any more; says why."""


@dataclass(frozen=True)
class Base:
    """What an earlier run left.

    Attributes:
        fitted: its model, as it was kept.
        traces: of all records then.
        relations: pairs record_a, record_b that tie the records they name: judged now or then.
        belonged: record_key, person_id: now, and of persons that were merged away.
        history: numbers that registers corrected, now.
    """

    fitted: Fitted
    traces: Traces
    relations: pl.DataFrame
    belonged: pl.DataFrame
    history: pl.DataFrame


@dataclass(frozen=True)
class Reached:
    """The records to resolve.

    Attributes:
        grouped: those that were reached.
        gone: record_key of records that are not there any more.
        residual: the engine's links among their units.
        changed: how many records are new, other than they were, or gone.
    """

    grouped: Grouped
    gone: pl.Series
    residual: Residual
    changed: int


@dataclass(frozen=True)
class Linked:
    """Units, what the engine tells of where it looked, and by what they were weighed."""

    units: pl.DataFrame
    looked: Looked
    fitted: Fitted


def reach(
    content: pl.DataFrame,
    take: Take,
    changed: pl.Series,
    base: Base,
    policy: LinkagePolicy,
    share: float = 1.0,
) -> Reached:
    """The records whose person the changes can touch, linked.

    Args:
        content: traces.CONTENTS of all records, sorted by record key.
        take: gives the records of some keys, see frame.complete.
        changed: keys of records to look at beside those whose content changed.
        base: what the run before left.
        policy: the run's.
        share: of the records that may be reached.

    Raises:
        Unfit: more was reached, or the model does not fit any more.
    """
    now, gone = _with_places(content, base)
    group = _Grouping(take, base, policy)
    dirty, fresh, told = _dirty(now, _changed(now, changed, gone, base), group, gone, base)
    fitted = base.fitted.with_counts(fresh)
    engine = FellegiSunterEngine(policy, fitted=fitted)
    inside = dirty
    while True:
        if inside.sum() > share * max(1, now.height):
            raise Unfit(f"{inside.sum()} of {now.height} records are touched")
        grouped = group(now.filter(inside)["record_key"])
        found = engine.link(grouped.units, told.table if grouped.units is told.units else None)
        if found.looked is None:
            raise Unfit("the engine does not tell where it looked")
        others = _partners(
            now, inside, dirty, take, Linked(grouped.units, found.looked, fitted), base, policy
        )
        if others.is_empty():
            other = now.select(_DIFFERS.sum()).item()
            return Reached(grouped, gone["record_key"], found, other + gone.height)
        inside = _closed(now, inside | now["record_key"].is_in(others.implode()), base)


class _Grouping:
    """Groups records by their IDs, each once: what is asked for later shares no number with what was before."""

    def __init__(self, take: Take, base: Base, policy: LinkagePolicy) -> None:
        self._take, self._base, self._policy = take, base, policy
        self._known: Grouped | None = None

    def __call__(self, keys: pl.Series) -> Grouped:
        """Those of the keys, which are all that were asked for before and maybe more."""
        known = self._known
        new = keys if known is None else keys.filter(~keys.is_in(known.records["record_key"].implode()))
        if known is None or not new.is_empty():
            more = grouped_by(with_derived(self._take(new)), self._policy, self._base.history)
            known = more if known is None else together(known, more)
            self._known = known
        return known


def _with_places(content: pl.DataFrame, base: Base) -> tuple[pl.DataFrame, pl.DataFrame]:
    """CONTENTS with the unit, whole and family that records had, and their content then, null of new ones; what is gone."""
    then = base.traces.records
    rows = places(content["record_key"], then["record_key"])
    before = then.select(pl.exclude("record_key", "number", "guardian").gather(rows))
    is_gone = np.ones(then.height, dtype=np.bool_)
    is_gone[rows.drop_nulls().to_numpy()] = False
    return content.hstack(before.rename({"content": "before"})), then.filter(pl.Series(is_gone))


def _changed(now: pl.DataFrame, changed: pl.Series, gone: pl.DataFrame, base: Base) -> pl.Series:
    differs = now.select(_DIFFERS).to_series()
    asked = now["record_key"].is_in(changed.implode()) | now["family"].is_in(gone["family"].implode())
    return _closed(now, differs | asked.fill_null(value=False), base)


def _closed(now: pl.DataFrame, inside: pl.Series, base: Base) -> pl.Series:
    """The records with all that hangs together with them."""
    fresh = inside
    while fresh.any():
        fresh = _tied(now, now.filter(fresh), base) & ~inside
        inside |= fresh
    return inside


def _tied(now: pl.DataFrame, chosen: pl.DataFrame, base: Base) -> pl.Series:
    """Whether each record hangs together with a chosen one."""
    own = _with_history(chosen["number"], base.history)
    asked = pl.concat([own, chosen["guardian"].drop_nulls()]).unique()
    keys = chosen.select("record_key")
    sides = [("record_a", "record_b"), ("record_b", "record_a")]
    judged = [base.relations.join(keys, left_on=a, right_on="record_key", how="semi")[b] for a, b in sides]
    persons = base.belonged.join(keys, on="record_key", how="semi").select("person_id").unique()
    belonged = base.belonged.join(persons, on="person_id", how="semi")["record_key"]
    named = pl.concat([*judged, belonged]).unique()
    families = chosen["family"].drop_nulls().unique()
    return now.select(
        (
            pl.col("family").is_in(families.implode())
            | pl.col("number").is_in(asked.implode())
            | pl.col("guardian").is_in(own.implode())
            | pl.col("record_key").is_in(named.implode())
        ).fill_null(value=False)
    ).to_series()


def _with_history(numbers: pl.Series, history: pl.DataFrame) -> pl.Series:
    """Hashes of the numbers, and of those that took their place or whose place they took, directly or not."""
    own = numbers.drop_nulls().unique()
    told = history.select(old=pl.col("old").hash(0), new=pl.col("new").hash(0))
    while True:
        met = told.filter(pl.col("old").is_in(own.implode()) | pl.col("new").is_in(own.implode()))
        if met.is_empty():
            return own
        told = told.join(met, on=["old", "new"], how="anti")
        own = pl.concat([own, met["old"], met["new"]]).unique()


def _dirty(
    now: pl.DataFrame, start: pl.Series, group: _Grouping, gone: pl.DataFrame, base: Base
) -> tuple[pl.Series, pl.DataFrame, _Told]:
    """What is compared anew, with whom else a value that the model does not count is shared; those counts; what it says."""
    before = _met_before(now, start, base)
    dirty = _closed(now, start | before, base) if (before & ~start).any() else start
    while True:
        units = group(now.filter(dirty)["record_key"]).units
        table = attributes(units)
        if _SPELLED.index(spelling(table.numbers)) > _SPELLED.index(base.fitted.spelled):
            raise Unfit("numbers of a form that was not met before")
        mine = unknown(value_keys(table), base.fitted.counts)
        dead = pl.concat([now.filter(dirty)["unit"].drop_nulls(), gone["unit"]]).unique().implode()
        is_dead = pl.col("unit").is_in(dead)
        theirs, lost = base.traces.values.filter(~is_dead), base.traces.values.filter(is_dead)
        asked = pl.concat([mine.select("comparison", "key"), lost.select("comparison", "key")])
        sharing = theirs.join(asked, on=["comparison", "key"], how="semi")["unit"].unique()
        doubles = _meeting(meeting_keys(units), base.traces.doubles, dead)
        more = now["unit"].is_in(pl.concat([sharing, doubles]).implode()).fill_null(value=False)
        if not (more & ~dirty).any():
            every = pl.concat([mine.select("comparison", "key"), theirs.select("comparison", "key")])
            return dirty, frequencies(every), _Told(units, table)
        dirty = _closed(now, dirty | more, base)


@dataclass(frozen=True)
class _Told:
    """Units, and what they say of themselves."""

    units: pl.DataFrame
    table: Attributes


def _met_before(now: pl.DataFrame, start: pl.Series, base: Base) -> pl.Series:
    """Records that met those for two numbers: most meet them still, so that they are taken at once."""
    known = base.traces.doubles
    units = now.filter(start)["unit"].drop_nulls().unique()
    keys = known.filter(pl.col("unit").is_in(units.implode()))["key"].unique()
    met = known.filter(pl.col("key").is_in(keys.implode()))["unit"].unique()
    return now["unit"].is_in(met.implode()).fill_null(value=False)


def _meeting(mine: pl.DataFrame, theirs: pl.DataFrame, dead: pl.Series) -> pl.Series:
    met = theirs.join(mine.select("key").unique(), on="key", how="semi")
    return met.filter(~pl.col("unit").is_in(dead))["unit"].unique()


def _partners(
    now: pl.DataFrame,
    inside: pl.Series,
    dirty: pl.Series,
    take: Take,
    linked: Linked,
    base: Base,
    policy: LinkagePolicy,
) -> pl.Series:
    """Records outside that a unit to be compared anew, or a whole one, weighs a possible link with."""
    outside = ~inside
    met = _met(now.filter(inside & dirty)["record_key"], now, outside, linked, base, policy)
    if met.is_empty():
        return now["record_key"].clear()
    others = now.filter(outside & now["unit"].is_in(met["other"].unique().implode()))
    wholes = met.join(others.select(other="unit", other_whole="whole").unique(), on="other")
    beside = now.filter(outside & now["whole"].is_in(wholes["other_whole"].unique().implode()))
    units = linked.units
    homes = with_derived(_homes(now, units, beside, take))
    homed = with_guardian_households(pl.concat([units, homes], how="diagonal"))
    ours = homed.head(units.height)
    places = beside.select("record_key", old_unit="unit", old_whole="whole")
    them = homed.slice(units.height).join(places, on="record_key", maintain_order="left")
    whole = pl.Series(linked.looked.whole)
    joined = ours.with_columns(unit=whole.gather(ours["unit"]))
    pairs = wholes.select(unit=whole.gather(wholes["unit"]), other="other_whole").unique()
    alone = _side(ours, them, met, "unit", 0)
    return _near([alone, _side(joined, them, pairs, "whole", alone.free)], linked.fitted, policy)


def _met(
    changed: pl.Series,
    now: pl.DataFrame,
    outside: pl.Series,
    linked: Linked,
    base: Base,
    policy: LinkagePolicy,
) -> pl.DataFrame:
    """unit, other: which units of ours meet which of those outside; one of the two lacks a usable number."""
    units, looked = linked.units, linked.looked
    grown = np.flatnonzero(np.bincount(looked.whole, minlength=len(looked.whole)) > 1)
    new = units.filter(pl.col("record_key").is_in(changed.implode()))["unit"]
    asked = pl.concat([new, pl.Series(grown, dtype=pl.Int32)]).unique()
    labels = units.group_by("unit").agg(is_labelled=pl.col("label").is_not_null().any())
    mine = (
        looked.keys.filter(pl.col("unit").is_in(asked.implode()))
        .join(linked.fitted.crowded, on="key", how="anti")
        .join(labels, on="unit")
        .unique()
    )
    there = meeting.met(base.traces.keys, mine["key"])
    held = now.filter(outside & now["unit"].is_in(there["unit"].unique().implode()))
    theirs = (
        there.join(held.select("unit", "is_labelled").unique("unit"), on="unit")
        .select(other="unit", key="key", other_labelled="is_labelled")
        .unique()
    )
    _refuse_flood(mine, theirs, policy)
    both = mine.join(theirs, on="key")
    return both.filter(~(pl.col("is_labelled") & pl.col("other_labelled"))).select("unit", "other").unique()


def _refuse_flood(mine: pl.DataFrame, theirs: pl.DataFrame, policy: LinkagePolicy) -> None:
    every = pl.concat([mine.select("key"), theirs.select("key")]).group_by("key").len()
    if (every["len"] > _FLOOD * policy.block_cap).any():
        raise Unfit("many units meet under a value that was rare")


def _homes(now: pl.DataFrame, units: pl.DataFrame, beside: pl.DataFrame, take: Take) -> pl.DataFrame:
    """The records beside ours, and those of their guardians that are not ours."""
    guardians = now.filter(pl.col("number").is_in(beside["guardian"].drop_nulls().unique().implode()))
    known = pl.concat([beside["record_key"], guardians["record_key"]]).unique().to_frame()
    return take(known.join(units, on="record_key", how="anti")["record_key"])


@dataclass(frozen=True)
class _Side:
    """Units of numbers of their own, which of them met, theirs once more (record_key, unit), and the first free number."""

    records: pl.DataFrame
    pairs: pl.DataFrame
    theirs: pl.DataFrame
    free: int


def _side(ours: pl.DataFrame, them: pl.DataFrame, pairs: pl.DataFrame, by: str, first: int) -> _Side:
    """As units, or as whole ones; numbered from `first`, and ours before theirs."""
    mine = ours.with_columns(pl.col("unit") + first)
    after = 1 + int(mine["unit"].max() or 0)  # type: ignore[arg-type]
    theirs = them.with_columns(unit=(pl.col(f"old_{by}").rank("dense") + after).cast(pl.Int32))
    places = theirs.select(other=f"old_{by}", b="unit").unique()
    met = pairs.join(places, on="other").select((pl.col("unit") + first).alias("a"), "b").cast(PAIRS)
    asked = pl.concat([met["a"], met["b"]]).unique().implode()
    records = pl.concat([mine, theirs.select(mine.columns)]).filter(pl.col("unit").is_in(asked))
    return _Side(records, met, theirs.select("record_key", "unit"), 1 + int(theirs["unit"].max() or after))  # type: ignore[arg-type]


def _near(sides: list[_Side], fitted: Fitted, policy: LinkagePolicy) -> pl.Series:
    """Keys of records outside that weigh at least a possible link with a unit they met."""
    table = counted(attributes(pl.concat([side.records for side in sides])), fitted.counts)
    pairs = pl.concat([side.pairs for side in sides]).sort("a", "b")
    found = weigh(table, compare(pairs, table), fitted, policy)["b"].implode()
    theirs = pl.concat([side.theirs for side in sides])
    return theirs.filter(pl.col("unit").is_in(found))["record_key"].unique()
