"""The Polars engine finds what Great Expectations' own pandas engine finds, on random frames."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pipelines.quality.outcome import Outcome
from pipelines.quality.run import validate_frame
from pipelines.quality.suite import Suite
from pipelines.quality.supported import SUPPORTED, UNEXPECTED_ROWS, level

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult

DAYS = [dt.date(2020, 1, day) for day in (1, 2, 3)]
TEXTS = st.none() | st.text("ab1张", max_size=3)
NUMBERS = st.none() | st.integers(-1, 3)
DATES = st.none() | st.sampled_from(DAYS)
# No bare day of a month ("31"): pandas' check fills in the rest from the clock, ours from a fixed day.
STAMPS = st.none() | st.sampled_from(
    ["2020-01-02", "20200102", "2020-13-01", "1 May 2020", "x", "", "31 May 2020"]
)
JSON = st.none() | st.sampled_from(["1", "0.5", '{"a": 1}', "{}", "null", "NaN", "[1]"])
NO_JSON = JSON | st.sampled_from(["{", "", "张", "'1'"])
CELLS = st.tuples(TEXTS, TEXTS, NUMBERS, NUMBERS, DATES, DATES, DATES, STAMPS, NO_JSON, JSON)
ROWS = st.lists(CELLS, min_size=1, max_size=12)
SCHEMA = {
    "text": pl.String, "other": pl.String, "number": pl.Int64, "more": pl.Int64,
    "day": pl.Date, "later": pl.Date, "born": pl.Date,
    "stamp": pl.String, "json": pl.String, "json_only": pl.String,
}  # fmt: skip


def compared(column: str, operator: str, parameter: object) -> dict[str, Any]:
    named = {"type": "comparison", "column": {"name": column}}
    return {**named, "operator": operator, "parameter": parameter}


def known(column: str) -> dict[str, Any]:
    return {"type": "nullity", "column": {"name": column}, "is_null": False}


def both(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"type": "and", "conditions": list(conditions)}


IS_A = compared("other", "==", "a")
POSITIVE = compared("number", ">", 0)
CONDITIONS = [
    IS_A,
    POSITIVE,
    known("text"),
    compared("other", "IN", ["a", "b"]),
    compared("day", ">=", "2020-01-02"),
    both(known("other"), compared("other", "!=", "a")),
    both(known("number"), compared("number", "NOT_IN", [0, 1])),
    {"type": "or", "conditions": [IS_A, POSITIVE]},
]
VALUES = "column_values_to_"
CHECKS: list[tuple[str, dict[str, Any]]] = [
    *((f"{VALUES}not_be_null", {"column": column}) for column in SCHEMA),
    (f"{VALUES}be_null", {"column": "text"}),
    *((f"{VALUES}be_unique", {"column": column}) for column in SCHEMA),
    (f"{VALUES}be_unique", {"column": "text", "mostly": 0.6}),
    (f"{VALUES}match_regex", {"column": "text", "regex": "^a"}),
    (f"{VALUES}match_regex", {"column": "text", "regex": "[0-9]$"}),
    (f"{VALUES}match_regex", {"column": "text", "regex": "张", "mostly": 0.5}),
    (f"{VALUES}not_match_regex", {"column": "text", "regex": "a|b"}),
    (f"{VALUES}be_in_set", {"column": "text", "value_set": ["a", "b", ""]}),
    (f"{VALUES}be_in_set", {"column": "number", "value_set": [0, 1]}),
    (f"{VALUES}not_be_in_set", {"column": "text", "value_set": ["a", "张"]}),
    (f"{VALUES}be_between", {"column": "number", "min_value": 0, "max_value": 2}),
    (f"{VALUES}be_between", {"column": "number", "min_value": 0, "strict_min": True}),
    (f"{VALUES}be_between", {"column": "born", "max_value": "2020-01-02"}),
    (f"{VALUES}be_between", {"column": "born", "min_value": DAYS[1], "strict_min": True}),
    ("column_value_lengths_to_be_between", {"column": "text", "min_value": 1, "max_value": 2}),
    ("column_value_lengths_to_equal", {"column": "text", "value": 1}),
    ("column_pair_values_to_be_equal", {"column_A": "text", "column_B": "other"}),
    *(
        ("column_pair_values_a_to_be_greater_than_b",
         {"column_A": "later", "column_B": "day", "ignore_row_if": ignore, "or_equal": equal})
        for ignore in ("both_values_are_missing", "either_value_is_missing", "neither")
        for equal in (True, False)
    ),
    *(
        ("column_pair_values_to_be_equal",
         {"column_A": "number", "column_B": "more", "ignore_row_if": ignore})
        for ignore in ("both_values_are_missing", "either_value_is_missing", "neither")
    ),
    *(
        ("compound_columns_to_be_unique", {"column_list": ["text", "day"], "ignore_row_if": ignore})
        for ignore in ("all_values_are_missing", "any_value_is_missing", "never")
    ),
    (f"{VALUES}match_regex_list", {"column": "text", "regex_list": ["^a", "1"]}),
    (f"{VALUES}match_regex_list", {"column": "text", "regex_list": ["a", "b"], "match_on": "all"}),
    (f"{VALUES}not_match_regex_list", {"column": "text", "regex_list": ["a", "张"]}),
    *(
        ("column_pair_values_to_be_in_set",
         {"column_A": "text", "column_B": "other", "ignore_row_if": ignore,
          "value_pairs_set": [("a", "a"), ("b", "1"), (None, "a")]})
        for ignore in ("both_values_are_missing", "either_value_is_missing", "neither")
    ),
    *(
        (name, {"column_list": columns, "ignore_row_if": ignore, **more})
        for ignore in ("all_values_are_missing", "any_value_is_missing", "never")
        for name, columns, more in (
            ("multicolumn_sum_to_equal", ["number", "more"], {"sum_total": 2}),
            ("multicolumn_values_to_be_equal", ["number", "more"], {}),
            ("select_column_values_to_be_unique_within_record", ["day", "later"], {}),
        )
    ),
    *(
        (f"{VALUES}match_strftime_format", {"column": column, "strftime_format": form})
        for column, form in (("stamp", "%Y-%m-%d"), ("stamp", "%Y%m%d"), ("text", "%j"))
    ),
    *((f"{VALUES}be_dateutil_parseable", {"column": column}) for column in ("stamp", "text")),
    *((f"{VALUES}be_json_parseable", {"column": column}) for column in ("json", "text")),
    *(
        (f"{VALUES}match_json_schema", {"column": "json_only", "json_schema": schema})
        for schema in ({"type": "integer"}, {"type": "object", "required": ["a"]}, {"minimum": 1})
    ),
    *(
        (f"{VALUES}be_{order}", {"column": column, "strictly": strictly})
        for order in ("increasing", "decreasing")
        for column in ("number", "day")
        for strictly in (True, False)
    ),
    (f"{VALUES}be_increasing", {"column": "number", "row_condition": compared("other", "IN", ["a", "b"])}),
    *(
        ("column_value_z_scores_to_be_less_than",
         {"column": "number", "threshold": threshold, "double_sided": double, **more})
        for threshold in (0.5, 1)
        for double in (True, False)
        for more in ({}, {"row_condition": POSITIVE})
    ),
    *(
        (f"{VALUES}not_be_outliers", {"column": "number", "method": method, "multiplier": times})
        for method in ("iqr", "std")
        for times in (0, 0.5, 1.5)
    ),
    *(
        ("column_quantile_values_to_be_between",
         {"column": "number", "allow_relative_error": how,
          "quantile_ranges": {"quantiles": [0.1, 0.5, 0.9], "value_ranges": [[-1, 0], [0, 1], [1, None]]}})
        for how in ("linear", "lower", "higher", "midpoint", "nearest", False)
    ),
    ("column_median_to_be_between", {"column": "number", "min_value": 0.5, "max_value": 1}),
    ("column_stdev_to_be_between", {"column": "number", "min_value": 0.5, "max_value": 1}),
    ("column_most_common_value_to_be_in_set", {"column": "text", "value_set": ["a", "b", ""]}),
    ("column_proportion_of_unique_values_to_be_between", {"column": "number", "min_value": 0.7}),
    ("column_distinct_values_to_be_in_set", {"column": "text", "value_set": ["a", "b", "", "1"]}),
    ("column_distinct_values_to_contain_set", {"column": "number", "value_set": [0, 1]}),
    ("column_distinct_values_to_equal_set", {"column": "number", "value_set": [0, 1]}),
    ("table_column_count_to_equal", {"value": 11}),
    ("table_column_count_to_be_between", {"min_value": 12}),
    ("table_columns_to_match_ordered_list", {"column_list": ["row_number", *SCHEMA]}),
    ("table_row_count_to_be_between", {"min_value": 3, "max_value": 6}),
    ("table_row_count_to_equal", {"value": 4}),
    ("table_columns_to_match_set", {"column_set": list(SCHEMA), "exact_match": False}),
    ("table_columns_to_match_set", {"column_set": ["text"], "exact_match": True}),
    ("column_to_exist", {"column": "text"}),
    ("column_to_exist", {"column": "nowhere"}),
    ("column_mean_to_be_between", {"column": "number", "min_value": 0.5}),
    ("column_sum_to_be_between", {"column": "number", "min_value": 1, "max_value": 4}),
    ("column_min_to_be_between", {"column": "number", "min_value": 0}),
    ("column_max_to_be_between", {"column": "number", "max_value": 2}),
    ("column_unique_value_count_to_be_between", {"column": "text", "min_value": 2}),
    ("column_proportion_of_non_null_values_to_be_between", {"column": "text", "min_value": 0.6}),
    *(
        (name, {**kwargs, "row_condition": condition})
        for condition in CONDITIONS
        for name, kwargs in (
            (f"{VALUES}not_be_null", {"column": "text"}),
            (f"{VALUES}be_unique", {"column": "text"}),
            (f"{VALUES}match_regex", {"column": "text", "regex": "a"}),
            ("column_pair_values_to_be_equal", {"column_A": "number", "column_B": "more"}),
            ("compound_columns_to_be_unique", {"column_list": ["number", "day"]}),
        )
    ),
    (f"{VALUES}be_unique",
     {"column": "text", "row_condition": "number > 0", "condition_parser": "pandas"}),
    (f"{VALUES}not_be_null",
     {"column": "text", "row_condition": "other == 'a'", "condition_parser": "pandas"}),
]  # fmt: skip


def made_suite() -> Suite:
    texts = {"basis": "GB/T 36344-2018", "office": "测试局", "zh": "测试", "en": "A test"}
    rules = [
        {"id": f"PB-TST-{n:03d}", "expectation": f"expect_{name}", "kwargs": kwargs, **texts,
         "severity": "warn", "indicator": "0201"}
        for n, (name, kwargs) in enumerate(CHECKS)
    ]  # fmt: skip
    return Suite.model_validate({"suite": "test/random", "rules": rules})


SUITE = made_suite()


OBJECTS = ("text", "other", "born", "stamp", "json", "json_only")
LIKES = {name for name in SUPPORTED if "like_pattern" in name}


def as_pandas(frame: pl.DataFrame) -> pd.DataFrame:
    """Texts as objects with None, numbers with NaN, dates as datetime64.

    `born` stays Python dates: the stock `be_between` on datetime64 fails at a date for a bound.
    """
    cells = {name: frame[name].to_list() for name in SCHEMA}
    days = {name: pd.to_datetime(pd.Series(cells[name])) for name in ("day", "later")}
    numbers = {name: pd.Series(cells[name], dtype="float64") for name in ("number", "more")}
    texts = {name: pd.Series(cells[name], dtype="object") for name in OBJECTS}
    row_number = pd.Series(frame["row_number"].to_list())
    columns = {"row_number": row_number, **texts, **numbers, **days}
    return pd.DataFrame({name: columns[name] for name in ("row_number", *SCHEMA)})


def found_by_pandas(frame: pl.DataFrame) -> dict[str, ExpectationValidationResult]:
    import great_expectations as gx

    from pipelines.quality.session import COUNTS_ONLY, as_expectation, in_memory

    context = gx.get_context(mode="ephemeral", project_config=in_memory())
    asset = context.data_sources.add_pandas("frames").add_dataframe_asset("frame")
    expectations = [as_expectation(rule) for rule in SUITE.rules]
    definition = gx.ValidationDefinition(
        name="validation",
        data=asset.add_batch_definition_whole_dataframe("whole"),
        suite=context.suites.add(gx.ExpectationSuite(name="suite", expectations=expectations)),
    )
    parameters = {"dataframe": as_pandas(frame)}
    ran = definition.run(batch_parameters=parameters, result_format=COUNTS_ONLY)
    found = {}
    for entry in ran.results:
        assert entry.expectation_config is not None
        found[entry.expectation_config.meta["rule"]] = entry
    return found


def counts(result: Mapping[str, Any]) -> dict[str, Any]:
    names = ("element_count", "unexpected_count", "missing_count")
    return {name: result[name] for name in names if name in result}


def test_every_supported_expectation_is_compared() -> None:
    # GX's pandas engine has no SQL: tests/unit/quality/test_run.py holds it against a filter, LIKE against PostgreSQL.
    assert {f"expect_{name}" for name, _ in CHECKS} == SUPPORTED - {UNEXPECTED_ROWS} - LIKES


# No shrinking: an example costs seconds, a smaller one is not worth hundreds of them.
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]


@settings(max_examples=3, deadline=None, phases=PHASES)
@given(ROWS)
def test_polars_finds_what_pandas_finds(rows: list[tuple[Any, ...]]) -> None:
    compare(rows)


@pytest.mark.long
@settings(max_examples=60, deadline=None, phases=PHASES)
@given(st.lists(CELLS, min_size=1, max_size=60))
def test_polars_finds_what_pandas_finds_on_many_frames(rows: list[tuple[Any, ...]]) -> None:
    compare(rows)


def compare(rows: list[tuple[Any, ...]]) -> None:
    """Every rule's status and counts on both engines; a lazy frame finds the same."""
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row").with_row_index("row_number")
    outcome = validate_frame(frame, SUITE)
    with warnings.catch_warnings(action="ignore"):  # of its own deprecations, and of pandas'
        oracle = found_by_pandas(frame)
    entries = outcome.document["results"]
    assert isinstance(entries, list)
    for result, entry in zip(outcome.rules, entries, strict=True):
        expected = oracle[result.rule.id]
        told = f"{result.rule.expectation} {result.rule.kwargs} {expected.exception_info}"
        assert (result.status == "passed") == expected.success, told
        assert counts(entry["result"]) == counts(expected.result), told
    _same_counts_as_rows(outcome)
    lazy = validate_frame(frame.lazy(), SUITE)
    assert lazy.rules == outcome.rules
    assert lazy.failing.equals(outcome.failing)


def _same_counts_as_rows(outcome: Outcome) -> None:
    listed = dict(outcome.failing.group_by("rule_id").len().iter_rows())
    for result in outcome.rules:
        assert result.status != "not_checked", result
        if level(result.rule.expectation) == "row":
            assert result.failed == listed.get(result.rule.id, 0)


def test_a_condition_on_an_unknown_value_differs_from_pandas_on_purpose() -> None:
    """`null != 'a'` is unknown, as in SQL; pandas says true. PostgreSQL agrees with the engine."""
    condition = compared("other", "!=", "a")
    check = {**SUITE.rules[0].model_dump(), "kwargs": {"column": "text", "row_condition": condition}}
    suite = Suite.model_validate({"suite": "test/random", "rules": [check]})
    frame = pl.DataFrame({"row_number": [1, 2], "text": [None, None], "other": [None, "b"]})
    assert validate_frame(frame, suite).rules[0].examined == 1
