"""Which stock expectations the Polars engine can check, and what each is about."""

from __future__ import annotations

from typing import Final, Literal

Level = Literal["row", "table"]

UNEXPECTED_ROWS: Final = "unexpected_rows_expectation"

ROW_EXPECTATIONS: Final = frozenset({
    "expect_column_values_to_not_be_null",
    "expect_column_values_to_be_null",
    "expect_column_values_to_be_unique",
    "expect_column_values_to_match_regex",
    "expect_column_values_to_not_match_regex",
    "expect_column_values_to_be_in_set",
    "expect_column_values_to_not_be_in_set",
    "expect_column_values_to_be_between",
    "expect_column_value_lengths_to_be_between",
    "expect_column_value_lengths_to_equal",
    "expect_column_pair_values_a_to_be_greater_than_b",
    "expect_column_pair_values_to_be_equal",
    "expect_column_pair_values_to_be_in_set",
    "expect_column_values_to_match_regex_list",
    "expect_column_values_to_not_match_regex_list",
    "expect_column_value_z_scores_to_be_less_than",
    "expect_column_values_to_be_dateutil_parseable",
    "expect_column_values_to_be_decreasing",
    "expect_column_values_to_be_increasing",
    "expect_column_values_to_be_json_parseable",
    "expect_column_values_to_match_json_schema",
    "expect_column_values_to_match_like_pattern",
    "expect_column_values_to_match_like_pattern_list",
    "expect_column_values_to_match_strftime_format",
    "expect_column_values_to_not_be_outliers",
    "expect_column_values_to_not_match_like_pattern",
    "expect_column_values_to_not_match_like_pattern_list",
    "expect_compound_columns_to_be_unique",
    "expect_multicolumn_sum_to_equal",
    "expect_multicolumn_values_to_be_equal",
    "expect_select_column_values_to_be_unique_within_record",
    UNEXPECTED_ROWS,
})  # fmt: skip
"""Each row breaks them or not: they are counted, and their rows are listed."""

COUNT_EXPECTATIONS: Final = frozenset({
    "expect_table_row_count_to_be_between",
    "expect_table_row_count_to_equal",
})  # fmt: skip
"""Their observed value is a number of rows: the only one that may be written down."""

EXTREME_EXPECTATIONS: Final = frozenset({
    "expect_column_max_to_be_between",
    "expect_column_mean_to_be_between",
    "expect_column_median_to_be_between",
    "expect_column_min_to_be_between",
    "expect_column_most_common_value_to_be_in_set",
    "expect_column_quantile_values_to_be_between",
    "expect_column_stdev_to_be_between",
    "expect_column_sum_to_be_between",
})  # fmt: skip
"""Their result is somebody's value, or nearly: never on a personal column."""

TABLE_EXPECTATIONS: Final = COUNT_EXPECTATIONS | frozenset({
    "expect_column_distinct_values_to_be_in_set",
    "expect_column_distinct_values_to_contain_set",
    "expect_column_distinct_values_to_equal_set",
    "expect_column_max_to_be_between",
    "expect_column_mean_to_be_between",
    "expect_column_median_to_be_between",
    "expect_column_min_to_be_between",
    "expect_column_most_common_value_to_be_in_set",
    "expect_column_proportion_of_unique_values_to_be_between",
    "expect_column_quantile_values_to_be_between",
    "expect_column_stdev_to_be_between",
    "expect_table_column_count_to_be_between",
    "expect_table_column_count_to_equal",
    "expect_table_columns_to_match_ordered_list",
    "expect_column_proportion_of_non_null_values_to_be_between",
    "expect_column_sum_to_be_between",
    "expect_column_to_exist",
    "expect_column_unique_value_count_to_be_between",
    "expect_table_columns_to_match_set",
})  # fmt: skip

WHOLE_TABLE: Final = frozenset({
    "expect_column_to_exist",
    "expect_table_column_count_to_be_between",
    "expect_table_column_count_to_equal",
    "expect_table_columns_to_match_ordered_list",
    "expect_table_columns_to_match_set",
    UNEXPECTED_ROWS,
})  # fmt: skip
"""They are about columns that they do not name."""

SUPPORTED: Final = ROW_EXPECTATIONS | TABLE_EXPECTATIONS


def level(expectation: str) -> Level:
    """Whether the expectation judges rows one by one or the table as one thing."""
    return "row" if expectation in ROW_EXPECTATIONS else "table"


def columns_of(kwargs: dict[str, object]) -> tuple[str, ...]:
    """The columns an expectation names, in the order of its arguments."""
    listed = kwargs.get("column_list")
    single = (kwargs.get(name) for name in ("column", "column_A", "column_B"))
    named = [*single, *(listed if isinstance(listed, list) else [])]
    return tuple(name for name in named if isinstance(name, str))


def columns_in(kwargs: dict[str, object]) -> set[str]:
    """Every column an expectation names, in its arguments or, however deep, in its row condition."""
    return {*columns_of(kwargs), *_conditioned(kwargs.get("row_condition"))}


def _conditioned(condition: object) -> set[str]:
    if isinstance(condition, dict):
        column = condition.get("column")
        own = {str(column["name"])} if isinstance(column, dict) and "name" in column else set()
        return own.union(*(_conditioned(value) for value in condition.values()))
    if isinstance(condition, list):
        return set().union(*(_conditioned(part) for part in condition))
    return set()
