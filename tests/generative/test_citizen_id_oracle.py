"""The vectorised kernel against a naive reading of GB 11643, one character at a time."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import polars.testing
from hypothesis import given
from hypothesis import strategies as st

from pipelines.kernels.citizen_id import repair_candidates, standardise_citizen_ids

AS_OF = date(2026, 6, 30)
DIVISIONS = ("512928", "513623", "511622", "110105", "810000", "830000", "911156")
FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")


def check_character(body: str) -> str:
    """ISO 7064 MOD 11-2 by its recurrence, not by weights."""
    remainder = 0
    for digit in body:
        remainder = (remainder + int(digit)) * 2 % 11
    return "0123456789X"[(12 - remainder) % 11]


def born(number: str) -> date | None:
    try:
        day = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
    return day if date(1850, 1, 1) <= day <= AS_OF else None


def is_real(number: str) -> bool:
    return check_character(number[:17]) == number[17] and born(number) is not None


def oracle(text: str) -> tuple[str, str | None]:
    """Status and value of 18 or 15 plain characters."""
    if len(text) == 18:
        if is_real(text):
            return "valid", text
        return "invalid", None
    body = f"{text[:6]}19{text[6:]}"
    number = body + check_character(body)
    if not born(number):
        return "invalid", None
    return ("ambiguous", None) if text[-3:] >= "996" else ("upgraded", number)


birthdays = st.integers(0, 60_000).map(lambda days: date(1870, 1, 1) + timedelta(days))
bodies = st.builds(
    lambda division, day, order: f"{division}{day:%Y%m%d}{order:03}",
    st.sampled_from(DIVISIONS),
    birthdays,
    st.integers(0, 999),
)
numbers = bodies.map(lambda body: body + check_character(body))
noise = st.tuples(st.from_regex(r"[1-7][0-9]{16}", fullmatch=True), st.sampled_from("0123456789X"))
slipped = st.builds(
    lambda number, place, digit: number[:place] + digit + number[place + 1 :],
    numbers,
    st.integers(0, 16),
    st.sampled_from("0123456789"),
)
old_numbers = st.from_regex(r"[1-7][0-9]{14}", fullmatch=True)
# A failing number that begins with 9 may pass as a firm's code; that is tested by example.
plain = st.one_of(numbers, noise.map("".join), slipped, old_numbers).filter(
    lambda text: text[0] != "9" or is_real(text)
)


@given(st.lists(plain, min_size=1, max_size=30))
def test_the_kernel_says_what_the_oracle_says(texts: list[str]) -> None:
    judged = standardise_citizen_ids(pl.Series(texts), as_of=AS_OF)
    assert list(zip(judged["status"], judged["value"], strict=True)) == [*map(oracle, texts)]


@given(st.lists(numbers, min_size=1, max_size=20))
def test_a_real_number_tells_birth_sex_and_division(texts: list[str]) -> None:
    valid = [text for text in texts if is_real(text)]
    judged = standardise_citizen_ids(pl.Series(valid, dtype=pl.String), as_of=AS_OF)
    assert judged["born_on"].to_list() == [born(text) for text in valid]
    assert judged["sex_code"].to_list() == ["21"[int(text[16]) % 2] for text in valid]
    divisions = [None if text[0] == "9" else text[:6] for text in valid]
    assert judged["division_code"].to_list() == divisions


@given(
    numbers.filter(is_real),
    st.sampled_from(
        [
            lambda text: text.translate(FULL_WIDTH),
            lambda text: f"'{text}",
            lambda text: f"\ufeff{text}\u200b",
            lambda text: f" {text[:6]} {text[6:14]} {text[14:]} ",
            lambda text: text.replace("X", "х"),
            lambda text: text.lower(),
        ]
    ),
)
def test_an_accident_of_form_changes_no_value(number: str, accident: object) -> None:
    assert callable(accident)
    delivered = accident(number)
    judged = standardise_citizen_ids(pl.Series([delivered]), as_of=AS_OF).row(0, named=True)
    assert (judged["status"], judged["value"]) == ("valid", number)
    assert (judged["code"] is not None) >= (delivered != number)


@given(st.lists(st.one_of(plain, st.none(), st.text(max_size=22)), max_size=30))
def test_height_and_order_are_the_input_s_whatever_comes(texts: list[str | None]) -> None:
    judged = standardise_citizen_ids(pl.Series(texts, dtype=pl.String), as_of=AS_OF)
    alone = [standardise_citizen_ids(pl.Series([text], dtype=pl.String), as_of=AS_OF) for text in texts]
    polars.testing.assert_frame_equal(judged, pl.concat([judged.clear(), *alone]))


@given(numbers.filter(is_real), st.integers(0, 16), st.sampled_from("0123456789"))
def test_a_slip_of_one_digit_is_among_the_candidates(number: str, place: int, digit: str) -> None:
    slip = number[:place] + digit + number[place + 1 :]
    found = repair_candidates(pl.Series([slip]), as_of=AS_OF)
    assert (number in found["candidate"]) == (slip != number)
    assert all(is_real(candidate) for candidate in found["candidate"])


@given(numbers.filter(is_real), st.integers(0, 15))
def test_a_swap_of_neighbours_is_among_the_candidates(number: str, place: int) -> None:
    slip = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    found = repair_candidates(pl.Series([slip]), as_of=AS_OF)
    assert (number in found["candidate"]) == (slip != number)


@given(numbers.filter(lambda text: not is_real(text)) | slipped)
def test_candidates_are_exactly_the_real_numbers_one_slip_away(number: str) -> None:
    changed = {number[:at] + digit + number[at + 1 :] for at in range(17) for digit in "0123456789"}
    swapped = {
        number[:at] + number[at + 1] + number[at] + number[at + 2 :]
        for at in range(17)
        if number[at + 1] != "X"
    }
    near = changed | swapped | {number[:17] + check_character(number[:17])}
    own_or_known = {*DIVISIONS, number[:6]}
    expected = {one for one in near if is_real(one) and one[:6] in own_or_known} - {number}
    found = repair_candidates(pl.Series([number]), as_of=AS_OF)["candidate"]
    listed = {one for one in found if one[:6] in own_or_known}
    assert listed == (expected if not is_real(number) else set())
