"""A table encoded once: whole numbers in place of values, so that pairs never touch a text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.errors import UsageError
from pipelines.linkage.engine.dates import Dates, pack_dates
from pipelines.linkage.engine.derived import derive
from pipelines.linkage.engine.model import Column, Derived
from pipelines.linkage.engine.names import Names, pack_names
from pipelines.linkage.engine.texts import Texts, pack_texts
from pipelines.linkage.engine.threads import ahead

if TYPE_CHECKING:
    from pipelines.linkage.engine.model import LinkageModel

Codes = npt.NDArray[np.int32]

_MOSTLY = 0.5
TEXT, DATE, NUMBER, NAME = "text", "date", "number", "name"
_PACKED_FOR = {
    "jaro_winkler": TEXT, "edits": TEXT, "date_slip": DATE, "days": DATE, "same_month": DATE,
    "same_year": DATE, "month_and_day": DATE, "number": NUMBER, "name": NAME,
}  # fmt: skip


@dataclass(frozen=True)
class Coded:
    """A column as codes.

    Attributes:
        codes: shape (width, rows); place of the value in `values`, -1 where there is none. The width is
            one unless the column holds lists.
        values: the distinct values, in the order of the first row that has them.
        counts: on how many rows each stands.
    """

    codes: Codes
    values: pl.Series
    counts: npt.NDArray[np.int64]

    @property
    def width(self) -> int:
        """How many values a row may have."""
        return int(self.codes.shape[0])


@dataclass(frozen=True)
class Table:
    """All that the engine needs of a table; rows stand in the order of their keys.

    Attributes:
        keys: of the records, sorted.
        apart: code of the table that each row came from, or None.
        columns: by name, delivered and derived ones.
        texts, dates, numbers: the distinct values of a column, packed for its tests.
        names: those of all columns of Chinese names.
    """

    keys: pl.Series
    apart: Codes | None
    columns: dict[str, Coded]
    texts: dict[str, Texts] = field(default_factory=dict)
    dates: dict[str, Dates] = field(default_factory=dict)
    numbers: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    names: Names = field(default_factory=lambda: pack_names({}))

    @property
    def height(self) -> int:
        """Number of records."""
        return len(self.keys)

    @property
    def pairs(self) -> int:
        """Number of pairs that could be compared."""
        if self.apart is None:
            return self.height * (self.height - 1) // 2
        within = sum(int(size) ** 2 for size in np.bincount(self.apart))
        return (self.height**2 - within) // 2

    def code_elsewhere(self, column: str, other: str) -> Codes:
        """Of each value of a column its code in another column, -2 where it does not stand there."""
        return _found(self.columns[column].values, self.columns[other].values, -2)


def encode(records: pl.DataFrame, model: LinkageModel) -> Table:
    """Encode what the model uses of a table.

    Columns of lists (or of texts that the model parts at a mark) hold alternatives: the best
    agreement of any two counts. Blank texts are missing.

    Raises:
        UsageError: where a column is missing or keys are not unique.
    """
    _check(records, model)
    needed = _columns(model)
    delivered = sorted({model.source(name) for name in needed})
    frame = records.select(model.key, *({*delivered, model.apart} - {model.key, None})).sort(model.key)
    read = ahead(lambda name: _code(_read(frame[name], model.columns.get(name, Column()))), delivered)
    coded = dict(zip(delivered, read, strict=True))
    derived = sorted(set(needed) & set(model.derived))
    made = ahead(lambda name: _derived(coded[model.source(name)], model.derived[name]), derived)
    coded |= dict(zip(derived, made, strict=True))
    apart = None if model.apart is None else _code(frame[model.apart].cast(pl.String)).codes[0]
    named = {name: coded[name].values for name in sorted(needed) if NAME in needed[name]}
    table = Table(frame[model.key], apart, coded, names=pack_names(named))
    asked = [(name, kind) for name, kinds in needed.items() for kind in sorted(kinds)]
    for _ in ahead(lambda one: _pack(table, *one, model), asked):
        pass
    return table


def unread(table: Table) -> list[str]:
    """Columns whose values, most of them, could not be read as what the model takes them for."""
    read = {name: ("dates", dates.days) for name, dates in table.dates.items()}
    read |= {name: ("numbers", numbers) for name, numbers in table.numbers.items()}
    return [
        f"{name}: most values are no {kind}; see `columns` in the model"
        for name, (kind, numbers) in sorted(read.items())
        if len(numbers) and np.isnan(numbers).mean() > _MOSTLY
    ]


def _check(records: pl.DataFrame, model: LinkageModel) -> None:
    delivered = {model.key, *(model.source(name) for name in _columns(model))} | (
        {model.apart} if model.apart else set()
    )
    missing = sorted(delivered - set(records.columns))
    if missing:
        raise UsageError(f"the table lacks the columns {', '.join(missing)}")
    if records[model.key].has_nulls() or records[model.key].is_duplicated().any():
        raise UsageError(f"{model.key} does not name each record once")


def _columns(model: LinkageModel) -> dict[str, set[str]]:
    """The columns that the model uses, and what their values must be packed for."""
    used: dict[str, set[str]] = {name: set() for rule in model.blocking + model.training for name in rule}
    for rule in model.prior.rules:
        used |= {name: used.get(name, set()) for name in rule}
    for comparison in model.comparisons:
        used.setdefault(comparison.column, set())
        for level in comparison.levels:
            packed = _PACKED_FOR.get(level.test)
            used.setdefault(level.column or comparison.column, set()).update({packed} if packed else set())
    return used


def _read(values: pl.Series, column: Column) -> pl.Series:
    if values.dtype == pl.List:
        return values.cast(pl.List(pl.String))
    if values.dtype == pl.Date and column.type == "date":
        return values
    if column.type == "number":
        return values.cast(pl.Float64, strict=False)
    texts = values.cast(pl.String).str.strip_chars()
    texts = texts.set(texts == "", None)
    return texts.str.split(column.many) if column.many else texts


def _code(values: pl.Series) -> Coded:
    if values.dtype != pl.List:
        codes, known = _codes(values)
        return Coded(codes.reshape(1, -1), known, _counts(codes, len(known)))
    rows = pl.DataFrame({"row": pl.Series(np.arange(len(values), dtype=np.int32)), "value": values})
    long = (
        rows.explode("value")
        .filter(pl.col("value").is_not_null() & (pl.col("value") != ""))
        .unique()
        .sort("row", "value")
        .with_columns(place=pl.int_range(pl.len()).over("row"))
    )
    codes, known = _codes(long["value"])
    width = 1 if long.is_empty() else int(long["place"].max()) + 1  # type: ignore[arg-type]
    matrix = np.full((width, len(values)), -1, dtype=np.int32)
    matrix[long["place"].to_numpy(), long["row"].to_numpy()] = codes
    return Coded(matrix, known, _counts(codes, len(known)))


def _codes(values: pl.Series) -> tuple[Codes, pl.Series]:
    known = values.drop_nulls().unique(maintain_order=True)
    return _found(values, known, -1), known


def _found(values: pl.Series, known: pl.Series, absent: int) -> Codes:
    """The place of each value among the known ones."""
    numbered = pl.DataFrame({"value": known, "code": pl.Series(np.arange(len(known), dtype=np.int32))})
    joined = values.alias("value").to_frame().join(numbered, on="value", how="left", maintain_order="left")
    return joined["code"].fill_null(absent).to_numpy().astype(np.int32)


def _derived(source: Coded, derived: Derived) -> Coded:
    """Derive the distinct values and carry the rows over; of a list two values may become one."""
    of_value, known = _codes(derive(source.values, derived))
    codes = np.append(of_value, np.int32(-1))[source.codes]
    for place in range(1, len(codes)):
        codes[place, (codes[place] == codes[:place]).any(axis=0)] = -1
    return Coded(codes, known, _counts(codes, len(known)))


def _counts(codes: Codes, values: int) -> npt.NDArray[np.int64]:
    return np.bincount(codes[codes >= 0], minlength=values).astype(np.int64)


def _pack(table: Table, name: str, kind: str, model: LinkageModel) -> None:
    values = table.columns[name].values
    if kind == TEXT:
        table.texts[name] = pack_texts(values)
    elif kind == DATE:
        table.dates[name] = pack_dates(values, model.columns.get(model.source(name), Column()).format)
    elif kind == NUMBER:
        table.numbers[name] = values.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
