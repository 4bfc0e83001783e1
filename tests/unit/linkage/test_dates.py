from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.linkage.dates import birth_levels
from pipelines.linkage.policy import LEVELS

DATES = st.dates(date(1900, 1, 1), date(2026, 12, 31))


def _level(a: date, b: date) -> str:
    return LEVELS["birth"][int(birth_levels(pl.Series([a]), pl.Series([b]))[0])]


@pytest.mark.parametrize(
    ("a", "b", "level"),
    [
        (date(1990, 1, 12), date(1990, 1, 12), "same"),
        (date(1990, 1, 12), date(1990, 1, 13), "slip"),
        (date(1990, 1, 12), date(1990, 1, 21), "slip"),
        (date(1990, 3, 12), date(1990, 12, 3), "slip"),
        (date(1985, 6, 2), date(1958, 6, 2), "slip"),
        (date(1990, 1, 12), date(1989, 12, 8), "near"),
        (date(1990, 1, 12), date(1990, 11, 25), "part"),
        (date(1990, 1, 12), date(1971, 1, 12), "part"),
        (date(1990, 1, 12), date(1971, 8, 30), "other"),
    ],
)
def test_birth_dates_have_the_level_of_their_slip(a: date, b: date, level: str) -> None:
    assert _level(a, b) == level


@given(DATES, DATES)
def test_the_order_of_two_birth_dates_does_not_matter(a: date, b: date) -> None:
    assert _level(a, b) == _level(b, a)


@given(DATES, DATES)
def test_only_equal_dates_are_the_same(a: date, b: date) -> None:
    assert (_level(a, b) == "same") == (a == b)
