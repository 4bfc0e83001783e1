"""A run that looks only where something changed finds what linking everything anew by the same model finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.kernels.number_changes import CHANGES
from pipelines.linkage.carried import Outcome
from pipelines.linkage.fitted import Fitted, as_kept, kept, name_of
from pipelines.linkage.following import Earlier, Known, follow, traces_of
from pipelines.linkage.persons import FORMER
from pipelines.linkage.residual import FellegiSunterEngine
from pipelines.linkage.resolve import JUDGEMENTS, Resolution, resolve
from pipelines.linkage.traces import contents, standing
from tests.generative.test_resolution_invariants import NUMBERS, RECORD
from tests.unit.linkage.people import frame, judged, person, policy

PARTS = ("memberships", "links", "possible", "conflicts", "refused", "events")
KEYS = [f"{feed}|{place}" for feed in "abc" for place in range(5)]
REGISTER = st.dictionaries(st.sampled_from(KEYS), RECORD, max_size=13)
VERDICTS = st.lists(
    st.tuples(st.sampled_from(KEYS), st.sampled_from(KEYS), st.sampled_from(["positive", "negative"])).filter(
        lambda one: one[0] < one[1]
    ),
    max_size=2,
    unique_by=lambda one: one[:2],
)


CHANGED = st.lists(
    st.tuples(st.sampled_from(["甲乙", "甲丁"]), st.permutations(NUMBERS)).map(
        lambda one: {"record_key": KEYS[0], "name_key": one[0], "old": one[1][0], "new": one[1][1]}
    ),
    max_size=3,
)


@dataclass(frozen=True)
class Step:
    """A register, what was judged by then, and numbers that took the place of others."""

    rows: pl.DataFrame
    judged: pl.DataFrame
    history: pl.DataFrame


def _step(
    register: dict[str, dict[str, Any]], verdicts: list[tuple[str, str, str]], changed: list[dict[str, str]]
) -> Step:
    rows = [person("z|9", "壬癸", "51162219880101", status="invalid")]  # so that short numbers are looked for
    for key, drawn in sorted(register.items()):
        given = {name: value for name, value in drawn.items() if name not in ("feed", "name", "number")}
        rows.append(person(key, drawn["name"], drawn["number"], **given))
    said = [judged(*one) for one in verdicts]
    return Step(
        frame(*rows), pl.concat([JUDGEMENTS.to_frame(), *said]), pl.DataFrame(changed, schema=CHANGES)
    )


STEP = st.builds(_step, REGISTER, VERDICTS, CHANGED)


@st.composite
def steps(draw: st.DrawFn) -> list[Step]:
    """Registers of which each changes a few records of the one before."""
    register = draw(REGISTER)
    found = [_step(register, draw(VERDICTS), draw(CHANGED))]
    for _ in range(2):
        gone = draw(st.sets(st.sampled_from(KEYS), max_size=2))
        other = draw(st.dictionaries(st.sampled_from(KEYS), RECORD, max_size=3))
        register = {key: one for key, one in register.items() if key not in gone} | other
        found.append(_step(register, draw(VERDICTS), draw(CHANGED)))
    return found


def _known(step: Step, members: pl.DataFrame, number: int) -> Known:
    nothing = step.judged.clear()
    return Known(members, FORMER.to_frame(), number, step.judged, nothing, step.history)


def _anew(step: Step, known: Known, fitted: Fitted | None = None) -> Resolution:
    engine = FellegiSunterEngine(policy(), fitted=fitted)
    return resolve(
        step.rows, known.memberships, step.judged, policy(), next_number=known.next_number, engine=engine,
        former=known.former, history=known.history,
    )  # fmt: skip


def _outcome(found: Resolution) -> Outcome:
    return Outcome(found.memberships, found.links, found.possible, found.refused, found.conflicts)


def _taking(rows: pl.DataFrame) -> Callable[[pl.Series], pl.DataFrame]:
    return lambda keys: rows.filter(pl.col("record_key").is_in(keys.implode()))


def _remembered(before: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Records that left stay members, as in the database."""
    left = before.join(found, on="record_key", how="anti")
    return pl.concat([left.select(found.columns), found])


@settings(max_examples=12)
@given(steps())
def test_what_changed_is_linked_as_if_all_were_linked_anew(history: list[Step]) -> None:
    _holds(history)


@pytest.mark.long
@settings(max_examples=500)
@given(steps())
def test_what_changed_is_linked_as_if_all_were_linked_anew_five_hundred_times(history: list[Step]) -> None:
    _holds(history)


def _holds(history: list[Step]) -> None:
    first, *later = history
    known = _known(first, _none(), 1)
    found = _anew(first, known)
    assert found.looked is not None
    fitted = found.looked.fitted
    traces = traces_of(found, known, fitted, contents(first.rows))
    outcome, members, number, before = _outcome(found), found.memberships, found.next_number, first
    for step in later:
        known = _known(step, members, number)
        earlier = Earlier(fitted, traces, outcome, before.judged, before.history)
        followed = follow(contents(step.rows), _taking(step.rows), known, earlier, policy())
        whole = _anew(step, known, fitted)
        for part in PARTS:
            assert getattr(followed.resolution, part).equals(getattr(whole, part)), part
        assert followed.resolution.next_number == whole.next_number
        keys, doubles = traces.keys, traces.doubles
        traces = replace(
            followed.traces,
            records=standing([traces.records, followed.traces.records]),
            keys=(*keys, *followed.traces.keys),
            doubles=pl.concat([doubles, followed.traces.doubles]),
        )
        members = _remembered(members, whole.memberships)
        outcome, number, before = _outcome(followed.resolution), whole.next_number, step


def _none() -> pl.DataFrame:
    return pl.DataFrame(schema={"record_key": pl.String, "person_id": pl.String, "number": pl.Int64})


@settings(max_examples=10)
@given(STEP)
def test_a_kept_model_is_the_model(step: Step) -> None:
    found = _anew(step, _known(step, _none(), 1))
    assert found.looked is not None
    stored = kept(found.looked.fitted)
    again = as_kept(stored, policy(), found.looked.fitted.model.summary)
    assert kept(again).equals(stored)
    assert name_of(kept(again)) == name_of(stored)
