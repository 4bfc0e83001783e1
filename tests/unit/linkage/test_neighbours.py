from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipelines.linkage.neighbours import byte_matrix, one_slip, slip_keys

NUMBER = st.text("0123456789X", min_size=18, max_size=18)


def _slips(number: str) -> set[str]:
    """All strings one slip away, written out: the oracle."""
    made = {number[:i] + c + number[i + 1 :] for i in range(len(number)) for c in "0123456789X*"}
    made |= {number[:i] + number[i + 1 :] for i in range(len(number))}
    made |= {number[:i] + c + number[i:] for i in range(len(number) + 1) for c in "0123456789X*"}
    swapped = {number[:i] + number[i + 1] + number[i] + number[i + 2 :] for i in range(len(number) - 1)}
    return made | swapped


def _one_slip(a: str, b: str) -> bool:
    left, right = byte_matrix(pl.Series([a])), byte_matrix(pl.Series([b]))
    return bool(one_slip(*left, *right)[0])


@given(NUMBER, st.data())
def test_numbers_one_slip_apart_are_told_and_share_a_key(number: str, data: st.DataObject) -> None:
    other = data.draw(st.sampled_from(sorted(_slips(number))))
    keys = slip_keys(pl.DataFrame({"unit": [0, 1], "number": [number, other]}))
    assert _one_slip(number, other)
    assert _one_slip(other, number)
    assert keys.group_by("key").agg(pl.col("unit").n_unique())["unit"].max() == 2


@given(
    NUMBER, st.lists(st.tuples(st.integers(0, 17), st.sampled_from("0123456789X")), min_size=2, max_size=4)
)
def test_numbers_are_one_slip_apart_only_if_the_oracle_says_so(
    number: str, changes: list[tuple[int, str]]
) -> None:
    other = number
    for place, character in changes:
        other = other[:place] + character + other[place + 1 :]
    assert _one_slip(number, other) == (other in _slips(number))


def test_short_and_overlong_strings_get_no_keys() -> None:
    numbers = pl.DataFrame({"unit": [0, 1, 2], "number": ["5.1E+17", "1" * 25, None]})
    assert slip_keys(numbers).is_empty()


def test_strings_are_padded_into_one_matrix() -> None:
    matrix, lengths = byte_matrix(pl.Series(["12", None, "1234567890123456789012"]))
    assert matrix.shape == (3, 20)
    assert lengths.tolist() == [2, 0, 20]
    assert np.array_equal(matrix[0, :3], [49, 50, 0])
