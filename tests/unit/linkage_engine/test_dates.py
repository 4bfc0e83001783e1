from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.linkage.engine.agreement import OPEN, Pairs
from pipelines.linkage.engine.dates import pack_dates, same_digits, slipped
from tests.unit.linkage_engine.naive import naive_slip

DAY = st.dates(date(1978, 1, 1), date(1992, 12, 31))


def _pairs() -> Pairs:
    codes = np.array([0, 1], np.int32)
    return Pairs(np.array([OPEN], np.int8), codes, codes, np.array([0], np.int32), np.array([1], np.int32))


def _slips(a: date, b: date) -> bool:
    pairs = _pairs()
    slipped(pairs, pack_dates(pl.Series([a, b]), "%Y-%m-%d").digits, 1)
    return bool(pairs.found[0] == 1)


@given(DAY, DAY)
def test_a_slip_is_one_digit_a_swap_or_an_exchange_of_day_and_month(a: date, b: date) -> None:
    assert _slips(a, b) == naive_slip(a, b)


@pytest.mark.parametrize(
    ("a", "b", "is_slip"),
    [
        (date(1990, 1, 12), date(1990, 1, 21), True),
        (date(1990, 3, 12), date(1990, 12, 3), True),
        (date(1990, 1, 12), date(1980, 1, 12), True),
        (date(1990, 1, 12), date(1981, 1, 12), False),
    ],
)
def test_slips_that_people_make(a: date, b: date, *, is_slip: bool) -> None:
    assert _slips(a, b) is is_slip


def test_digits_that_are_no_date_keep_their_places_and_have_no_day() -> None:
    packed = pack_dates(pl.Series(["19901332", "1990-01-12", "?"]), "%Y-%m-%d")
    assert [hex(one) for one in packed.digits.tolist()] == ["0x19901332", "0x19900112", "0x0"]
    assert np.isnan(packed.days).tolist() == [True, False, True]


def test_one_year_is_told_by_its_digits() -> None:
    pairs = _pairs()
    packed = pack_dates(pl.Series([date(1990, 1, 12), date(1990, 8, 30)]), "%Y-%m-%d")
    same_digits(pairs, packed.digits, 0xFFFF0000, 3)
    assert pairs.found.tolist() == [3]
