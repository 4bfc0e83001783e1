"""Citizen ID numbers, GB 11643-1999, and the numbers that look like them.

Status words: valid; upgraded (15 digits made 18); ambiguous (15 digits, century unknown);
invalid; not_citizen (the number of something else); blank.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from pipelines.kernels import citizen_id_digits as digits
from pipelines.kernels import citizen_id_forms as forms
from pipelines.kernels import cleaning
from pipelines.kernels.citizen_id_repairs import repair_candidates
from pipelines.kernels.citizen_id_verdicts import BIRTH_UNREAL, ENDS_IN_ZEROS, judge_plain
from pipelines.kernels.unique_values import on_unique_values

if TYPE_CHECKING:
    from datetime import date

__all__ = ["repair_candidates", "school_rolls", "standardise_citizen_ids", "upgraded_numbers"]

UPGRADED, CENTURY_UNKNOWN, OLD_BIRTH_UNREAL = "PB-ID-020", "PB-ID-021", "PB-ID-022"
ROLL_SHAPE, ROLL_NUMBER = "PB-ID-065", "PB-ID-066"
_ROLL: Final = r"^(?:[GJ][0-9]{17}[0-9X]|L[0-9]{18})$"
_SCHEMA: Final = pl.Schema({
    "value": pl.String, "code": pl.String, "status": pl.String, "cleaned": pl.String,
    "born_on": pl.Date, "sex_code": pl.String, "division_code": pl.String, "kind": pl.String,
})  # fmt: skip


def standardise_citizen_ids(raw: pl.Series, *, as_of: date | None = None) -> pl.DataFrame:
    """Standardise numbers as delivered; one row a value, in order.

    Args:
        raw: strings as delivered.
        as_of: the delivery's data date; a birth after it is a fault. Without it no birth is
            too late and nobody too old.

    Returns:
        `value`: the 18 characters where the status is valid or upgraded, else null.
        `code`: the most telling reason code, null where there is nothing to say.
        `status`: see the module.
        `cleaned`: the number after repair of form only, also where it is invalid.
        `born_on` (Date), `sex_code` (1 male, 2 female), `division_code`: what `value` says;
        foreign residents have no division.
        `kind`: citizen, hmt (residence permit of Hong Kong, Macao, Taiwan people, 81-83) or
        foreign_resident (9..., or the old three letters); null for any other number.
    """
    plain = raw.str.contains(digits.PLAIN).fill_null(value=False)
    if plain.all():
        return judge_plain(raw, as_of)
    odd = on_unique_values(raw.filter(~plain), lambda values: _judge_odd(values, as_of))
    judged = pl.concat([judge_plain(raw.filter(plain), as_of), odd], rechunk=True)
    places = np.empty(len(raw), dtype=np.uint32)
    sources = np.concatenate([plain.arg_true().to_numpy(), (~plain).arg_true().to_numpy()])
    places[sources] = np.arange(len(raw), dtype=np.uint32)
    return judged[places]


def upgraded_numbers(numbers: pl.Series) -> pl.Series:
    """Numbers of 15 digits with the century 19 and a check character; null for any other.

    Says nothing about whether the number is real: orders 996 to 999 belong to centenarians.
    """
    is_old = numbers.str.contains(forms.OLD_NUMBER).fill_null(value=False)
    old = numbers.filter(is_old)
    bodies = old.str.head(6) + "19" + old.str.tail(9)
    checks = digits.check_characters(digits.byte_matrix(bodies, width=17)).tobytes().decode()
    full = bodies + pl.Series(list(checks), dtype=pl.String)
    return pl.repeat(None, len(numbers), dtype=pl.String, eager=True).scatter(is_old.arg_true(), full)


def school_rolls(raw: pl.Series, *, as_of: date | None = None) -> pl.DataFrame:
    """National school-roll numbers: a letter and 18 characters.

    Returns:
        `value` (the tidied number), `code`, `kind` (G, J, L or other) and `citizen_id`: only
        numbers with G hold one, and only where it is valid. J numbers pass the check character
        and are not citizen IDs; L numbers are temporary.
    """
    return on_unique_values(raw, lambda values: _school_rolls(values, as_of))


def _school_rolls(raw: pl.Series, as_of: date | None) -> pl.DataFrame:
    value, tidy_code = forms.tidied(cleaning.blank_to_null(raw))
    first, shaped = value.str.head(1), value.str.contains(_ROLL)
    letter = pl.DataFrame({"first": first, "shaped": shaped}).select(
        pl.when("shaped").then("first").when(pl.col("first").is_not_null()).then(pl.lit("other"))
    ).to_series()  # fmt: skip
    inside = value.str.tail(18).set(letter.ne_missing("G"), None)
    number = standardise_citizen_ids(inside, as_of=as_of)
    return pl.DataFrame({"value": value, "kind": letter, "tidy": tidy_code}).select(
        "value",
        pl.when(pl.col("kind") == "other").then(pl.lit(ROLL_SHAPE))
        .when((pl.col("kind") == "G") & (number["status"] != "valid")).then(pl.lit(ROLL_NUMBER))
        .otherwise("tidy").alias("code"),
        "kind",
        number["value"].alias("citizen_id"),
    )  # fmt: skip


def _judge_odd(raw: pl.Series, as_of: date | None) -> pl.DataFrame:
    """Everything that does not come as 18 plain characters; nulls and blanks included."""
    given = cleaning.blank_to_null(raw)
    cleaned, tidy_code = forms.tidied(given)
    frame = pl.DataFrame({
        "row": np.arange(len(raw)), "cleaned": cleaned, "tidy": tidy_code,
        "upgraded": upgraded_numbers(cleaned),
    })  # fmt: skip
    is_plain = pl.col("cleaned").str.contains(digits.PLAIN)
    is_old = pl.col("upgraded").is_not_null()
    parts = (
        _blank(frame.filter(pl.col("cleaned").is_null())),
        _tidied_plain(frame.filter(is_plain), as_of),
        _upgraded(frame.filter(is_old), as_of),
        _shaped(frame.filter(~is_plain & ~is_old)),
    )
    return pl.concat(parts, how="diagonal").sort("row").select(_SCHEMA.names()).cast(_SCHEMA)


def _blank(frame: pl.DataFrame) -> pl.DataFrame:
    empty = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in _SCHEMA.items()]
    return frame.select("row", *empty).with_columns(status=pl.lit("blank"))


def _tidied_plain(frame: pl.DataFrame, as_of: date | None) -> pl.DataFrame:
    return judge_plain(frame["cleaned"], as_of).with_columns(
        frame["row"], code=pl.coalesce("code", frame["tidy"])
    )


def _upgraded(frame: pl.DataFrame, as_of: date | None) -> pl.DataFrame:
    """15 digits: judged as the upgraded number, unless the order leaves the century open."""
    judged = judge_plain(frame["upgraded"], as_of).with_columns(frame["row"], frame["cleaned"])
    told = {BIRTH_UNREAL: OLD_BIRTH_UNREAL, ENDS_IN_ZEROS: UPGRADED}
    code = pl.col("code").replace(told).fill_null(UPGRADED)
    known = judged.with_columns(code, status=pl.col("status").replace({"valid": "upgraded"}))
    open_century = (frame["cleaned"].str.tail(3) >= "996") & (known["status"] == "upgraded")
    unknown = _blank(frame.filter(open_century)).with_columns(
        frame.filter(open_century)["cleaned"],
        status=pl.lit("ambiguous"), code=pl.lit(CENTURY_UNKNOWN),
    )  # fmt: skip
    return pl.concat([known.filter(~open_century), unknown], how="diagonal")


def _shaped(frame: pl.DataFrame) -> pl.DataFrame:
    shapes = forms.shape_table(frame["cleaned"])
    is_word = shapes["status"] == "blank"
    return shapes.with_columns(frame["row"], cleaned=pl.when(~is_word).then(frame["cleaned"]))
