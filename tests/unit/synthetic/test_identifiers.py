from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from pipelines.synthetic.identifiers import Register, compact, credit_code
from tests.unit.synthetic.deliveries import is_valid_id

DAYS = st.lists(st.integers(-14_000, 20_600), min_size=1, max_size=30)


@given(DAYS, st.integers(1, 2))
def test_given_numbers_are_valid_carry_day_and_sex_and_are_never_given_twice(
    days: list[int], sex: int
) -> None:
    days = days * 2
    register, size = Register(), len(days)
    numbers = register.give(np.full(size, 511622), np.array(days), np.full(size, sex)).to_list()
    assert len(set(numbers)) == size
    for day, number in zip(days, numbers, strict=True):
        assert is_valid_id(number)
        assert number[6:14] == str(np.datetime64(day, "D")).replace("-", "")
        assert int(number[16]) % 2 == sex % 2


def test_twins_of_one_sex_get_neighbouring_orders() -> None:
    first, second = Register().give(np.full(2, 511622), np.full(2, 15_000), np.full(2, 1)).to_list()
    assert int(second[14:17]) - int(first[14:17]) == 2


@given(DAYS)
def test_days_are_written_as_the_calendar_does(days: list[int]) -> None:
    expected = [int(str(np.datetime64(day, "D")).replace("-", "")) for day in days]
    assert compact(np.array(days)).tolist() == expected


@given(st.integers(0, 31**6 - 1))
def test_credit_codes_are_valid(number: int) -> None:
    assert uscc.is_valid(credit_code(number, "511622"))
