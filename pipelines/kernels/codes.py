"""Coded values: code lists with declared lookups, divisions, townships, flags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from pipelines.kernels import cleaning
from pipelines.kernels.divisions import is_known_division
from pipelines.kernels.unique_values import on_unique_values

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

TIDIED, UNMAPPED = "PB-CD-001", "PB-CD-002"
NO_DIVISION, UNKNOWN_DIVISION, NO_TOWNSHIP, NO_FLAG = (
    "PB-CD-010", "PB-CD-011", "PB-CD-012", "PB-CD-020"
)  # fmt: skip
FLAGS: Final = {
    "1": True, "是": True, "Y": True, "YES": True, "T": True, "TRUE": True, "有": True, "√": True,
    "0": False, "否": False, "N": False, "NO": False, "F": False, "FALSE": False, "无": False,
    "2": False, "×": False, "不是": False,
}  # fmt: skip


def standardise_codes(raw: pl.Series, mapping: Mapping[str, str], valid: Collection[str]) -> pl.DataFrame:
    """Standardise codes: `value` (a member of `valid`, else null), `code`.

    `mapping` (what the department writes to what the list says) comes before `valid`, so that
    a department's own vocabulary may use the same signs for other things.
    """

    def kernel(values: pl.Series) -> pl.DataFrame:
        tidy, tidy_code = tidied(values)
        mapped = tidy.replace(dict(mapping))
        value = mapped.set(~mapped.is_in(list(valid)), None)
        return answer(value, tidy, tidy_code, UNMAPPED)

    return on_unique_values(raw, kernel)


def standardise_divisions(raw: pl.Series) -> pl.DataFrame:
    """Division codes, GB/T 2260: `value` (six digits), `code`; one unknown in every year stays."""
    return on_unique_values(raw, _standardise_divisions)


def standardise_townships(raw: pl.Series) -> pl.DataFrame:
    """Township codes: `value` (nine digits; twelve of a village are cut), `code`."""
    return on_unique_values(raw, _standardise_townships)


def standardise_flags(raw: pl.Series) -> pl.DataFrame:
    """Yes and no: `value` (Boolean), `code`."""
    return on_unique_values(raw, _standardise_flags)


def tidied(raw: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Codes without width, blanks, quotes and a spreadsheet's `.0`, and the code for that."""
    return cleaning.tidied(
        cleaning.blank_to_null(raw),
        (
            (TIDIED, cleaning.without_invisible),
            (TIDIED, cleaning.narrowed),
            (TIDIED, cleaning.without_blanks),
            (TIDIED, lambda codes: codes.str.strip_chars("'\"`").str.replace(r"^([0-9]+)\.0$", "${1}")),
        ),
    )  # fmt: skip


def answer(value: pl.Series, given: pl.Series, tidy_code: pl.Series, fault: str) -> pl.DataFrame:
    """`value` and `code`: `fault` where a given value came to nothing, else `tidy_code`."""
    failed = value.is_null() & given.is_not_null()
    return pl.DataFrame({"value": value, "tidy": tidy_code}).select(
        "value", code=pl.when(failed).then(pl.lit(fault)).otherwise("tidy")
    )


def _standardise_divisions(raw: pl.Series) -> pl.DataFrame:
    tidy, tidy_code = tidied(raw)
    value = tidy.set(~tidy.str.contains("^[0-9]{6}$"), None)
    strange = value.is_not_null() & ~is_known_division(value)
    shown = tidy_code.zip_with(~strange, pl.Series([UNKNOWN_DIVISION]))
    return answer(value, tidy, shown, NO_DIVISION)


def _standardise_townships(raw: pl.Series) -> pl.DataFrame:
    tidy, tidy_code = tidied(raw)
    value = tidy.str.extract(r"^([0-9]{9})(?:[0-9]{3})?$")
    return answer(value, tidy, tidy_code, NO_TOWNSHIP)


def _standardise_flags(raw: pl.Series) -> pl.DataFrame:
    tidy, tidy_code = tidied(raw)
    value = tidy.str.to_uppercase().replace_strict(
        list(FLAGS), list(FLAGS.values()), default=None, return_dtype=pl.Boolean
    )
    return answer(value, tidy, tidy_code, NO_FLAG)
