from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipelines.kernels.keys import record_keys


def rows(**columns: list[str]) -> pl.DataFrame:
    return pl.DataFrame({f"raw.{name}": values for name, values in columns.items()})


def test_a_key_is_the_feed_and_the_parts() -> None:
    assert record_keys(rows(A=["1"], B=["x "]), "d/f", [("A", "B")]).to_list() == ["d/f|1|x"]


def test_the_next_alternative_is_used_where_a_part_is_blank_or_repeated() -> None:
    frame = rows(H=["1", "1", "1", "2"], I=["", "9", "9", "9"], N=["a", "b", "c", "d"])
    keys = record_keys(frame, "d/f", [("H", "I"), ("H", "N")])
    assert keys.to_list() == ["d/f|1|a", "d/f|1|b", "d/f|1|c", "d/f|2|9"]


def test_where_no_alternative_is_whole_what_is_given_makes_the_key() -> None:
    frame = rows(H=["1", "2", "2"], I=["", "", ""], N=["a", "", "c"], B=["", "x", "y"])
    keys = record_keys(frame, "d/f", [("H", "I"), ("H", "N", "B")])
    assert keys.to_list() == ["d/f|1|a|", "d/f|2||x", "d/f|2|c|y"]


def test_twins_are_numbered_by_content_not_by_place() -> None:
    frame = rows(A=["1", "1"], B=["late", "early"])
    keys = record_keys(frame, "d/f", [("A",)])
    assert keys.to_list() == ["d/f|1#2", "d/f|1"]


@given(st.permutations(list(range(8))))
def test_the_order_of_rows_changes_no_key(order: list[int]) -> None:
    frame = rows(A=["1", "1", "1", "2", "2", "", "3", "3"], B=list("abcdefgh"))
    straight = dict(zip(frame["raw.B"], record_keys(frame, "d/f", [("A",)]), strict=True))
    mixed = frame[order]
    assert dict(zip(mixed["raw.B"], record_keys(mixed, "d/f", [("A",)]), strict=True)) == straight
