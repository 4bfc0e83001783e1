from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.kernels.numerals import as_digits

ONES = "零一二三四五六七八九"


def written(number: int) -> str:
    """As a Chinese hand writes it."""
    hundreds, tens, ones = number // 100, number // 10 % 10, number % 10
    text = f"{ONES[hundreds]}百" if hundreds else ""
    if tens:
        text += ("" if tens == 1 and not hundreds else ONES[tens]) + "十"
    elif hundreds and ones:
        text += "零"
    return text + (ONES[ones] if ones or not number else "")


@given(st.integers(0, 999))
def test_numbers_below_a_thousand_are_read_back(number: int) -> None:
    assert as_digits(written(number)) == str(number)


@pytest.mark.parametrize(
    ("numeral", "digits"),
    [("五〇一", "501"), ("一一", "11"), ("百", "百"), ("十十", "十十"), ("一○二", "102")],
)
def test_digits_are_read_one_by_one_and_no_number_stays(numeral: str, digits: str) -> None:
    assert as_digits(numeral) == digits
