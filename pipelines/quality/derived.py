"""Columns that a suite computes before its rules look: ages, counts over rows, what another table says.

A rule then stays a stock expectation on a column, and the same mask gives its count and its rows. Unknown in,
unknown out: a null leads to a null, which a check of values does not look at.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Annotated, Final, Literal

import polars as pl
from pydantic import Field

from pipelines.contract.model import Declared, Identifier
from pipelines.kernels.citizen_id import standardise_citizen_ids
from pipelines.kernels.credit_codes import is_credit_code
from pipelines.kernels.divisions import is_known_division

Tables = Callable[[str], pl.DataFrame | None]
"""Name of a table -> its rows, or None when there is none."""
TODAY: Final = "today"
Where = Annotated[dict[Identifier, tuple[str, ...]], Field(default_factory=dict)]
"""Column -> the texts it may have: codes, or `true` and `false`."""
Columns = Annotated[tuple[Identifier, ...], Field(min_length=1)]


class Span(Declared):
    """Full years, calendar months or days from one date to another; `today` is the batch's data date.

    A month counts as its first day.
    """

    kind: Literal["span"]
    unit: Literal["years", "months", "days"] = "years"
    since: Identifier
    until: Identifier

    @property
    def sources(self) -> set[str]:
        """The columns of its own frame that it is computed from."""
        return {self.since, self.until} - {TODAY}

    def compute(self, frame: pl.DataFrame, today: dt.date, _tables: Tables | None) -> pl.Expr:
        """The column on a frame that has its sources."""
        since, until = (_day(frame, column, today) for column in (self.since, self.until))
        if self.unit == "days":
            return (until - since).dt.total_days()
        if self.unit == "months":
            return _months(until) - _months(since)
        return (_ordinal(until) - _ordinal(since)) // 10_000


class NumberOf(Declared):
    """What number a text stands for; a text that is not listed is null."""

    kind: Literal["number_of"]
    column: Identifier
    numbers: dict[str, int]

    @property
    def sources(self) -> set[str]:
        """The columns of its own frame that it is computed from."""
        return {self.column}

    def compute(self, _frame: pl.DataFrame, _today: dt.date, _tables: Tables | None) -> pl.Expr:
        """The column on a frame that has its sources."""
        return pl.col(self.column).replace_strict(self.numbers, default=None, return_dtype=pl.Int64)


class Difference(Declared):
    """One number less another."""

    kind: Literal["difference"]
    of: Identifier
    less: Identifier

    @property
    def sources(self) -> set[str]:
        """The columns of its own frame that it is computed from."""
        return {self.of, self.less}

    def compute(self, _frame: pl.DataFrame, _today: dt.date, _tables: Tables | None) -> pl.Expr:
        """The column on a frame that has its sources."""
        return pl.col(self.of) - pl.col(self.less)


class ValuesPer(Declared):
    """How many different known values of a column the rows with the same key have."""

    kind: Literal["values_per"]
    by: Columns
    of: Identifier

    @property
    def sources(self) -> set[str]:
        """The columns of its own frame that it is computed from."""
        return {*self.by, self.of}

    def compute(self, _frame: pl.DataFrame, _today: dt.date, _tables: Tables | None) -> pl.Expr:
        """The column on a frame that has its sources."""
        counted = pl.col(self.of).drop_nulls().n_unique().over(list(self.by))
        return pl.when(_known(self.by)).then(counted.cast(pl.Int64))


class RowsPer(Declared):
    """How many of the rows that meet `where` have the same key; null for rows that do not meet it."""

    kind: Literal["rows_per"]
    by: Columns
    where: Where

    @property
    def sources(self) -> set[str]:
        """The columns of its own frame that it is computed from."""
        return {*self.by, *self.where}

    def compute(self, _frame: pl.DataFrame, _today: dt.date, _tables: Tables | None) -> pl.Expr:
        """The column on a frame that has its sources."""
        meets = _known(self.by) & _meeting(self.where)
        return pl.when(meets).then(meets.sum().over(list(self.by)).cast(pl.Int64))


class KnownDivision(Declared):
    """Whether a division code (GB/T 2260) was in force in any year."""

    kind: Literal["known_division"]
    column: Identifier

    @property
    def sources(self) -> set[str]:
        """The columns of its own frame that it is computed from."""
        return {self.column}

    def compute(self, frame: pl.DataFrame, _today: dt.date, _tables: Tables | None) -> pl.Series:
        """The column on a frame that has its sources."""
        codes = frame[self.column]
        return pl.select(pl.when(codes.is_not_null()).then(is_known_division(codes))).to_series()


class PassesCheck(Declared):
    """Whether a number is a valid one: a citizen ID by GB 11643 on the data date, or a credit code by GB 32100."""

    kind: Literal["passes_check"]
    column: Identifier
    of: Literal["citizen_id", "credit_code"]

    @property
    def sources(self) -> set[str]:
        """The columns of its own frame that it is computed from."""
        return {self.column}

    def compute(self, frame: pl.DataFrame, today: dt.date, _tables: Tables | None) -> pl.Series:
        """The column on a frame that has its sources."""
        numbers = frame[self.column].cast(pl.String)
        if self.of == "credit_code":
            valid = is_credit_code(numbers)
        else:
            valid = (standardise_citizen_ids(numbers, as_of=today)["value"] == numbers).fill_null(value=False)
        return pl.select(pl.when(numbers.is_not_null()).then(valid)).to_series()


class Gap(Declared):
    """Days between the dates of a list (`yyyy-mm-dd` joined by `;`), counted from `since` on.

    Attributes:
        pick: the shortest gap, which is negative where the order is broken, or the longest one.
    """

    kind: Literal["gap"]
    dates: Identifier
    since: Identifier
    pick: Literal["shortest", "longest"]

    @property
    def sources(self) -> set[str]:
        """The columns of its own frame that it is computed from."""
        return {self.dates, self.since}

    def compute(self, _frame: pl.DataFrame, _today: dt.date, _tables: Tables | None) -> pl.Expr:
        """The column on a frame that has its sources; a list without a date is null."""
        date = pl.element().str.to_date("%Y-%m-%d", strict=False)
        listed = pl.col(self.dates).str.split(";").list.eval(date)
        chain = pl.concat_list(pl.col(self.since).cast(pl.Date), listed)
        days = chain.list.diff().list.eval(pl.element().dt.total_days().drop_nulls())
        return days.list.min() if self.pick == "shortest" else days.list.max()


class _OfAnother(Declared):
    """A column that another table tells, by the same key, from its rows that meet `where`."""

    table: Identifier
    by: Columns
    where: Where

    @property
    def sources(self) -> set[str]:
        """The columns of its own frame that it is computed from."""
        return set(self.by)

    @property
    def asked(self) -> set[str]:
        """The columns it needs in the other table."""
        return {*self.by, *self.where}


class ExistsIn(_OfAnother):
    """Whether another table has a row with the same key, among those that meet `where`."""

    kind: Literal["exists_in"]

    def compute(self, frame: pl.DataFrame, _today: dt.date, tables: Tables | None) -> pl.Series | None:
        """The column on a frame that has its sources; None without the other table."""
        rows = _rows_of(tables, self)
        if rows is None:
            return None
        found = rows.select(self.by).unique().with_columns(found=pl.lit(value=True))
        joined = frame.select(self.by).join(found, on=list(self.by), how="left", maintain_order="left")
        return joined.select(
            pl.when(_known(self.by)).then(pl.col("found").fill_null(value=False))
        ).to_series()


class ValueIn(_OfAnother):
    """What another table says for the same key; null where it has no such row, or rows that say different things."""

    kind: Literal["value_in"]
    column: Identifier

    @property
    def asked(self) -> set[str]:
        """The columns it needs in the other table."""
        return super().asked | {self.column}

    def compute(self, frame: pl.DataFrame, _today: dt.date, tables: Tables | None) -> pl.Series | None:
        """The column on a frame that has its sources; None without the other table."""
        rows = _rows_of(tables, self)
        if rows is None:
            return None
        said = pl.col(self.column).drop_nulls()
        one = pl.when(said.n_unique() == 1).then(said.first())
        found = rows.group_by(list(self.by)).agg(one.alias("found"))
        return frame.select(self.by).join(found, on=list(self.by), how="left", maintain_order="left")["found"]


Derived = Annotated[
    Span
    | NumberOf
    | Difference
    | ValuesPer
    | RowsPer
    | KnownDivision
    | PassesCheck
    | Gap
    | ExistsIn
    | ValueIn,
    Field(discriminator="kind"),
]


def add_columns(
    frame: pl.DataFrame, declared: Mapping[str, Derived], today: dt.date, tables: Tables | None = None
) -> pl.DataFrame:
    """The frame with its derived columns, each of which may use those before it.

    A column that cannot be computed (a source or a table that is not there) is left out, so that the rules on it
    are *not checked*.
    """
    for name, how in declared.items():
        if how.sources <= set(frame.columns):
            column = how.compute(frame, today, tables)
            if column is not None:
                frame = frame.with_columns(column.alias(name))
    return frame


def _known(columns: Columns) -> pl.Expr:
    return pl.all_horizontal(pl.col(column).is_not_null() for column in columns)


def _meeting(where: Where) -> pl.Expr:
    told = ((pl.col(column).cast(pl.String), list(values)) for column, values in where.items())
    met = [text.is_in(values).fill_null(value=False) for text, values in told]
    return pl.all_horizontal(pl.lit(value=True), *met)


def _rows_of(tables: Tables | None, how: ExistsIn | ValueIn) -> pl.DataFrame | None:
    """The rows of the other table that meet the condition; None where it, or a column of it, is not there."""
    table = tables(how.table) if tables else None
    if table is None or how.asked - set(table.columns):
        return None
    return table.filter(_meeting(how.where))


def _day(frame: pl.DataFrame, column: str, today: dt.date) -> pl.Expr:
    if column == TODAY:
        return pl.lit(today)
    if frame.schema[column] == pl.String:  # a month, yyyy-mm
        return (pl.col(column) + "-01").str.to_date("%Y-%m-%d", strict=False)
    return pl.col(column).cast(pl.Date)


def _months(day: pl.Expr) -> pl.Expr:
    return day.dt.year().cast(pl.Int64) * 12 + day.dt.month()


def _ordinal(day: pl.Expr) -> pl.Expr:
    """Yyyymmdd as a number: of two of them the difference, whole ten thousands, is full years."""
    parts = (day.dt.year(), day.dt.month(), day.dt.day())
    year, month, date = (part.cast(pl.Int64) for part in parts)
    return year * 10_000 + month * 100 + date
