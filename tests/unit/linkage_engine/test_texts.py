from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.linkage.engine.texts import edits, jaro_winkler, pack_texts
from tests.unit.linkage_engine.naive import naive_edits, naive_jaro_winkler

WORD = st.text(alphabet="abc甲乙𠮷", max_size=9)


@pytest.mark.parametrize(
    ("a", "b", "similarity"),
    [("MARTHA", "MARHTA", 0.9611), ("DIXON", "DICKSONX", 0.8133), ("DWAYNE", "DUANE", 0.84), ("A", "B", 0.0)],
)
def test_jaro_winkler_of_the_textbook(a: str, b: str, similarity: float) -> None:
    assert jaro_winkler(pack_texts(pl.Series([a, b])), 0, 1) == pytest.approx(similarity, abs=5e-5)


@given(WORD, WORD)
def test_jaro_winkler_is_what_its_definition_says(a: str, b: str) -> None:
    packed = pack_texts(pl.Series([a, b], dtype=pl.String))
    expected = naive_jaro_winkler(a, b)
    assert jaro_winkler(packed, 0, 1) == pytest.approx(expected, abs=1e-12)


@given(WORD, WORD, st.integers(0, 4))
def test_the_distance_is_what_its_definition_says_up_to_its_bound(a: str, b: str, most: int) -> None:
    packed = pack_texts(pl.Series([a, b], dtype=pl.String))
    assert edits(packed, 0, 1, most) == min(naive_edits(a, b), most + 1)


def test_two_neighbours_swapped_are_one_edit() -> None:
    assert edits(pack_texts(pl.Series(["甲乙丙", "乙甲丙"])), 0, 1, 3) == 1
