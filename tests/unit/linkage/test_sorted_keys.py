"""Rows found and put in place by bisection are those that joins and sorting give."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.linkage import sorted_keys
from pipelines.linkage.sorted_keys import in_order, of_prefix, places, spliced, without

KEYS = st.sets(st.text("甲乙a|", max_size=4), max_size=30)


def _sorted(keys: set[str]) -> pl.Series:
    return pl.Series("record_key", sorted(keys, key=str.encode), dtype=pl.String)


def _frame(keys: set[str]) -> pl.DataFrame:
    series = _sorted(keys)
    return pl.DataFrame({"record_key": series, "said": series.str.to_uppercase()})


@given(KEYS, KEYS)
def test_places_are_where_the_keys_stood(now: set[str], then: set[str]) -> None:
    ordered = _sorted(then).to_list()
    expected = [ordered.index(key) if key in then else None for key in _sorted(now)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorted_keys, "_STRETCH", 3)
        assert places(_sorted(now), _sorted(then)).to_list() == expected
    assert places(_sorted(now), _sorted(then)).to_list() == expected


@given(KEYS)
def test_rows_of_a_prefix_are_those_that_begin_so(keys: set[str]) -> None:
    found = of_prefix(_frame(keys), "a|")
    assert found.equals(_frame({key for key in keys if key.startswith("a|")}))


@given(KEYS, KEYS)
def test_what_is_taken_out_and_put_back_is_the_frame(keys: set[str], others: set[str]) -> None:
    whole = _frame(keys)
    stays = without(whole, _sorted(others))
    assert stays.equals(_frame(keys - others))
    assert spliced(stays, _frame(keys & others)).equals(whole)


def test_rows_of_one_key_keep_their_order() -> None:
    stay = pl.DataFrame({"key": ["a", "a", "c"], "place": [1, 2, 5]})
    new = pl.DataFrame({"key": ["b", "b"], "place": [3, 4]})
    assert spliced(stay, new, "key")["place"].to_list() == [1, 2, 3, 4, 5]


def test_a_frame_comes_in_order() -> None:
    assert in_order(_frame({"b", "a"}).reverse()).equals(_frame({"b", "a"}))
