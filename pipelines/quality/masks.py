"""Masks: which rows a check looks at and which of them break it, as Polars expressions.

One compiler for both uses: Great Expectations counts a mask, the department's list is the rows
under it, so the two cannot disagree. What a null means (as in Great Expectations on pandas):

- a check of values does not look at null rows; `not_be_null` and `be_null` look at all rows;
- nulls are not duplicates of each other in one column, but are in compound columns;
- in a pair, `ignore_row_if` says which rows are left out; of the others a null breaks the check;
- a row condition that meets a null is not met, as in SQL (pandas says `null != x` is true).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from pipelines.quality.checkable import NotCheckable, Values
from pipelines.quality.forms import FORM_CHECKS
from pipelines.quality.standing import STANDING_CHECKS


@dataclass(frozen=True)
class Mask:
    """Two Boolean expressions over one frame, without nulls; `failing` lies within `examined`.

    `needs_all` says that a row cannot be judged without the others, so that the columns have to be in memory.
    """

    examined: pl.Expr
    failing: pl.Expr
    needs_all: bool = False


def check_columns(schema: pl.Schema, columns: list[str]) -> None:
    """Raise NotCheckable for the first column that the frame does not have."""
    for column in columns:
        if column not in schema:
            raise NotCheckable(f"there is no column {column!r}")


def literal(value: Any, kind: pl.DataType) -> Any:
    """A suite's bound as a value comparable with a column of that type.

    Dates written as text become dates; a date without a clock time stays a date, so that a
    column of dates and one of timestamps read the same bound.
    """
    if isinstance(value, str) and kind.is_temporal():
        value = dt.datetime.fromisoformat(value)
    if isinstance(value, dt.datetime) and kind == pl.Date:
        return value.date()
    return value


def between(values: pl.Expr, bounds: Values, kind: pl.DataType) -> pl.Expr:
    """True within the bounds; `strict_min`, `strict_max` leave the bound itself out."""
    low, high = (literal(bounds.get(name), kind) for name in ("min_value", "max_value"))
    inside = pl.lit(value=True)
    if low is not None:
        inside &= values > low if bounds.get("strict_min") else values >= low
    if high is not None:
        inside &= values < high if bounds.get("strict_max") else values <= high
    return inside


def _in_set(column: pl.Expr, values: Values, kind: pl.DataType) -> pl.Expr:
    wanted = values.get("value_set")
    if wanted is None:
        return column.is_not_null()
    return column.is_in([literal(value, kind) for value in wanted if value is not None])


def _outside_set(column: pl.Expr, values: Values, kind: pl.DataType) -> pl.Expr:
    if values.get("value_set") is None:
        return column.is_not_null()
    return ~_in_set(column, values, kind)


def _matches(column: pl.Expr, values: Values, how: Callable[..., pl.Expr]) -> pl.Expr:
    return how(column.str.contains(regex) for regex in values["regex_list"])


def _match_list(column: pl.Expr, values: Values, _kind: pl.DataType) -> pl.Expr:
    wanted = values.get("match_on") or "any"
    if wanted not in ("any", "all"):
        raise NotCheckable(f"match_on may not be {wanted!r}")
    return _matches(column, values, pl.any_horizontal if wanted == "any" else pl.all_horizontal)


ColumnCheck = Callable[[pl.Expr, Values, pl.DataType], pl.Expr]
LENGTH: Final = pl.UInt32()

COLUMN_CHECKS: Final[dict[str, ColumnCheck]] = {
    "column_values.nonnull": lambda column, _v, _k: column.is_not_null(),
    "column_values.null": lambda column, _v, _k: column.is_null(),
    "column_values.match_regex": lambda column, v, _k: column.str.contains(v["regex"]),
    "column_values.not_match_regex": lambda column, v, _k: ~column.str.contains(v["regex"]),
    "column_values.match_regex_list": _match_list,
    "column_values.not_match_regex_list": lambda column, v, _k: ~_matches(column, v, pl.any_horizontal),
    "column_values.in_set": _in_set,
    "column_values.not_in_set": _outside_set,
    "column_values.between": between,
    "column_values.value_length.equals": lambda column, v, _k: column.str.len_chars() == v["value"],
    "column_values.value_length.between": lambda column, v, _k: between(column.str.len_chars(), v, LENGTH),
    **FORM_CHECKS,
}
"""Metric name -> expression that is true for a value as it should be."""

ALL_ROWS: Final = frozenset({"column_values.nonnull", "column_values.null"})
UNIQUE: Final = "column_values.unique"


def _pair_in_set(a: pl.Expr, b: pl.Expr, values: Values) -> pl.Expr:
    """A null of a row is equal to a null of the set."""
    wanted = values.get("value_pairs_set")
    if wanted is None:
        return pl.lit(value=True)
    pairs = [a.eq_missing(pl.lit(x)) & b.eq_missing(pl.lit(y)) for x, y in wanted]
    return pl.any_horizontal(pl.lit(value=False), *pairs)


PAIR_CHECKS: Final[dict[str, Callable[[pl.Expr, pl.Expr, Values], pl.Expr]]] = {
    "column_pair_values.a_greater_than_b": lambda a, b, v: a >= b if v.get("or_equal") else a > b,
    "column_pair_values.equal": lambda a, b, _v: a == b,
    "column_pair_values.in_set": _pair_in_set,
}


def _all_different(cells: list[pl.Expr], _values: Values) -> pl.Expr:
    """Two nulls of a row are the same."""
    pairs = [one.ne_missing(other) for n, one in enumerate(cells) for other in cells[n + 1 :]]
    return pl.all_horizontal(pl.lit(value=True), *pairs)


ROW_CHECKS: Final[dict[str, Callable[[list[pl.Expr], Values], pl.Expr]]] = {
    "multicolumn_sum.equal": lambda cells, v: pl.sum_horizontal(cells, ignore_nulls=False) == v["sum_total"],
    "multicolumn_values.equal": lambda cells, _v: pl.all_horizontal(
        cells[0].eq_missing(cell) for cell in cells
    ),
    "select_column_values.unique.within_record": _all_different,
}
"""Checks on several columns of one row; expression that is true for a row as it should be."""
COMPOUND_UNIQUE: Final = "compound_columns.unique"


def column_mask(metric: str, column: str, values: Values, kind: pl.DataType, where: pl.Expr | None) -> Mask:
    """The mask of a check on one column; `kind` is its type, `where` its row condition."""
    cells = pl.col(column)
    examined = _within(pl.lit(value=True) if metric in ALL_ROWS else cells.is_not_null(), where)
    if metric == UNIQUE:
        # Duplicates are looked for among the rows examined only.
        seen = cells if where is None else pl.when(examined).then(cells)
        return Mask(examined, seen.is_duplicated() & examined, needs_all=True)
    if metric in STANDING_CHECKS:
        standing = STANDING_CHECKS[metric](pl.when(examined).then(cells), values)
        return Mask(examined, (~standing).fill_null(value=False) & examined, needs_all=True)
    good = COLUMN_CHECKS[metric](cells, values, kind)
    return Mask(examined, (~good).fill_null(value=False) & examined)


def pair_mask(metric: str, a: str, b: str, values: Values, ignore: str, where: pl.Expr | None) -> Mask:
    """The mask of a check on two columns of one row; a null in an examined row breaks it."""
    given = {
        "neither": pl.lit(value=True),
        "both_values_are_missing": pl.col(a).is_not_null() | pl.col(b).is_not_null(),
        "either_value_is_missing": pl.col(a).is_not_null() & pl.col(b).is_not_null(),
    }
    if ignore not in given:
        raise NotCheckable(f"ignore_row_if may not be {ignore!r}")
    examined = _within(given[ignore], where)
    good = PAIR_CHECKS[metric](pl.col(a), pl.col(b), values)
    return Mask(examined, ~good.fill_null(value=False) & examined)


def row_mask(metric: str, columns: list[str], values: Values, ignore: str, where: pl.Expr | None) -> Mask:
    """The mask of a check on several columns of one row; an answer that is unknown breaks it."""
    examined = _given(columns, ignore, where)
    good = ROW_CHECKS[metric]([pl.col(column) for column in columns], values)
    return Mask(examined, ~good.fill_null(value=False) & examined)


def compound_mask(columns: list[str], ignore: str, where: pl.Expr | None) -> Mask:
    """The mask of rows that repeat each other in several columns taken together."""
    examined = _given(columns, ignore, where)
    key = pl.struct(columns if where is None else [examined.alias("\x00examined"), *columns])
    twice = key.map_batches(lambda rows: repeated(rows, rows.hash()), return_dtype=pl.Boolean())
    return Mask(examined, twice & examined, needs_all=True)


def repeated(key: pl.Series, hashed: pl.Series) -> pl.Series:
    """Whether each key occurs more than once, as `key.is_duplicated()` with half its memory.

    Equal keys have to have equal hashes; only rows whose hash repeats are compared by the key itself, so that keys
    which differ under one hash are told apart.
    """
    perhaps = hashed.is_duplicated()
    return perhaps.scatter(perhaps.arg_true(), key.filter(perhaps).is_duplicated())


def _given(columns: list[str], ignore: str, where: pl.Expr | None) -> pl.Expr:
    """The rows that a check on several columns looks at."""
    known = [pl.col(column).is_not_null() for column in columns]
    given = {
        "never": pl.lit(value=True),
        "all_values_are_missing": pl.any_horizontal(known),
        "any_value_is_missing": pl.all_horizontal(known),
    }
    if ignore not in given:
        raise NotCheckable(f"ignore_row_if may not be {ignore!r}")
    return _within(given[ignore], where)


def count_examined(mask: Mask) -> pl.Expr:
    """How many rows the check looks at; a constant stands for all of them."""
    return mask.examined.sum() if mask.examined.meta.root_names() else pl.len()


def _within(rows: pl.Expr, where: pl.Expr | None) -> pl.Expr:
    return rows if where is None else rows & where.fill_null(value=False)
