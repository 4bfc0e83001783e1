"""Unified social credit codes of legal persons and other organisations, GB 32100-2015."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from pipelines.kernels import cleaning
from pipelines.kernels.citizen_id_digits import byte_matrix
from pipelines.kernels.unique_values import on_unique_values

ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
SHAPE: Final = f"^[{ALPHABET}]{{2}}[0-9]{{6}}[{ALPHABET}]{{10}}$"
TIDIED, WRONG_LENGTH, WRONG_CHARACTER, WRONG_CHECK = (
    "PB-UC-010", "PB-UC-030", "PB-UC-031", "PB-UC-032"
)  # fmt: skip
_WEIGHTS: Final = np.array([pow(3, place, 31) for place in range(17)], dtype=np.int32)
_VALUES: Final = np.array([ALPHABET.find(chr(byte)) if byte else -1 for byte in range(256)], dtype=np.int32)


def standardise_credit_codes(raw: pl.Series) -> pl.DataFrame:
    """Standardise codes: `value` (18 characters, null unless valid), `code`, `status`.

    `status` is valid, invalid or blank. Letters are allowed in the first two places (registering
    authorities A and N, village collectives among them), unlike in python-stdnum.
    """
    return on_unique_values(raw, _standardise)


def is_credit_code(codes: pl.Series) -> pl.Series:
    """Whether the shape is right and the 18th character checks (weights 3^i mod 31)."""
    shaped = codes.str.contains(SHAPE).fill_null(value=False)
    passed = np.zeros(len(codes), dtype=np.bool_)
    numbers = _VALUES[byte_matrix(codes.filter(shaped))]
    passed[shaped.to_numpy()] = (31 - numbers[:, :17] @ _WEIGHTS % 31) % 31 == numbers[:, 17]
    return pl.Series(codes.name, passed)


def _standardise(raw: pl.Series) -> pl.DataFrame:
    tidy = cleaning.narrowed(cleaning.without_invisible(cleaning.blank_to_null(raw)))
    tidy = tidy.str.replace_all(r"[\s\-'\"`]", "").str.to_uppercase()
    valid = is_credit_code(tidy)
    return (
        pl.DataFrame({"raw": raw, "tidy": tidy, "valid": valid})
        .with_columns(blank=pl.col("tidy").is_null() | pl.col("tidy").is_in(["", "无", "/"]))
        .select(
            value=pl.when("valid").then("tidy"),
            code=_code(),
            status=pl.when("blank").then(pl.lit("blank"))
            .when("valid").then(pl.lit("valid")).otherwise(pl.lit("invalid")),
        )
    )  # fmt: skip


def _code() -> pl.Expr:
    tidy = pl.col("tidy")
    return (
        pl.when("blank").then(None)
        .when(pl.col("valid") & (tidy == pl.col("raw"))).then(None)
        .when("valid").then(pl.lit(TIDIED))
        .when(tidy.str.len_chars() != 18).then(pl.lit(WRONG_LENGTH))
        .when(~tidy.str.contains(SHAPE)).then(pl.lit(WRONG_CHARACTER))
        .otherwise(pl.lit(WRONG_CHECK))
    )  # fmt: skip
