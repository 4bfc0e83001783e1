"""Dates as departments write them: compact, separated, Chinese, Excel serials, timestamps."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from pipelines.kernels import citizen_id_digits as calendar
from pipelines.kernels import cleaning
from pipelines.kernels.unique_values import on_unique_values

CHINESE, SERIAL, TIDIED, TWO_DIGITS = "PB-DT-001", "PB-DT-002", "PB-DT-003", "PB-DT-005"
UNREAL, PART_UNKNOWN, LUNAR, UNREADABLE = "PB-DT-010", "PB-DT-011", "PB-DT-012", "PB-DT-013"
LATER, TOO_EARLY, DEFAULT = "PB-DT-014", "PB-DT-015", "PB-DT-016"

_LUNAR: Final = "农历|阴历|旧历|农厯|農曆|陰曆|腊月|正月|冬月|闰|初[一二三四五六七八九十1-9]"
_COMPACT: Final = r"^([0-9]{4})([0-9]{2})([0-9]{2})$"
_SEPARATED: Final = r"^([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})\s*[日号]?$"
_WITH_TIME: Final = r"^([0-9]{4}.*?[0-9]{1,2}日?)[T\s]+[0-9]{1,2}[:时点].*$"
_COMPACT_TIME: Final = r"^([0-9]{8})(?:[T\s]?[0-9]{2}:?[0-9]{2}:?[0-9]{2}(?:\.[0-9]+)?|\.0+)$"
_SERIAL: Final = r"^[1-5][0-9]{4}(?:\.[0-9]+)?$"
_TWO_DIGITS: Final = r"^[0-9]{2}\s*[-/.年]\s*[0-9]{1,2}\s*[-/.月]\s*[0-9]{1,2}\s*[日号]?$"
_SIX: Final = r"^([0-9]{2})(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])$"
_NO_DAY: Final = r"^(?:18|19|20)[0-9]{2}(?:[-/.年]?(?:0?[0-9]|1[0-2])月?|年?)$"
_DEFAULTS: Final = ("1900-01-01", "0001-01-01", "0000-00-00", "1899-12-30", "1899-12-31")
_FOREVER: Final = ("9999-12-31", "2999-12-31", "9999-99-99")
_EXCEL_EPOCH: Final = -25_569  # days from 1970-01-01 to 1899-12-30


def standardise_dates(
    raw: pl.Series, *, as_of: date | None = None, allow_future: bool = False
) -> pl.DataFrame:
    """Standardise dates; one row a value, in order.

    Args:
        raw: strings as delivered.
        as_of: the delivery's data date; a later date keeps its value and gets a code.
        allow_future: for ends of terms: later dates and 9999-12-31 are nothing special.

    Returns:
        `value` (Date; null where the day is unreal, unknown, lunar or its century open), `code`.
    """
    latest = None if allow_future else as_of
    defaults = _DEFAULTS if allow_future else (*_DEFAULTS, *_FOREVER)
    return on_unique_values(raw, lambda values: _standardise(values, latest, defaults))


def _standardise(raw: pl.Series, latest: date | None, defaults: tuple[str, ...]) -> pl.DataFrame:
    tidy, tidy_code = cleaning.tidied(
        cleaning.blank_to_null(raw),
        (
            (TIDIED, cleaning.without_invisible),
            (TIDIED, lambda values: cleaning.narrowed(values).str.strip_chars()),
        ),
    )
    iso = _as_iso(with_arabic_numerals(tidy))
    value, real = _days(iso)
    frame = pl.DataFrame({
        "text": tidy, "tidy": tidy_code, "iso": iso, "day": value, "real": real,
    })  # fmt: skip
    faults = _fault(defaults)
    later = pl.col("day") > latest if latest else pl.lit(value=False)
    return frame.with_columns(fault=faults).select(
        value=pl.when(pl.col("fault").is_null()).then("day"),
        code=pl.coalesce("fault", pl.when(later).then(pl.lit(LATER)), _writing(), "tidy"),
    )


def _as_iso(texts: pl.Series) -> pl.Series:
    """yyyy-mm-dd where the text has a year, a month and a day; other texts as they are."""
    cut = texts.str.replace(_WITH_TIME, "${1}").str.replace(_COMPACT_TIME, "${1}")
    serial = cut.str.contains(_SERIAL).fill_null(value=False)
    days = cut.zip_with(serial, pl.Series([None], dtype=pl.String)).cast(pl.Float64)
    counted = days.cast(pl.Int32) + _EXCEL_EPOCH
    split = cut.str.replace(_COMPACT, "${1}-${2}-${3}").str.replace(_SEPARATED, "${1}-${2}-${3}")
    padded = split.str.replace(r"-([0-9])-", "-0${1}-").str.replace(r"-([0-9])$", "-0${1}")
    return counted.cast(pl.Date).dt.to_string("iso:strict").zip_with(serial, padded)


def _days(iso: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The dates of yyyy-mm-dd texts, and whether such a day exists (null: no such text)."""
    shaped = iso.str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$").fill_null(value=False)
    text = iso.zip_with(shaped, pl.Series(["0001-01-01"]))
    year, month, day = (
        text.str.slice(start, length).cast(pl.Int32).to_numpy() for start, length in ((0, 4), (5, 2), (8, 2))
    )
    real = calendar.is_real_day(year, month, day) & (year > 0)
    days = np.where(real, calendar.epoch_days(year, month, day), 0)
    value = pl.Series(days).cast(pl.Date).set(pl.Series(~real) | ~shaped, None)
    return value, pl.Series(real).set(~shaped, None)


def _fault(defaults: tuple[str, ...]) -> pl.Expr:
    text, iso = pl.col("text"), pl.col("iso")
    unknown_part = iso.str.contains(r"^[0-9]{4}-(?:00-[0-9]{2}|[0-9]{2}-00)$")
    early = pl.col("real") & (pl.col("day").dt.year() < calendar.EARLIEST_YEAR)
    return (
        pl.when(text.is_null()).then(None)
        .when(text.str.contains(_LUNAR)).then(pl.lit(LUNAR))
        .when(iso.is_in(defaults) | text.str.contains("^0+$")).then(pl.lit(DEFAULT))
        .when(early).then(pl.lit(TOO_EARLY))
        .when("real").then(None)
        .when(unknown_part).then(pl.lit(PART_UNKNOWN))
        .when(pl.col("real").is_not_null()).then(pl.lit(UNREAL))
        .when(iso.str.contains(_TWO_DIGITS) | iso.str.contains(_SIX)).then(pl.lit(TWO_DIGITS))
        .when(iso.str.contains(_NO_DAY)).then(pl.lit(PART_UNKNOWN))
        .otherwise(pl.lit(UNREADABLE))
    )  # fmt: skip


def _writing() -> pl.Expr:
    return (
        pl.when(pl.col("text").str.contains("年")).then(pl.lit(CHINESE))
        .when(pl.col("text").str.contains(_SERIAL)).then(pl.lit(SERIAL))
    )  # fmt: skip


_NUMERALS: Final = str.maketrans("〇○零一二三四五六七八九", "000123456789")
_TENS: Final = re.compile(r"([1-9]?)[十拾]([1-9]?)")


def with_arabic_numerals(texts: pl.Series) -> pl.Series:
    """一九九〇年十二月二十一日 becomes 1990年12月21日; only where 年 follows a numeral."""
    written = texts.str.contains("^[〇○零一二三四五六七八九]{2,4}年").fill_null(value=False)
    arabic = [
        _TENS.sub(lambda found: f"{found[1] or 1}{found[2] or 0}", text.translate(_NUMERALS))
        for text in texts.filter(written)
    ]
    return texts.clone().scatter(written.arg_true(), pl.Series(arabic, dtype=pl.String))
