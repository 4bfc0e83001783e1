"""A run that follows another: what changed since is linked, by the model of then, and the rest stands.

Linking everything anew by the same model gives the same (a property test holds it to that).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import polars as pl

from pipelines.linkage.carried import Outcome, carried
from pipelines.linkage.double_ids import METHOD as TWO_IDS
from pipelines.linkage.frame import complete
from pipelines.linkage.increment import Base, reach
from pipelines.linkage.persons import FORMER
from pipelines.linkage.resolve import JUDGEMENTS, Beside, resolved
from pipelines.linkage.sorted_keys import in_order, places, without
from pipelines.linkage.traces import Ties, Traces, traces

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from pipelines.linkage.fitted import Fitted
    from pipelines.linkage.increment import Take
    from pipelines.linkage.policy import LinkagePolicy
    from pipelines.linkage.resolve import Resolution

_PAIR: Final = ("record_a", "record_b")


@dataclass(frozen=True)
class Known:
    """What a run knows beside its records.

    Attributes:
        memberships: record_key, person_id, number: to whom each record last belonged.
        former: records of persons that were merged away, see persons.FORMER.
        next_number: the first person number never given.
        judged: record_a, record_b, verdict: what people said of two records.
        undone: the same of judgements that were taken back.
        history: numbers that took the place of others, see kernels.number_changes.
    """

    memberships: pl.DataFrame
    former: pl.DataFrame
    next_number: int
    judged: pl.DataFrame
    undone: pl.DataFrame
    history: pl.DataFrame


@dataclass(frozen=True)
class Earlier:
    """The run before: its model as it was kept, what it left and found, what it knew."""

    fitted: Fitted
    traces: Traces
    outcome: Outcome
    judged: pl.DataFrame
    history: pl.DataFrame


@dataclass(frozen=True)
class Followed:
    """What came of it.

    Attributes:
        resolution: of all records.
        part: of those that were reached.
        records: those.
        gone: keys of records that are not there any more.
        traces: for the run after, beside those that this one followed: see traces.standing.
        reached, changed: how many records.
    """

    resolution: Resolution
    part: Resolution
    records: pl.DataFrame
    gone: pl.Series
    traces: Traces
    changed: int

    @property
    def reached(self) -> int:
        """How many records were looked at."""
        return self.records.height


def follow(
    content: pl.DataFrame,
    take: Take,
    known: Known,
    earlier: Earlier,
    policy: LinkagePolicy,
    told: Callable[[Resolution, pl.DataFrame], Resolution] = lambda found, _: found,
    share: float = 1.0,
    kept_apart: Collection[str] = (),
) -> Followed:
    """Link what changed since the run before.

    Args:
        content: traces.CONTENTS of all records of now.
        take: gives the records of some keys, see frame.RECORDS; further columns may be among them.
        known: beside them.
        earlier: the run before.
        policy: that of both.
        told: what else is to be said of the reached records.
        share: of the records that may be reached.
        kept_apart: see resolve.resolve.

    Raises:
        increment.Unfit: all is to be linked anew.
    """
    content = in_order(content)
    changed = _said(content, known, earlier)
    base = Base(
        earlier.fitted, earlier.traces, _relations(known, earlier), _belonged(known, earlier), known.history
    )
    taken = _Taken(take)
    reached = reach(content, lambda keys: complete(taken(keys)), changed, base, policy, share)
    mine = taken(reached.grouped.records["record_key"])
    touched = pl.concat([mine["record_key"], reached.gone])
    known = replace(known, memberships=_near(known.memberships, touched))
    judged = known.judged.select(JUDGEMENTS.names())
    beside = Beside(known.memberships, known.former, known.next_number, judged, kept_apart)
    found = resolved(reached.grouped, reached.residual, beside, policy)
    part = told(found, mine)
    first = 1 + int(earlier.traces.records["unit"].max() or 0)  # type: ignore[arg-type]
    asked = content.filter(pl.col("record_key").is_in(mine["record_key"].implode()))
    new = traces_of(found, known, earlier.fitted, asked, first)
    stays = without(earlier.traces.records, touched)
    ended = earlier.traces.records.filter(pl.col("record_key").is_in(reached.gone.implode()))["unit"]
    left = _left(earlier.traces.values, stays["unit"], new, ended)
    units = stays["unit"].n_unique() + new.records["unit"].n_unique()
    whole = carried(earlier.outcome, part, touched, units)
    return Followed(whole, part, mine, reached.gone, left, reached.changed)


class _Taken:
    """Records that were taken once."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._records: pl.DataFrame | None = None

    def __call__(self, keys: pl.Series) -> pl.DataFrame:
        asked = keys.to_frame("record_key")
        if self._records is None:
            self._records = self._take(keys)
        missing = asked.join(self._records, on="record_key", how="anti")["record_key"]
        if not missing.is_empty():
            self._records = pl.concat([self._records, self._take(missing)], how="diagonal").sort("record_key")
        return self._records.join(asked, on="record_key", how="semi", maintain_order="left")


def traces_of(
    found: Resolution, known: Known, fitted: Fitted, content: pl.DataFrame, first: int = 0
) -> Traces:
    """What a resolution leaves for the run after it."""
    if found.units is None or found.looked is None:
        raise ValueError("put together of two runs")
    doubles = found.possible.filter(pl.col("method") == TWO_IDS)
    ties = Ties(
        pl.concat([known.judged.select(_PAIR), doubles.select(_PAIR)]),
        pl.concat([_persons(known.memberships), _persons(found.memberships), _persons(known.former)]),
        known.history,
    )
    return traces(found.units, found.looked, fitted.counts, ties, content, first)


def _said(content: pl.DataFrame, known: Known, earlier: Earlier) -> pl.Series:
    """Records that a judgement or a corrected number was about, now or then but not both."""
    columns = [*_PAIR, "verdict"]
    now, then = known.judged.select(columns), earlier.judged.select(columns)
    judged = _difference(now, then)
    numbers = _difference(known.history, earlier.history.select(known.history.columns))
    hashed = pl.concat([numbers["old"], numbers["new"]]).unique().hash(0)
    about = content.filter(pl.col("number").is_in(hashed.implode()))
    return pl.concat([judged["record_a"], judged["record_b"], about["record_key"]]).unique()


def _difference(now: pl.DataFrame, then: pl.DataFrame) -> pl.DataFrame:
    columns = now.columns
    return pl.concat([
        now.join(then, on=columns, how="anti", nulls_equal=True),
        then.join(now, on=columns, how="anti", nulls_equal=True),
    ])  # fmt: skip


def _relations(known: Known, earlier: Earlier) -> pl.DataFrame:
    return pl.concat([known.judged.select(_PAIR), earlier.judged.select(_PAIR)]).unique()


def _belonged(known: Known, earlier: Earlier) -> pl.DataFrame:
    """Who a record belonged to, where its family does not tell: of new and returning ones, and of merged persons."""
    there = in_order(known.memberships)
    is_new = places(there["record_key"], earlier.traces.records["record_key"]).is_null()
    persons = there.filter(is_new).select("person_id").unique()
    beside = known.memberships.join(persons, on="person_id", how="semi")
    return pl.concat([_persons(beside), _persons(known.former)]).unique()


def _near(memberships: pl.DataFrame, touched: pl.Series) -> pl.DataFrame:
    """Memberships of the touched records, and of all persons they belonged to."""
    mine = memberships.filter(pl.col("record_key").is_in(touched.implode()))
    return memberships.filter(pl.col("person_id").is_in(mine["person_id"].unique().implode()))


def _persons(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(FORMER.names()[:2])


def _left(values: pl.DataFrame, standing: pl.Series, new: Traces, ended: pl.Series) -> Traces:
    """What this run adds: traces of the records it looked at, and the units of those that are gone; all values."""
    there = standing.filter(standing.is_in(values["unit"].unique().implode())).unique()
    stay = values.filter(pl.col("unit").is_in(there.implode()))
    records = pl.concat([new.records, ended.unique().sort().to_frame("unit")], how="diagonal")
    return replace(new, records=records, values=pl.concat([stay, new.values]))
