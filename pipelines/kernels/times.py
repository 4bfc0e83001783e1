"""Months, timestamps and lists of dates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from pipelines.kernels import cleaning
from pipelines.kernels.codes import answer
from pipelines.kernels.dates import LATER, TIDIED, standardise_dates
from pipelines.kernels.unique_values import on_unique_values

if TYPE_CHECKING:
    from datetime import date

MONTH_UNREAL, TIME_UNREAL, SOME_UNREADABLE = "PB-DT-020", "PB-DT-021", "PB-DT-022"
_MONTH: Final = r"^([0-9]{4})\s*[-/.年]?\s*(0[1-9]|1[0-2]|[1-9])(?:月|[-/.月]?[0-9]{2}[日号]?)?$"
_TIME: Final = (
    r"^([0-9]{4})[-/.]?([0-9]{2})[-/.]?([0-9]{2})"
    r"(?:[T\s]*([0-9]{2}):?([0-9]{2})(?::?([0-9]{2})(?:\.[0-9]+)?)?)?(?:\+08:?00)?$"
)
_LIST_SEPARATORS: Final = r"\s*[;；,，、|]\s*"


def standardise_months(raw: pl.Series) -> pl.DataFrame:
    """Months (yyyymm, yyyy-mm, yyyy年m月, days cut): `value` as yyyy-mm, `code`."""
    return on_unique_values(raw, _standardise_months)


def standardise_timestamps(raw: pl.Series) -> pl.DataFrame:
    """Timestamps (yyyymmddHHMMSS, ISO 8601): `value` (Datetime, local, microseconds), `code`.

    A date alone is its midnight; fractions of a second are cut; +08:00 is dropped.
    """
    return on_unique_values(raw, _standardise_timestamps)


def standardise_date_lists(raw: pl.Series, *, as_of: date | None = None) -> pl.DataFrame:
    """Lists of dates: `value` (ISO dates joined by `;`, as ordered by the sender), `code`."""
    return on_unique_values(raw, lambda values: _standardise_date_lists(values, as_of))


def _tidied(raw: pl.Series) -> tuple[pl.Series, pl.Series]:
    return cleaning.tidied(
        cleaning.blank_to_null(raw),
        (
            (TIDIED, cleaning.without_invisible),
            (TIDIED, lambda values: cleaning.narrowed(values).str.strip_chars()),
        ),
    )


def _standardise_months(raw: pl.Series) -> pl.DataFrame:
    tidy, tidy_code = _tidied(raw)
    parts = tidy.str.extract_groups(_MONTH).struct.unnest()
    year, month = (parts[name] for name in parts.columns)
    credible = year.is_between(pl.lit("1850"), pl.lit("2100"))
    value = (year + "-" + month.str.zfill(2)).set(~credible.fill_null(value=True), None)
    return answer(value, tidy, tidy_code, MONTH_UNREAL)


def _standardise_timestamps(raw: pl.Series) -> pl.DataFrame:
    tidy, tidy_code = _tidied(raw)
    parts = tidy.str.extract_groups(_TIME).struct.unnest().rename(
        dict(zip("123456", ("year", "month", "day", "hour", "minute", "second"), strict=True))
    )  # fmt: skip
    text = parts.select(
        pl.format("{}-{}-{} {}:{}:{}", "year", "month", "day",
                  *(pl.col(part).fill_null("00") for part in ("hour", "minute", "second")))
    ).to_series()  # fmt: skip
    value = text.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us")
    return answer(value, tidy, tidy_code, TIME_UNREAL)


def _standardise_date_lists(raw: pl.Series, as_of: date | None) -> pl.DataFrame:
    given = cleaning.blank_to_null(raw)
    split = given.str.replace_all(_LIST_SEPARATORS, ";").str.strip_chars("; ").str.split(";")
    members = pl.DataFrame({"row": pl.int_range(len(raw), eager=True), "one": split}).explode("one")
    dated = members.select("row").hstack(standardise_dates(members["one"], as_of=as_of))
    lost = pl.col("value").is_null() & pl.col("code").is_not_null()
    return (
        dated.group_by("row", maintain_order=True)
        .agg(
            pl.col("value").drop_nulls().dt.to_string("iso:strict").str.join(";"),
            code=pl.when(lost.any()).then(pl.lit(SOME_UNREADABLE))
            .when((pl.col("code") == LATER).any()).then(pl.lit(LATER))
            .otherwise(pl.col("code").drop_nulls().first()),
        )
        .select(pl.col("value").replace({"": None}), "code")
    )  # fmt: skip
