"""The verdict on numbers of 17 digits and a check character: real, suspicious or wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from pipelines.kernels import citizen_id_digits as digits
from pipelines.kernels.citizen_id_forms import CREDIT_CODE
from pipelines.kernels.credit_codes import is_credit_code
from pipelines.kernels.divisions import known_divisions

if TYPE_CHECKING:
    from datetime import date

WRONG_CHECK, BIRTH_UNREAL, BIRTH_LATER, BIRTH_TOO_EARLY = (
    "PB-ID-032", "PB-ID-033", "PB-ID-034", "PB-ID-035"
)  # fmt: skip
VERY_OLD, UNKNOWN_DIVISION = "PB-ID-040", "PB-ID-041"
EXCEL_PRECISION, FLOAT_TAIL, ENDS_IN_ZEROS = "PB-ID-051", "PB-ID-052", "PB-ID-053"
_OLDEST: Final = 130
_BORROWED: Final = 9968
# The place of a code in this tuple is how `_verdicts` notes it; 0 is clean.
_VERDICTS: Final = pl.Series([
    None, ENDS_IN_ZEROS, VERY_OLD, UNKNOWN_DIVISION, WRONG_CHECK, FLOAT_TAIL, EXCEL_PRECISION,
    BIRTH_TOO_EARLY, BIRTH_LATER, BIRTH_UNREAL,
])  # fmt: skip
_LAST_WARNING: Final = 3
_SEXES: Final = pl.Series(["2", "1"])
_FOREIGN: Final = 2
_KINDS: Final = pl.Series(["citizen", "hmt", "foreign_resident"])


def judge_plain(numbers: pl.Series, as_of: date | None) -> pl.DataFrame:
    """Judge numbers that all match `citizen_id_digits.PLAIN`.

    Returns:
        Columns value, code, status (valid, invalid, not_citizen), cleaned, born_on, sex_code,
        division_code, kind, as `citizen_id.standardise_citizen_ids` explains them.
    """
    matrix = digits.byte_matrix(numbers)
    verdicts = _verdicts(matrix, as_of)
    good = pl.Series(verdicts <= _LAST_WARNING)
    year, month, day = digits.birth_parts(matrix)
    born = np.where(good.to_numpy(), digits.epoch_days(year, month, day), 0)
    kind = _kind_numbers(matrix)
    frame = pl.DataFrame({
        "cleaned": numbers,
        "good": good,
        "code": _VERDICTS.gather(pl.Series(verdicts)),
        "born_on": pl.Series(born).cast(pl.Date),
        "sex": _SEXES.gather(pl.Series(matrix[:, 16] & 1)),
        "kind": _KINDS.gather(pl.Series(kind)),
        "has_division": kind != _FOREIGN,
    })  # fmt: skip
    judged = frame.select(
        pl.when("good").then("cleaned").alias("value"),
        "code",
        pl.when("good").then(pl.lit("valid")).otherwise(pl.lit("invalid")).alias("status"),
        "cleaned",
        pl.when("good").then("born_on").alias("born_on"),
        pl.when("good").then("sex").alias("sex_code"),
        pl.when(pl.col("good") & pl.col("has_division"))
        .then(pl.col("cleaned").str.head(6)).alias("division_code"),
        pl.when("good").then("kind").alias("kind"),
    )  # fmt: skip
    return _without_credit_codes(judged)


def _verdicts(matrix: digits.Bytes, as_of: date | None) -> digits.Integers:
    """The place in `_VERDICTS` of each number's code; later assignments are more telling."""
    year, month, day = digits.birth_parts(matrix)
    born = digits.compact_day(year, month, day)
    ends_in_zeros = (matrix[:, 15:] == ord("0")).all(axis=1)
    verdicts: digits.Integers = ends_in_zeros.astype(np.int32)
    if as_of is not None:
        verdicts[born < digits.as_integer(as_of) - _OLDEST * 10_000] = 2
    verdicts[~known_divisions()[digits.number_at(matrix, 0, 6)]] = 3
    wrong = np.flatnonzero(digits.check_characters(matrix) != matrix[:, 17])
    damaged = wrong[digits.survived_float(matrix[wrong])]
    verdicts[wrong] = 4
    verdicts[damaged] = 5
    verdicts[wrong[ends_in_zeros[wrong]]] = 6
    verdicts[year < digits.EARLIEST_YEAR] = 7
    verdicts[born > digits.as_integer(as_of or digits.LATEST_DAY)] = 8
    verdicts[~digits.is_real_day(year, month, day)] = 9
    # Rounding down from ...0013 borrows from the day and ends in ...9984.
    verdicts[damaged[digits.number_at(matrix[damaged], 14, 18) >= _BORROWED]] = 5
    return verdicts


def _kind_numbers(matrix: digits.Bytes) -> digits.Integers:
    first, second = matrix[:, 0], matrix[:, 1]
    territory = (first == ord("8")) & (second >= ord("1")) & (second <= ord("3"))
    kinds: digits.Integers = np.where(first == ord("9"), _FOREIGN, territory).astype(np.int32)
    return kinds


def _without_credit_codes(judged: pl.DataFrame) -> pl.DataFrame:
    """A failing number that begins with 9 and passes GB 32100 is a firm's."""
    suspect = (judged["status"] == "invalid") & judged["cleaned"].str.starts_with("9")
    if not suspect.any():
        return judged
    firm = suspect & is_credit_code(judged["cleaned"])
    return judged.with_columns(
        code=pl.when(firm).then(pl.lit(CREDIT_CODE)).otherwise("code"),
        status=pl.when(firm).then(pl.lit("not_citizen")).otherwise("status"),
    )
