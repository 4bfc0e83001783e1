"""Great Expectations' `unexpected_rows_expectation` on Polars: SQL whose rows are the ones that should not be there.

    unexpected_rows_query: "SELECT * FROM {batch} WHERE struck_off_on < born_on"

The query is run by Polars' SQL. It has to give whole rows (`SELECT *`): then they are known again, and stand in the
quarantine like those of any other rule. Other queries, and SQL that Polars does not know, are *not checked*.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from great_expectations.core.metric_function_types import MetricFunctionTypes
from great_expectations.expectations.metrics.query_metrics.query_row_count.unexpected_rows_query_row_count import (
    UnexpectedRowsQueryRowCount,
)
from great_expectations.expectations.metrics.query_metrics.query_table.unexpected_rows_query_table import (
    UnexpectedRowsQueryTable,
)

from pipelines.quality.engine import PolarsExecutionEngine

QUERY: Final = "unexpected_rows_query"


def register_unexpected_rows(register: Callable[..., None]) -> None:
    """Register both metrics of the expectation; `register` is that of `metrics`."""
    value, domain = MetricFunctionTypes.VALUE, ("batch_id", "row_condition", "condition_parser")
    register("unexpected_rows_query.row_count", UnexpectedRowsQueryRowCount, _count, value, domain, (QUERY,))
    register("unexpected_rows_query.table", UnexpectedRowsQueryTable, _no_values, value, domain, (QUERY,))


def _no_values(*_: object) -> list[object]:
    """Rows that break a rule are shown to nobody."""
    return []


def _count(
    engine: PolarsExecutionEngine, _d: Mapping[str, Any], values: Mapping[str, Any], _m: object
) -> int:
    query = str(values[QUERY])
    return int(engine.rows_of_query(query).sum())
