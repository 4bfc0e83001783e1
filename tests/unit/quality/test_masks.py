from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.quality import masks
from pipelines.quality.checkable import NotCheckable
from pipelines.quality.masks import Mask


def rows(frame: pl.DataFrame, mask: Mask) -> tuple[list[bool], list[bool]]:
    shown = frame.select(examined=mask.examined, failing=mask.failing)
    return shown["examined"].to_list(), shown["failing"].to_list()


def failing(values: list[Any], metric: str, **arguments: Any) -> list[bool]:
    frame = pl.DataFrame({"x": values})
    mask = masks.column_mask(metric, "x", arguments, frame.schema["x"], None)
    return frame.select(mask.failing).to_series().to_list()


def test_nulls_are_no_duplicates_of_each_other() -> None:
    assert failing(["a", None, "a", None], masks.UNIQUE) == [True, False, True, False]


def test_nulls_break_only_the_checks_that_are_about_nulls() -> None:
    assert failing(["a", None], "column_values.nonnull") == [False, True]
    assert failing(["a", None], "column_values.null") == [True, False]
    assert failing(["a", None], "column_values.match_regex", regex="b") == [True, False]


def test_a_date_column_reads_bounds_written_as_text_or_with_a_clock_time() -> None:
    days = [dt.date(2020, 1, 1), dt.date(2020, 1, 2)]
    for bound in ("2020-01-01", dt.date(2020, 1, 1), dt.datetime(2020, 1, 1)):  # noqa: DTZ001
        assert failing(days, "column_values.between", max_value=bound) == [False, True]


def test_strict_bounds_leave_the_bound_out() -> None:
    assert failing([1, 2], "column_values.between", min_value=1, strict_min=True) == [True, False]


def test_duplicates_are_looked_for_among_the_rows_of_the_condition_only() -> None:
    frame = pl.DataFrame({"x": ["a", "a", "b", "b"], "live": [True, False, True, True]})
    mask = masks.column_mask(masks.UNIQUE, "x", {}, pl.String(), pl.col("live"))
    assert rows(frame, mask) == ([True, False, True, True], [False, False, True, True])


def test_compound_duplicates_too_are_looked_for_within_the_condition() -> None:
    frame = pl.DataFrame({"x": ["a", "a", "b", "b"], "y": [1] * 4, "live": [True, False, True, True]})
    mask = masks.compound_mask(["x", "y"], "never", pl.col("live"))
    assert rows(frame, mask) == ([True, False, True, True], [False, False, True, True])


@given(st.lists(st.tuples(st.none() | st.text("ab", max_size=2), st.none() | st.integers(0, 2)), max_size=12))
def test_keys_that_repeat_are_told_from_keys_that_only_share_a_hash(keys: list[tuple[Any, ...]]) -> None:
    times = Counter(keys)
    frame = pl.DataFrame(keys, schema={"x": pl.String, "y": pl.Int64}, orient="row")
    key = frame.to_struct("key")
    for hashed in (key.hash(), frame["x"], frame["y"], frame["x"].is_null()):
        found = masks.repeated(key, hashed).to_list()
        assert found == [times[one] > 1 for one in keys]


@pytest.mark.parametrize(
    ("ignore", "examined", "broken"),
    [
        ("neither", [True, True, True, True], [False, True, True, True]),
        ("both_values_are_missing", [True, True, True, False], [False, True, True, False]),
        ("either_value_is_missing", [True, True, False, False], [False, True, False, False]),
    ],
)
def test_ignore_row_if_says_which_nulls_break_a_pair(
    ignore: str, examined: list[bool], broken: list[bool]
) -> None:
    frame = pl.DataFrame({"a": [1, 1, 1, None], "b": [1, 2, None, None]})
    mask = masks.pair_mask("column_pair_values.equal", "a", "b", {}, ignore, None)
    counted = frame.select(masks.count_examined(mask)).item()
    assert frame.select(mask.failing).to_series().to_list() == broken
    assert counted == sum(examined)


def test_a_condition_on_an_unknown_value_is_not_met() -> None:
    frame = pl.DataFrame({"x": ["a", None], "live": [True, None]})
    mask = masks.column_mask("column_values.nonnull", "x", {}, pl.String(), pl.col("live"))
    assert rows(frame, mask) == ([True, False], [False, False])


def test_a_missing_column_is_told_by_its_name() -> None:
    with pytest.raises(NotCheckable, match="there is no column 'y'"):
        masks.check_columns(pl.Schema({"x": pl.String}), ["x", "y"])


def test_an_unknown_way_to_ignore_rows_is_refused() -> None:
    with pytest.raises(NotCheckable, match="ignore_row_if"):
        masks.compound_mask(["x"], "sometimes", None)
