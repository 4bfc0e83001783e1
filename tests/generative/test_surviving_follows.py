"""Golden rows of the touched, put in the place of theirs from before, are the golden rows of everybody."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contract.load import load_contracts
from pipelines.kernels.touched import in_place, touched_persons
from pipelines.policy import load_survivorship
from pipelines.settings import ROOT
from pipelines.surviving import golden_of, said_by

FEEDS = ("household/registration", "labour/employment", "residence/permit")
CONTRACTS = {feed: contract for feed, contract in load_contracts().items() if feed in FEEDS}
POLICY = load_survivorship(ROOT / "policies" / "survivorship.yml")
TEXTS = {"name": "甲乙", "citizen_id": "123", "sex_code": "01", "township_code": "78", "division_code": "56"}
DATES = ("data_date", "updated_at", "registered_on", "issued_on")
FLAGS = ("is_struck_off", "name_is_degraded")
KEYS = [f"{feed}|{place}" for feed in FEEDS for place in range(3)]
Register = dict[str, dict[str, Any]]

day = st.sampled_from([None, date(2026, 1, 1), date(2026, 1, 2)])
VALUES = (
    {"person_id": st.sampled_from("PQRST")}
    | {name: st.sampled_from([None, *values]) for name, values in TEXTS.items()}
    | dict.fromkeys(DATES, day)
    | dict.fromkeys(FLAGS, st.booleans())
)
RECORD = st.fixed_dictionaries(VALUES)
REGISTER = st.dictionaries(st.sampled_from(KEYS), RECORD, max_size=9)


@st.composite
def registers(draw: st.DrawFn) -> tuple[Register, Register]:
    """One register, and another in which a few records changed, came or went."""
    before = draw(REGISTER)
    gone = draw(st.sets(st.sampled_from(KEYS), max_size=2))
    now = {key: dict(record) for key, record in before.items() if key not in gone}
    for key, name in draw(
        st.sets(st.tuples(st.sampled_from(KEYS), st.sampled_from(sorted(TEXTS))), max_size=2)
    ):
        if key in now:
            now[key][name] = draw(st.sampled_from([None, *TEXTS[name]]))
    return before, now | draw(st.dictionaries(st.sampled_from(KEYS), RECORD, max_size=2))


def frames_of(register: Register) -> dict[str, pl.DataFrame]:
    """The records of each feed, with every column that its contract ranks or publishes."""
    found = {}
    for feed, contract in CONTRACTS.items():
        columns = {*contract.attributes, *(contract.publishes.columns if contract.publishes else ())}
        own = {"record_key": pl.String, "person_id": pl.String} | dict.fromkeys(DATES, pl.Date)
        schema = dict.fromkeys(sorted(columns), pl.String) | own | dict.fromkeys(FLAGS, pl.Boolean)
        rows = [{"record_key": key, **record} for key, record in register.items() if key.startswith(feed)]
        found[feed] = pl.DataFrame(rows, schema=schema).sort("record_key")
    return found


def said(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    return in_place([said_by(frame, CONTRACTS[feed], POLICY) for feed, frame in frames.items()])


def rows(frame: pl.DataFrame, key: str, persons: pl.Series, *, theirs: bool) -> set[tuple[Any, ...]]:
    return set(frame.filter(pl.col(key).is_in(persons.implode()) == theirs).rows())


def follows(before: Register, now: Register) -> None:
    then, later = frames_of(before), frames_of(now)
    touched = touched_persons(said(then), said(later))
    theirs = {
        feed: frame.filter(pl.col("person_id").is_in(touched.implode())) for feed, frame in later.items()
    }
    (old, old_said), (part, part_said), (whole, whole_said) = (
        golden_of(frames, CONTRACTS, POLICY) for frames in (then, theirs, later)
    )
    for name, frame in whole.items():
        assert rows(part[name], "person_id", touched, theirs=False) == set()
        stood = rows(old[name], "person_id", touched, theirs=False)
        assert stood | set(part[name].rows()) == set(frame.rows()), name
    stood = rows(old_said, "row_key", touched, theirs=False)
    assert stood | set(part_said.rows()) == set(whole_said.rows())


@settings(max_examples=30)
@given(registers())
def test_the_touched_are_all_that_changes(both: tuple[Register, Register]) -> None:
    follows(*both)


@pytest.mark.long
@settings(max_examples=2000)
@given(registers())
def test_the_touched_are_all_that_changes_two_thousand_times(both: tuple[Register, Register]) -> None:
    follows(*both)


def test_nobody_is_touched_where_nothing_changed_but_the_dates_of_deliveries() -> None:
    record = {"person_id": "P", "name": "甲", "citizen_id": "1", "data_date": date(2026, 1, 1)}
    before = {f"{FEEDS[0]}|0": record, f"{FEEDS[1]}|0": record | {"person_id": "Q"}, f"{FEEDS[2]}|0": record}
    now = {key: one | {"data_date": date(2026, 1, 2)} for key, one in before.items()}
    assert touched_persons(said(frames_of(before)), said(frames_of(now))).to_list() == []


def test_who_claims_a_number_of_somebody_touched_is_touched_too() -> None:
    record = {"person_id": "P", "name": "甲", "citizen_id": "1"}
    before = {f"{FEEDS[0]}|0": record, f"{FEEDS[1]}|0": record | {"person_id": "Q"}}
    before |= {f"{FEEDS[2]}|0": record | {"person_id": "R", "citizen_id": "2"}}
    now = before | {f"{FEEDS[0]}|0": record | {"citizen_id": None}}
    assert touched_persons(said(frames_of(before)), said(frames_of(now))).to_list() == ["P", "Q"]


def test_a_record_that_moves_touches_whom_it_leaves_and_whom_it_joins() -> None:
    record = {"person_id": "P", "name": "甲"}
    before = {f"{FEEDS[0]}|0": record, f"{FEEDS[1]}|0": record | {"person_id": "R"}}
    now = before | {f"{FEEDS[0]}|0": record | {"person_id": "Q"}}
    assert touched_persons(said(frames_of(before)), said(frames_of(now))).to_list() == ["P", "Q"]
    follows(before, now)


def test_another_order_of_recency_touches_the_person() -> None:
    one = {"person_id": "P", "name": "甲", "updated_at": date(2026, 1, 1)}
    before = {f"{FEEDS[0]}|0": one, f"{FEEDS[0]}|1": one | {"name": "乙", "updated_at": date(2026, 1, 2)}}
    now = before | {f"{FEEDS[0]}|0": one | {"updated_at": date(2026, 1, 3)}}
    assert touched_persons(said(frames_of(before)), said(frames_of(now))).to_list() == ["P"]
    follows(before, now)


@pytest.mark.parametrize(
    ("feed", "change"),
    [
        (FEEDS[0], {"is_struck_off": True}),
        (FEEDS[0], {"name_is_degraded": True}),
        (FEEDS[0], {"township_code": "7"}),
        (FEEDS[1], {"division_code": "5"}),
        (FEEDS[1], {"registered_on": date(2026, 1, 2)}),
    ],
)
def test_all_that_reaches_a_golden_row_touches_the_person(feed: str, change: dict[str, Any]) -> None:
    record = {"person_id": "P", "name": "甲", "is_struck_off": False, "name_is_degraded": False}
    before, now = {f"{feed}|0": record}, {f"{feed}|0": record | change}
    assert touched_persons(said(frames_of(before)), said(frames_of(now))).to_list() == ["P"]
    follows(before, now)
