"""Row conditions: Great Expectations' condition objects, or SQL text, as Polars expressions."""

from __future__ import annotations

import operator as operators
from collections.abc import Callable
from typing import Any, Final, cast

import polars as pl
from great_expectations.expectations.row_conditions import (
    ComparisonCondition,
    Condition,
    NullityCondition,
    Operator,
    PassThroughCondition,
    deserialize_row_condition,
)

from pipelines.quality.checkable import NotCheckable
from pipelines.quality.masks import check_columns, literal

COMPARE: Final[dict[Operator, Callable[[Any, Any], Any]]] = {
    Operator.EQUAL: operators.eq,
    Operator.NOT_EQUAL: operators.ne,
    Operator.LESS_THAN: operators.lt,
    Operator.LESS_THAN_OR_EQUAL: operators.le,
    Operator.GREATER_THAN: operators.gt,
    Operator.GREATER_THAN_OR_EQUAL: operators.ge,
}


def as_condition(declared: Any) -> Condition | str:
    """A dict becomes its condition object, pass-through its text."""
    condition = deserialize_row_condition(declared)
    if isinstance(condition, PassThroughCondition):
        return condition.pass_through_filter
    if condition is None:
        raise NotCheckable("the row condition is empty")
    return condition


def from_text(text: str, schema: pl.Schema) -> pl.Expr:
    """SQL text, `sex_code = '1' AND born_on IS NOT NULL`; `==` is taken for `=`."""
    try:
        where = pl.sql_expr(text)
    except pl.exceptions.PolarsError:
        raise NotCheckable("the row condition is not an SQL expression") from None
    check_columns(schema, where.meta.root_names())
    return where


def comparison(condition: ComparisonCondition, schema: pl.Schema) -> pl.Expr:
    """`column <operator> parameter`; null where the column is null."""
    name = condition.column.name
    check_columns(schema, [name])
    column, operator = pl.col(name), Operator(condition.operator)
    if operator in {Operator.IN, Operator.NOT_IN}:
        found = column.is_in([literal(value, schema[name]) for value in condition.parameter])
        return found if operator is Operator.IN else ~found
    compared = COMPARE[operator](column, literal(condition.parameter, schema[name]))
    return cast("pl.Expr", compared)


def nullity(condition: NullityCondition, schema: pl.Schema) -> pl.Expr:
    """`column IS [NOT] NULL`."""
    check_columns(schema, [condition.column.name])
    column = pl.col(condition.column.name)
    return column.is_null() if condition.is_null else column.is_not_null()
