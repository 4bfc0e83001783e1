"""Numbers as text: separators of thousands, currency signs, units of ten thousand."""

from __future__ import annotations

from typing import Final

import polars as pl

from pipelines.kernels import cleaning
from pipelines.kernels.unique_values import on_unique_values

CONVERTED, UNREADABLE, NOT_WHOLE, OUT_OF_RANGE = (
    "PB-NB-001", "PB-NB-010", "PB-NB-011", "PB-NB-012"
)  # fmt: skip
PRECISION: Final = 20
_WIDE: Final = pl.Decimal(38, 12)
_UNITS: Final = {
    "千": 1000,
    "万": 10_000,
    "百万": 1_000_000,
    "千万": 10_000_000,
    "亿": 100_000_000,
}
_NUMBER: Final = (
    r"^([-+]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?|[-+]?\.[0-9]+)"
    r"(百万|千万|千|万|亿)?(?:元|圆|人民币|平方米|平米|㎡|m2|m²|个|人|月|岁)?$"
)


def standardise_decimals(raw: pl.Series, *, scale: int = 2) -> pl.DataFrame:
    """Standardise decimals: `value` (Decimal(20, `scale`), half to even), `code`.

    1,234.50, ¥1234.5, 0.12345万元 are 1234.50.
    """
    return on_unique_values(raw, lambda values: _standardise(values, scale))


def standardise_integers(raw: pl.Series) -> pl.DataFrame:
    """Standardise whole numbers: `value` (Int64), `code`; 12.0 is whole, 12.5 is not."""
    return on_unique_values(raw, _standardise_integers)


def _standardise(raw: pl.Series, scale: int) -> pl.DataFrame:
    given = cleaning.blank_to_null(raw)
    exact, is_plain = _exact(given)
    value = exact.round(scale).cast(pl.Decimal(PRECISION, scale), strict=False)
    code = (
        pl.when(given.is_null()).then(None)
        .when(exact.is_null()).then(pl.lit(UNREADABLE))
        .when(value.is_null()).then(pl.lit(OUT_OF_RANGE))
        .when(~is_plain).then(pl.lit(CONVERTED))
    )  # fmt: skip
    return pl.select(value=value, code=code)


def _standardise_integers(raw: pl.Series) -> pl.DataFrame:
    given = cleaning.blank_to_null(raw)
    exact, is_plain = _exact(given)
    value = exact.cast(pl.Int64, strict=False)
    whole = exact == exact.round(0)
    code = (
        pl.when(given.is_null()).then(None)
        .when(exact.is_null()).then(pl.lit(UNREADABLE))
        .when(~whole).then(pl.lit(NOT_WHOLE))
        .when(value.is_null()).then(pl.lit(OUT_OF_RANGE))
        .when(~is_plain).then(pl.lit(CONVERTED))
    )  # fmt: skip
    return pl.select(value=value.set(~whole, None), code=code)


def _exact(given: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The exact numbers (null: not a number), and whether they were written plainly."""
    tidy = cleaning.without_blanks(cleaning.narrowed(cleaning.without_invisible(given)))
    tidy = tidy.str.strip_chars("'\"¥$").str.strip_prefix("人民币")
    parts = tidy.str.extract_groups(_NUMBER).struct.unnest()
    number, unit = (parts[name] for name in parts.columns)
    factor = unit.replace_strict(_UNITS, default=1, return_dtype=pl.Int64)
    plain = given.str.contains(r"^[-+]?[0-9]+(?:\.[0-9]+)?$")
    exact = number.str.replace_all(",", "").cast(_WIDE, strict=False)
    return pl.select(exact * factor.cast(pl.Decimal(38, 0))).to_series().cast(_WIDE), plain
