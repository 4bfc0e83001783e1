"""Addresses: one spelling of width, dashes, numerals and building words; nothing is looked up here."""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from pipelines.kernels import cleaning
from pipelines.kernels.numerals import NUMERAL, as_digits
from pipelines.kernels.texts import repair_gb18030
from pipelines.kernels.unique_values import on_unique_values

UNIFIED, WORD, TOO_SHORT, DAMAGED = "PB-AD-001", "PB-AD-010", "PB-AD-011", "PB-AD-012"
_SHORTEST: Final = 4
# Elsewhere numerals are parts of names (三里屯, 八一路, 一号桥) and stay.
_COUNTED: Final = "(?:号楼?|栋|棟|幢|座|单元|室|楼|层|组|社|队|户|村民小组)"
_NUMERAL: Final = f"{NUMERAL}+{_COUNTED}"
_BEFORE_COUNTED: Final = re.compile(f"{NUMERAL}+(?={_COUNTED}(?:$|[0-9A-Za-z第附-]|{NUMERAL}))")
_SIGNS: Final = dict.fromkeys("‐‑‒–—―~−", "-") | dict.fromkeys("#＃", "号")
_SPELLINGS: Final = (
    ("号号+", "号"),
    (r"第([0-9]+)(组|社|村民小组|小组|队|幢|栋|单元|层)", "${1}${2}"),
    ("([0-9A-Za-z])(?:号楼|号[栋棟幢]|[栋棟橦])", "${1}幢"),
    ("([0-9])(?:村民小组|小组|社)", "${1}组"),
    ("([0-9A-Za-z]幢)([0-9]{1,2})-([0-9]{3,4})室?$", "${1}${2}单元${3}室"),
    ("(单元[0-9]{3,4})$", "${1}室"),
)


def standardise_addresses(raw: pl.Series) -> pl.DataFrame:
    """Standardise addresses: `value`, `code`.

    Blanks go, width is unified, each level has one spelling: 3号楼, 三栋 are 3幢; 第五社 is 5组; 3幢2-402 is
    3幢2单元402室. Chinese numerals in names stay.
    """
    return on_unique_values(raw, _standardise)


def _standardise(raw: pl.Series) -> pl.DataFrame:
    value, tidy_code = cleaning.tidied(
        cleaning.blank_to_null(raw),
        (
            (UNIFIED, cleaning.without_invisible),
            (UNIFIED, lambda values: cleaning.narrowed(repair_gb18030(values))),
            (UNIFIED, cleaning.without_blanks),
            (UNIFIED, _with_one_spelling),
        ),
    )
    is_word = value.str.to_uppercase().is_in(cleaning.UNKNOWN_WORDS).fill_null(value=False)
    short = (value.str.len_chars() < _SHORTEST) | ~value.str.contains(r"\p{Han}")
    code = (
        pl.when(is_word).then(pl.lit(WORD))
        .when(value.str.contains(r"[?□〓\x{FFFD}\p{Co}]")).then(pl.lit(DAMAGED))
        .when(short).then(pl.lit(TOO_SHORT))
        .otherwise(tidy_code)
    )  # fmt: skip
    return pl.select(value=value.set(is_word, None), code=code)


def _with_one_spelling(addresses: pl.Series) -> pl.Series:
    unified = _with_arabic_numerals(addresses.str.replace_many(_SIGNS))
    for pattern, spelling in _SPELLINGS:
        unified = unified.str.replace_all(pattern, spelling)
    return unified.str.strip_chars(",，.。;；、")


def _with_arabic_numerals(addresses: pl.Series) -> pl.Series:
    written = addresses.str.contains(_NUMERAL).fill_null(value=False)
    arabic = [
        _BEFORE_COUNTED.sub(lambda found: as_digits(found[0]), address)
        for address in addresses.filter(written)
    ]
    return addresses.clone().scatter(written.arg_true(), pl.Series(arabic, dtype=pl.String))
