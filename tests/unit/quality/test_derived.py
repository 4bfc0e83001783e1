"""Derived columns, each held against what plain Python says of the same rows."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from pipelines.quality.derived import Derived, add_columns

TODAY = dt.date(2026, 6, 30)
READ: TypeAdapter[Derived] = TypeAdapter(Derived)
KEYS = st.none() | st.sampled_from(["a", "b", "c"])
DAYS = st.none() | st.dates(dt.date(1950, 1, 1), dt.date(2030, 12, 31))


def derived(frame: pl.DataFrame, tables: Any = None, **how: Any) -> list[Any]:
    added = add_columns(frame, {"x": READ.validate_python(how)}, TODAY, tables)
    return added["x"].to_list()


def years(since: dt.date | None, until: dt.date | None) -> int | None:
    if since is None or until is None:
        return None
    return until.year - since.year - ((until.month, until.day) < (since.month, since.day))


@given(st.lists(st.tuples(DAYS, DAYS), max_size=8))
def test_years_are_full_years(rows: list[tuple[Any, Any]]) -> None:
    frame = pl.DataFrame(rows, schema={"a": pl.Date, "b": pl.Date}, orient="row")
    assert derived(frame, kind="span", since="a", until="b") == [years(a, b) for a, b in rows]
    assert derived(frame, kind="span", since="a", until="today") == [years(a, TODAY) for a, _ in rows]
    days = [None if a is None or b is None else (b - a).days for a, b in rows]
    assert derived(frame, kind="span", unit="days", since="a", until="b") == days


def test_months_count_by_the_calendar() -> None:
    frame = pl.DataFrame({"m": ["2025-06", "2026-07", None]})
    assert derived(frame, kind="span", unit="months", since="m", until="today") == [12, -1, None]
    assert derived(frame, kind="span", since="m", until="today") == [1, -1, None]


@given(st.lists(st.tuples(KEYS, KEYS), max_size=10))
def test_values_and_rows_per_key(rows: list[tuple[str | None, str | None]]) -> None:
    frame = pl.DataFrame(rows, schema={"k": pl.String, "v": pl.String}, orient="row")
    values = [k and len({v for o, v in rows if o == k and v}) for k, _ in rows]
    assert derived(frame, kind="values_per", by=["k"], of="v") == values
    met = [None if k is None or v != "a" else sum(o == k and w == "a" for o, w in rows) for k, v in rows]
    assert derived(frame, kind="rows_per", by=["k"], where={"v": ["a"]}) == met


def test_conditions_on_flags_are_written_as_texts() -> None:
    frame = pl.DataFrame({"k": ["a", "a", "a"], "v": [True, False, True]})
    assert derived(frame, kind="rows_per", by=["k"], where={"v": ["true"]}) == [2, None, 2]


def test_numbers_differences_and_divisions() -> None:
    frame = pl.DataFrame({"t": ["一年级", "?", None], "a": [7, 7, None], "d": ["511622", "999999", None]})
    assert derived(frame, kind="number_of", column="t", numbers={"一年级": 1}) == [1, None, None]
    assert derived(frame.with_columns(b=pl.lit(1)), kind="difference", of="a", less="b") == [6, 6, None]
    assert derived(frame, kind="known_division", column="d") == [True, False, None]


@pytest.mark.parametrize(
    ("dates", "shortest", "longest"),
    [
        ("2021-01-01;2022-01-01", 365, 366),
        ("2021-01-01;2020-06-01", -214, 366),  # out of order
        ("2020-01-01", 0, 0),
        (None, None, None),
    ],
)
def test_gaps_of_a_chain_of_dates(dates: str | None, shortest: int | None, longest: int | None) -> None:
    frame = pl.DataFrame({"l": [dates], "s": [dt.date(2020, 1, 1)]}, schema_overrides={"l": pl.String})
    how = {"kind": "gap", "dates": "l", "since": "s"}
    assert derived(frame, **how, pick="shortest") == [shortest]
    assert derived(frame, **how, pick="longest") == [longest]


@given(st.lists(KEYS, max_size=8), st.lists(st.tuples(KEYS, KEYS), max_size=8))
def test_what_another_table_says(keys: list[str | None], other: list[tuple[str | None, str | None]]) -> None:
    frame = pl.DataFrame({"k": keys}, schema={"k": pl.String})
    table = pl.DataFrame(other, schema={"k": pl.String, "v": pl.String}, orient="row")
    there = [None if k is None else any(o == k for o, _ in other) for k in keys]
    said = [{v for o, v in other if o == k and v} if k else set() for k in keys]
    tables = {"t": table}.get
    assert derived(frame, tables, kind="exists_in", table="t", by=["k"]) == there
    one = [next(iter(values)) if len(values) == 1 else None for values in said]
    assert derived(frame, tables, kind="value_in", table="t", by=["k"], column="v") == one


def test_what_cannot_be_computed_is_left_out() -> None:
    frame = pl.DataFrame({"k": ["a"]})
    unknown = READ.validate_python({"kind": "exists_in", "table": "t", "by": ["k"]})
    missing = READ.validate_python({"kind": "span", "since": "nowhere", "until": "today"})
    assert add_columns(frame, {"x": unknown, "y": missing}, TODAY).columns == ["k"]


def test_numbers_are_checked_by_their_standards() -> None:
    frame = pl.DataFrame({
        "id": ["11010519491231002X", "110105194912310021", "11010519491231002x", None],
        "code": ["91350100M000100Y43", "91350100M000100Y44", "", None],
    })  # fmt: skip
    assert derived(frame, kind="passes_check", column="id", of="citizen_id") == [True, False, False, None]
    assert derived(frame, kind="passes_check", column="code", of="credit_code") == [True, False, False, None]
