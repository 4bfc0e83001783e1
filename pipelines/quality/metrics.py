"""The metrics the Polars engine knows, registered with Great Expectations from outside.

Each metric keeps the provider class of the stock one (its dependencies and arguments), so that
stock expectations run unchanged. Rests on `register_metric` and on the contract of bundles: a
metric registered without a function takes its value from the engine's `resolve_metric_bundle`.
The conformance tests compare each with Great Expectations' own pandas engine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, cast

import numpy as np
import polars as pl
from great_expectations.core.metric_function_types import (
    MetricFunctionTypes,
    MetricPartialFunctionTypes,
)
from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
from great_expectations.expectations.core.expect_column_quantile_values_to_be_between import (
    ExpectColumnQuantileValuesToBeBetween,
)
from great_expectations.expectations.metrics.column_map_metrics.column_values_match_like_pattern import (
    ColumnValuesMatchLikePattern,
)
from great_expectations.expectations.metrics.column_map_metrics.column_values_match_like_pattern_list import (
    ColumnValuesMatchLikePatternList,
)
from great_expectations.expectations.metrics.column_map_metrics.column_values_not_match_like_pattern import (
    ColumnValuesNotMatchLikePattern,
)
from great_expectations.expectations.metrics.column_map_metrics.column_values_not_match_like_pattern_list import (
    ColumnValuesNotMatchLikePatternList,
)
from great_expectations.expectations.metrics.map_metric_provider.map_metric_provider import (
    MapMetricProvider,
)
from great_expectations.expectations.metrics.metric_provider import MetricProvider
from great_expectations.expectations.registry import (
    get_metric_provider,
    register_core_metrics,
    register_metric,
)

from pipelines.quality.checkable import NotCheckable
from pipelines.quality.engine import PolarsExecutionEngine
from pipelines.quality.masks import (
    COLUMN_CHECKS,
    COMPOUND_UNIQUE,
    PAIR_CHECKS,
    ROW_CHECKS,
    UNIQUE,
    Mask,
    check_columns,
    column_mask,
    compound_mask,
    count_examined,
    literal,
    pair_mask,
    row_mask,
)
from pipelines.quality.standing import STANDING_CHECKS
from pipelines.quality.unexpected_rows import register_unexpected_rows

Domain = Mapping[str, Any]
Answer = Callable[[PolarsExecutionEngine, Domain, Mapping[str, Any], Mapping[str, Any]], Any]
"""(engine, domain, arguments, values of the metrics it depends on) -> value"""
Builder = Callable[[PolarsExecutionEngine, str, Domain, Mapping[str, Any]], Mask]
"""(engine, metric, domain, arguments) -> mask"""
Kind = MetricFunctionTypes | MetricPartialFunctionTypes

VALUE: Final = MetricFunctionTypes.VALUE
CONDITION: Final = MetricPartialFunctionTypes.MAP_CONDITION_FN
MAPPED: Final = MetricPartialFunctionTypes.MAP_FN
AGGREGATE: Final = MetricPartialFunctionTypes.AGGREGATE_FN

AGGREGATES: Final[dict[str, Callable[[pl.Expr], pl.Expr]]] = {
    "column.mean": pl.Expr.mean,
    "column.median": pl.Expr.median,
    "column.standard_deviation": pl.Expr.std,
    "column.sum": pl.Expr.sum,
    "column.min": pl.Expr.min,
    "column.max": pl.Expr.max,
    "column.non_null_count": pl.Expr.count,
    "column.distinct_values.count": lambda column: column.drop_nulls().n_unique(),
}


def _column(engine: PolarsExecutionEngine, metric: str, domain: Domain, values: Domain) -> Mask:
    schema, column = engine.batch.schema, domain["column"]
    check_columns(schema, [column])
    return column_mask(metric, column, values, schema[column], engine.where(domain))


def _pair(engine: PolarsExecutionEngine, metric: str, domain: Domain, values: Domain) -> Mask:
    a, b = domain["column_A"], domain["column_B"]
    check_columns(engine.batch.schema, [a, b])
    ignore = domain.get("ignore_row_if") or "both_values_are_missing"
    return pair_mask(metric, a, b, values, ignore, engine.where(domain))


def _compound(engine: PolarsExecutionEngine, _metric: str, domain: Domain, _v: Domain) -> Mask:
    columns = list(domain["column_list"])
    check_columns(engine.batch.schema, columns)
    ignore = domain.get("ignore_row_if") or "all_values_are_missing"
    return compound_mask(columns, ignore, engine.where(domain))


def _several(engine: PolarsExecutionEngine, metric: str, domain: Domain, values: Domain) -> Mask:
    columns = list(domain["column_list"])
    check_columns(engine.batch.schema, columns)
    ignore = domain.get("ignore_row_if") or "all_values_are_missing"
    return row_mask(metric, columns, values, ignore, engine.where(domain))


@cache
def register() -> None:
    """Register every metric, once in a Python process."""
    register_core_metrics()
    for name in (*COLUMN_CHECKS, *STANDING_CHECKS, UNIQUE):
        _register_rows(name, _column)
    for name in PAIR_CHECKS:
        _register_rows(name, _pair)
    for name in ROW_CHECKS:
        _register_rows(name, _several)
    _register_rows(COMPOUND_UNIQUE, _compound)
    for name, fold in AGGREGATES.items():
        _register_bundled(name, _folded(fold))
    _register_bundled("table.row_count", _row_count)
    _register_value("table.columns", lambda engine, _d, _v, _m: engine.batch.schema.names())
    _register_value("table.column_types", _column_types)
    _register_value("table.column_count", lambda engine, _d, _v, _m: len(engine.batch.schema))
    _register_value("column.non_null_proportion", _proportion)
    _register_value("column.unique_proportion", _unique_proportion)
    _register_value("column.most_common_value", _most_common)
    for name, count in SETS.items():
        _register_value(f"{name}.count", count)
        _register_value(name, lambda _e, _d, _v, _m: [])  # values are shown to nobody
    register_unexpected_rows(_register)
    _register_value("column.quantile_values", _quantiles)
    _register_value("column.outlier_statistics", lambda _e, _d, _v, _m: None)  # masks measure themselves
    for name in ("column_values.value_length.map", "column_values.z_score.map"):
        _register_mapped(name)
    _mend_quantiles()


def _mend_quantiles() -> None:
    """GX 1.24 answers with numpy's Boolean there, which its own store cannot write: the whole run would stop."""
    stock = ExpectColumnQuantileValuesToBeBetween._validate  # noqa: SLF001 - no other place to mend it

    def validate(self: ExpectColumnQuantileValuesToBeBetween, *args: Any, **kwargs: Any) -> Any:
        found = stock(self, *args, **kwargs)
        return {**found, "success": bool(found["success"]), "result": {"observed_value": None}}

    ExpectColumnQuantileValuesToBeBetween._validate = validate  # type: ignore[method-assign] # noqa: SLF001


def _register_rows(name: str, builder: Builder) -> None:
    """A check of rows: its mask, the mask's count, and no values, whoever asks for them."""
    provider = cast("type[MapMetricProvider]", _stock(f"{name}.condition"))
    values = provider.condition_value_keys

    def condition(engine: PolarsExecutionEngine, d: Domain, v: Domain, _m: Domain) -> object:
        return builder(engine, name, d, v), dict(d), {}

    def count(_e: PolarsExecutionEngine, _d: Domain, _v: Domain, metrics: Domain) -> object:
        return metrics["unexpected_condition"]

    def examined(engine: PolarsExecutionEngine, _d: Domain, _v: Domain, metrics: Domain) -> object:
        # Great Expectations does not bundle this one: it is a small select of its own.
        return engine.one_value(count_examined(metrics["unexpected_condition"][0]))

    def add(suffix: str, answer: Answer | None, kind: Kind, keys: tuple[str, ...] = values) -> None:
        domain = provider.condition_domain_keys
        _register(f"{name}.{suffix}", provider, answer, kind, domain, keys)

    shown = (*values, "result_format")
    add("condition", condition, CONDITION)
    add("unexpected_count.aggregate_fn", count, AGGREGATE)
    add("unexpected_count", None, VALUE)
    add("unexpected_values", lambda _e, _d, _v, _m: [], VALUE, shown)
    if builder is not _column:
        add("filtered_row_count", examined, VALUE, shown)


def _register_bundled(name: str, partial: Answer) -> None:
    provider = _stock(name)
    domain, values = provider.domain_keys, provider.value_keys
    _register(f"{name}.aggregate_fn", provider, partial, AGGREGATE, domain, values)
    _register(name, provider, None, VALUE, domain, values)


def _register_value(name: str, answer: Answer) -> None:
    provider = _stock(name)
    _register(name, provider, answer, VALUE, provider.domain_keys, provider.value_keys)


def _register_mapped(name: str) -> None:
    """Stock checks depend on it by name; the masks measure lengths and distances themselves."""
    provider = cast("type[MapMetricProvider]", _stock(name))
    domain, values = provider.function_domain_keys, provider.function_value_keys
    _register(name, provider, lambda _e, d, _v, _m: (None, dict(d), {}), MAPPED, domain, values)


def _stock(name: str) -> type[MetricProvider]:
    """The class behind Great Expectations' own implementation of a metric: on pandas, or the one that is for SQL alone."""
    known = SQL_ONLY.get(name.removesuffix(".condition"))
    if known is not None:
        return known
    provider, _ = get_metric_provider(name, PandasExecutionEngine())
    return cast("type[MetricProvider]", provider)


def _folded(fold: Callable[[pl.Expr], pl.Expr]) -> Answer:
    def partial(engine: PolarsExecutionEngine, domain: Domain, _v: Domain, _m: Domain) -> object:
        check_columns(engine.batch.schema, [domain["column"]])
        column, where = pl.col(domain["column"]), engine.where(domain)
        return fold(column if where is None else column.filter(where)), dict(domain), {}

    return partial


def _row_count(engine: PolarsExecutionEngine, domain: Domain, _v: Domain, _m: Domain) -> object:
    where = engine.where(domain)
    return (pl.len() if where is None else where.sum()), dict(domain), {}


def _column_types(engine: PolarsExecutionEngine, _d: Domain, _v: Domain, _m: Domain) -> object:
    return [{"name": name, "type": kind} for name, kind in engine.batch.schema.items()]


def _proportion(_e: PolarsExecutionEngine, _d: Domain, _v: Domain, metrics: Domain) -> float:
    rows = metrics["table.row_count"]
    return metrics["column.non_null_count"] / rows if rows else 0.0


def _unique_proportion(_e: PolarsExecutionEngine, _d: Domain, _v: Domain, metrics: Domain) -> float:
    known = metrics["table.row_count"] - metrics["column_values.nonnull.unexpected_count"]
    return metrics["column.distinct_values.count"] / known if known else 0.0


def _cells(engine: PolarsExecutionEngine, domain: Domain) -> pl.Expr:
    """The known values that a metric of a whole column looks at."""
    check_columns(engine.batch.schema, [domain["column"]])
    column, where = pl.col(domain["column"]), engine.where(domain)
    return (column if where is None else column.filter(where)).drop_nulls()


def _most_common(engine: PolarsExecutionEngine, domain: Domain, _v: Domain, _m: Domain) -> list[Any]:
    return list(engine.one_value(_cells(engine, domain).mode().sort().implode()))


def _quantiles(
    engine: PolarsExecutionEngine, domain: Domain, values: Domain, _m: Domain
) -> list[float | None]:
    """Quantiles as numpy, and so pandas, has them: `nearest` where no way to interpolate is said."""
    cells = _cells(engine, domain)
    if not engine.batch.schema[domain["column"]].is_numeric():
        raise NotCheckable("the column is not numeric")
    known = engine.one_value(cells.cast(pl.Float64).implode()).to_numpy()
    if not len(known):
        return [None] * len(values["quantiles"])
    found = np.quantile(known, values["quantiles"], method=values.get("allow_relative_error") or "nearest")
    return [float(value) for value in found]


def _outside(engine: PolarsExecutionEngine, domain: Domain, values: Domain, _m: Domain) -> int:
    found = _cells(engine, domain).unique()
    return int(engine.one_value((~found.is_in(_wanted(engine, domain, values))).sum()))


def _missing(engine: PolarsExecutionEngine, domain: Domain, values: Domain, _m: Domain) -> int:
    wanted = _wanted(engine, domain, values)
    there = engine.one_value(_cells(engine, domain).unique().is_in(wanted).sum())
    return len(set(wanted)) - int(there)


def _wanted(engine: PolarsExecutionEngine, domain: Domain, values: Domain) -> list[Any]:
    kind = engine.batch.schema[domain["column"]]
    return [literal(value, kind) for value in values.get("value_set") or () if value is not None]


SQL_ONLY: Final[dict[str, type[MapMetricProvider]]] = {
    "column_values.match_like_pattern": ColumnValuesMatchLikePattern,
    "column_values.not_match_like_pattern": ColumnValuesNotMatchLikePattern,
    "column_values.match_like_pattern_list": ColumnValuesMatchLikePatternList,
    "column_values.not_match_like_pattern_list": ColumnValuesNotMatchLikePatternList,
}
SETS: Final[dict[str, Answer]] = {
    "column.distinct_values.not_in_set": _outside,
    "column.distinct_values.missing_from_column": _missing,
}


def _register(
    name: str,
    provider: type[MetricProvider],
    answer: Answer | None,
    kind: Kind,
    domain_keys: tuple[str, ...],
    value_keys: tuple[str, ...],
) -> None:
    register_metric(
        metric_name=name,
        metric_domain_keys=domain_keys,
        metric_value_keys=value_keys,
        execution_engine=PolarsExecutionEngine,
        metric_class=provider,
        metric_provider=None if answer is None else _called_by_name(answer),
        metric_fn_type=kind,
    )


def _called_by_name(answer: Answer) -> Callable[..., Any]:
    """Great Expectations calls metrics by these six names."""

    def metric(
        cls: type[MetricProvider],  # noqa: ARG001
        execution_engine: PolarsExecutionEngine,
        metric_domain_kwargs: Domain,
        metric_value_kwargs: Domain,
        metrics: Domain,
        runtime_configuration: Domain | None,  # noqa: ARG001
    ) -> object:
        return answer(execution_engine, metric_domain_kwargs, metric_value_kwargs, metrics)

    return metric
