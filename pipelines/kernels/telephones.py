"""Telephones of the mainland: mobile (11 digits), landline with area code, 400 numbers."""

from __future__ import annotations

from typing import Final

import polars as pl

from pipelines.kernels import cleaning
from pipelines.kernels.unique_values import on_unique_values

TIDIED, SEVERAL, EXTENSION = "PB-TL-001", "PB-TL-002", "PB-TL-003"
WRONG, NO_AREA_CODE, FILLER, MASKED = "PB-TL-010", "PB-TL-011", "PB-TL-012", "PB-TL-013"

_SEVERAL: Final = r"^((?:[^0-9]*[0-9]){7}.*?)\s*(?:[,;，；、|/\\或]|\s(?:0?1[3-9][0-9]{9}|0[0-9]{2,3}-)).*$"
_EXTENSION: Final = r"(?i)\s*(?:转|分机|#|ext\.?|x)\s*[0-9]{1,6}$|^(0[0-9]{2,3}-[0-9]{7,8})-[0-9]{1,5}$"
_COUNTRY_MOBILE: Final = r"^(?:\+|00)?860?(1[3-9][0-9]{9})$"
_COUNTRY_LANDLINE: Final = r"^(?:\+|00)860?([1-9][0-9]{8,10})$"
_MOBILE: Final = "^1[3-9][0-9]{9}$"
_LANDLINE: Final = "^0(?:10|2[0-9]|[3-9][0-9]{2})[2-9][0-9]{6,7}$"
_SERVICE: Final = "^[48]00[0-9]{7}$"
_LOCAL: Final = "^[2-9][0-9]{6,7}$"
_REPEATED: Final = "|".join(f"{digit}+" for digit in range(10))
_NINE: Final = "|".join(f"{digit}{{9}}" for digit in range(10))
_FILLER: Final = f"^(?:{_REPEATED}|1[3-9](?:{_NINE})|1234567[0-9]*)$"


def standardise_telephones(raw: pl.Series) -> pl.DataFrame:
    """Standardise telephones: `value` (digits), `code`.

    Of several numbers the first is taken; extensions are left out; a local number without its
    area code stays, with a code.
    """
    return on_unique_values(raw, _standardise)


def _standardise(raw: pl.Series) -> pl.DataFrame:
    given, _ = cleaning.tidied(
        cleaning.blank_to_null(raw),
        (
            (TIDIED, cleaning.without_invisible),
            (TIDIED, lambda values: cleaning.narrowed(values).str.strip_chars("' \",;，；、/")),
        ),
    )
    number, tidy_code = cleaning.tidied(
        given,
        (
            (SEVERAL, lambda values: values.str.replace(_SEVERAL, "${1}")),
            (EXTENSION, lambda values: values.str.replace(_EXTENSION, "${1}")),
            (TIDIED, _plain),
        ),
    )
    changed = pl.when((given != raw).fill_null(value=False)).then(pl.lit(TIDIED))
    fault = pl.select(_fault(number, given)).to_series()
    lost = fault.is_in([WRONG, FILLER, MASKED]).fill_null(value=False)
    return pl.select(value=number.set(lost, None), code=pl.coalesce(fault, tidy_code, changed))


def _plain(values: pl.Series) -> pl.Series:
    """Digits only, without country code and the 0 that some put before a mobile number."""
    return (
        values.str.replace_all(r"[\s\-–—_.()]", "")
        .str.replace(_COUNTRY_MOBILE, "${1}")
        .str.replace(_COUNTRY_LANDLINE, "0${1}")
        .str.replace("^0+(1[3-9][0-9]{9})$", "${1}")
    )


def _fault(number: pl.Series, given: pl.Series) -> pl.Expr:
    known = number.str.contains(f"{_MOBILE}|{_LANDLINE}|{_SERVICE}")
    is_word = given.str.to_uppercase().is_in(cleaning.UNKNOWN_WORDS)
    return (
        pl.when(given.is_null()).then(None)
        .when(given.str.contains(r"\*")).then(pl.lit(MASKED))
        .when(is_word | number.str.contains(_FILLER)).then(pl.lit(FILLER))
        .when(known).then(None)
        .when(number.str.contains(_LOCAL)).then(pl.lit(NO_AREA_CODE))
        .otherwise(pl.lit(WRONG))
    )  # fmt: skip
