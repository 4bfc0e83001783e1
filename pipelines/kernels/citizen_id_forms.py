"""The forms citizen IDs are delivered in: what is tidied away, and what a shape betrays."""

from __future__ import annotations

from typing import Final

import polars as pl

from pipelines.kernels import cleaning
from pipelines.kernels.citizen_id_digits import PLAIN
from pipelines.kernels.credit_codes import is_credit_code

FULL_WIDTH, LOWER_X, LOOKALIKE_X = "PB-ID-010", "PB-ID-011", "PB-ID-012"
MARKS, INVISIBLE, BLANKS = "PB-ID-013", "PB-ID-014", "PB-ID-015"
WRONG_LENGTH, WRONG_CHARACTER, STARRED, MASKED = (
    "PB-ID-030", "PB-ID-031", "PB-ID-036", "PB-ID-037"
)  # fmt: skip
SCIENTIFIC, OLD_FOREIGN, OTHER_DOCUMENT, CREDIT_CODE, SCHOOL_ROLL, WORD = (
    "PB-ID-050", "PB-ID-060", "PB-ID-061", "PB-ID-062", "PB-ID-063", "PB-ID-064"
)  # fmt: skip
OLD_NUMBER: Final = r"^[0-9]{15}$"

# NFKC makes an X of the Roman numeral only; Cyrillic Ha, Greek Chi and the times sign stay.
_LOOKALIKES: Final = "[ⅩⅹХхΧχ×✕✖╳]"
_MARKS: Final = r"""^[='"‘’“”`´\s]+|['"‘’“”`´;,。、\s]+$|\.0*$"""
_PASSPORTS: Final = r"^([EGDSPKM][A-Z]?[0-9]{7,8}|[HM][0-9]{8,10}|[A-Z]{1,2}[0-9]{6}\(?[0-9A]\)?)$"
_MILITARY: Final = "^.{0,3}(?:[军兵士文武海空政参后装].{0,3}|字第?)[0-9]{5,8}号?$"

# What is typed for a digit, and a number that has a date where a citizen ID has it: one credit code in thousands does.
_TYPED: Final = {"O": "0", "I": "1", "L": "1", "Z": "2", "S": "5", "B": "8"}
_DATED: Final = (
    r"^[1-9][0-9]{5}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]$"
)

_STATUS: Final[dict[str, str]] = {
    WORD: "blank", OLD_FOREIGN: "not_citizen", OTHER_DOCUMENT: "not_citizen",
    CREDIT_CODE: "not_citizen", SCHOOL_ROLL: "not_citizen",
}  # fmt: skip


def tidied(raw: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The numbers without accidents of form, and the code of the most telling accident."""
    return cleaning.tidied(
        raw,
        (
            (LOOKALIKE_X, lambda values: values.str.replace_all(_LOOKALIKES, "X")),
            (FULL_WIDTH, cleaning.narrowed),
            (INVISIBLE, cleaning.without_invisible),
            (MARKS, lambda values: values.str.replace_all(_MARKS, "")),
            (BLANKS, lambda values: values.str.replace_all(r"[\s\-‐‑–—]+", "")),
            (LOWER_X, lambda values: values.str.to_uppercase()),
        ),
    )


def shape_table(cleaned: pl.Series) -> pl.DataFrame:
    """Verdicts on numbers that are neither 18 plain characters nor 15 digits.

    Returns:
        Columns `code`, `status` (invalid, not_citizen, blank), `kind`.
    """
    frame = pl.DataFrame({"number": cleaned, "is_credit": is_credit_code(cleaned)})
    return frame.select(code=_shape_code(pl.col("number"))).with_columns(
        status=pl.col("code").replace_strict(_STATUS, default="invalid", return_dtype=pl.String),
        kind=pl.when(pl.col("code") == OLD_FOREIGN).then(pl.lit("foreign_resident")),
    )


def _is_mistyped(number: pl.Expr) -> pl.Expr:
    """Letters for digits in what is a citizen ID otherwise."""
    return number.str.replace_many(_TYPED).str.contains(_DATED)


def _shape_code(number: pl.Expr) -> pl.Expr:
    is_word = number.is_in([*cleaning.UNKNOWN_WORDS, "", "无证件", "无身份证", "无证"])
    return (
        pl.when(is_word | number.str.contains("^0+$")).then(pl.lit(WORD))
        .when(number.str.contains(r"^[0-9]{17}\*$")).then(pl.lit(STARRED))
        .when(number.str.contains(r"\*.*\*")).then(pl.lit(MASKED))
        .when(number.str.contains(r"^[0-9](\.[0-9]*)?E\+?[0-9]{1,2}$")).then(pl.lit(SCIENTIFIC))
        .when(number.str.contains(r"^[A-Z]{3}[0-9]{12}$")).then(pl.lit(OLD_FOREIGN))
        .when(number.str.contains(r"^[GJL][0-9]{17}[0-9X]$")).then(pl.lit(SCHOOL_ROLL))
        .when(pl.col("is_credit") & ~_is_mistyped(number)).then(pl.lit(CREDIT_CODE))
        .when(number.str.contains(_PASSPORTS) | number.str.contains(_MILITARY))
        .then(pl.lit(OTHER_DOCUMENT))
        .when(number.str.contains(r"^[0-9]+X?$") & ~number.str.contains(PLAIN))
        .then(pl.lit(WRONG_LENGTH))
        .otherwise(pl.lit(WRONG_CHARACTER))
    )  # fmt: skip
