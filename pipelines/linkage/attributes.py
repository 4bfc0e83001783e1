"""What the units to be linked say of themselves: all values of each attribute, best and other ones.

A unit is the records that one citizen ID already joined, or a single record without a usable ID.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from pipelines.linkage.addresses import address_keys
from pipelines.linkage.engine.characters import near_sound

_LONG_ENOUGH: Final = 14


@dataclass(frozen=True)
class Attributes:
    """Long tables of (unit, value), distinct, without nulls.

    Attributes:
        units: number of units; they are numbered from 0.
        labelled: units with a usable citizen ID.
        names: unit, name_key, name_sound, name_is_degraded, is_former, surname.
        births: unit, value (Date).
        values: {comparison: unit, value} of what is compared by equality: sex, telephone, household,
            address, street, guardian, employer, local_number.
        homes: unit, of those that say where they live: only two of them can live apart. Who owns or lets a home
            may live there or not.
        numbers: unit, number (the ID, or what stands in its place), is_usable.
        feeds: unit, value (feed), records.
    """

    units: int
    labelled: pl.DataFrame
    names: pl.DataFrame
    births: pl.DataFrame
    values: dict[str, pl.DataFrame]
    homes: pl.DataFrame
    numbers: pl.DataFrame
    feeds: pl.DataFrame


def attributes(records: pl.DataFrame) -> Attributes:
    """Tables of records as frame.complete makes them, with a column `unit` (Int32).

    Where they are not all the records, they bring `guardian_household` with them.
    """
    frame = records if "guardian_household" in records.columns else with_guardian_households(records)
    frame = with_derived(frame)
    return Attributes(
        units=1 + int(frame["unit"].max() or 0) if frame.height else 0,  # type: ignore[arg-type]
        labelled=frame.filter(pl.col("citizen_id").is_not_null()).select("unit").unique().sort("unit"),
        names=_names(frame),
        births=_values(frame, "born_on", "citizen_id_born_on", "digits_born_on"),
        values={
            "sex": _sexes(frame),
            "telephone": _values(frame, "telephone", "guardian_telephone"),
            "household": _values(frame, "household_number", "guardian_household"),
            "address": _values(frame, "registered_whole", "residence_whole", "property_whole"),
            "street": _values(frame, "registered_street", "residence_street", "property_street"),
            "guardian": _values(frame, "guardian_citizen_id", "guardian_by_telephone"),
            "employer": _values(frame, "employer_name"),
            "local_number": _values(frame, "local_number"),
        },
        homes=_homes(frame),
        numbers=_numbers(frame),
        feeds=frame.group_by("unit", pl.col("feed").alias("value")).agg(records=pl.len()).drop_nulls(),
    )


def with_derived(records: pl.DataFrame) -> pl.DataFrame:
    """The records with what is read out of their own texts; where that was done already, as they are."""
    if "local_number" in records.columns:
        return records
    return _with_addresses(records.with_columns(_digits_of_faulty_numbers()))


def _digits_of_faulty_numbers() -> list[pl.Expr]:
    """Birth date and sex as the digits of a faulty number tell them, where the record does not."""
    number = pl.col("citizen_id_cleaned")
    readable = pl.col("citizen_id").is_null() & number.str.contains(r"^[0-9]{17}[0-9X*]$")
    readable &= ~number.str.ends_with("000")
    born = number.str.slice(6, 8).str.to_date("%Y%m%d", strict=False)
    even = number.str.slice(16, 1).is_in(["0", "2", "4", "6", "8"])
    sex = pl.when(even).then(pl.lit("2")).otherwise(pl.lit("1"))
    by_telephone = pl.concat_str("guardian_name_key", "guardian_telephone", separator="|")
    return [
        pl.when(readable & pl.col("born_on").is_null()).then(born).alias("digits_born_on"),
        pl.when(readable & pl.col("sex_code").is_null()).then(sex).alias("digits_sex_code"),
        by_telephone.alias("guardian_by_telephone"),
        pl.concat_str("feed", "personal_number", separator="|").alias("local_number"),
    ]


def with_guardian_households(records: pl.DataFrame) -> pl.DataFrame:
    """The records with `guardian_household`: where the guardian lives, as the guardian's own records tell."""
    homes = _guardian_households(records)
    return records.join(homes, on="guardian_citizen_id", how="left", maintain_order="left")


def _guardian_households(records: pl.DataFrame) -> pl.DataFrame:
    """Of each guardian's ID the household that the most authoritative record tells."""
    return (
        records.filter(pl.col("citizen_id").is_not_null() & pl.col("household_number").is_not_null())
        .sort("citizen_id", "authority", "record_key", descending=[False, True, False])
        .unique("citizen_id", keep="first", maintain_order=True)
        .select(
            pl.col("citizen_id").alias("guardian_citizen_id"),
            pl.col("household_number").alias("guardian_household"),
        )
    )


def _with_addresses(frame: pl.DataFrame) -> pl.DataFrame:
    made = []
    for kind in ("registered", "residence", "property"):
        whole, street = address_keys(pl.col(f"{kind}_address"))
        made += [whole.alias(f"{kind}_whole"), street.alias(f"{kind}_street")]
    return frame.with_columns(made)


def _homes(frame: pl.DataFrame) -> pl.DataFrame:
    told = [f"{kind}_{part}" for kind in ("registered", "residence") for part in ("whole", "street")]
    return frame.filter(pl.any_horizontal(pl.col(told).is_not_null())).select("unit").unique().sort("unit")


def _values(frame: pl.DataFrame, *columns: str) -> pl.DataFrame:
    tables = [frame.select("unit", pl.col(column).alias("value")) for column in columns]
    return pl.concat(tables).drop_nulls().unique().sort("unit", "value")


def _sexes(frame: pl.DataFrame) -> pl.DataFrame:
    """The sex the ID tells, else the record's own: a clerk's slip is no second opinion."""
    told = pl.coalesce("citizen_id_sex_code", "sex_code", "digits_sex_code")
    return _values(frame.with_columns(told.alias("told")), "told")


def _names(frame: pl.DataFrame) -> pl.DataFrame:
    own = frame.select(
        "unit", "name_key", "name_sound", "name_is_degraded", pl.lit(value=False).alias("is_former")
    )
    former = frame.select(
        "unit",
        pl.col("former_name_key").alias("name_key"),
        pl.lit(None, pl.String).alias("name_sound"),
        pl.lit(value=False).alias("name_is_degraded"),
        pl.lit(value=True).alias("is_former"),
    )
    columns = ["unit", "name_key", "is_former", "name_is_degraded", "name_sound"]
    names = pl.concat([own, former]).filter(pl.col("name_key").is_not_null()).select(columns)
    surname = pl.col("name_sound").str.split(" ").list.first()
    folded = surname.map_batches(_near_sounds, return_dtype=pl.String)
    return names.unique().sort(columns).with_columns(folded.alias("surname"))


def _near_sounds(syllables: pl.Series) -> pl.Series:
    known = syllables.drop_nulls().unique().to_list()
    table = {syllable: near_sound(syllable) for syllable in known}
    return syllables.replace_strict(table, default=None, return_dtype=pl.String)


def _numbers(frame: pl.DataFrame) -> pl.DataFrame:
    """IDs of the labelled units, and what of the others looks like a number gone wrong."""
    usable = pl.col("citizen_id").is_not_null()
    faulty = pl.when(
        pl.col("citizen_id_status").is_in(["invalid", "ambiguous"])
        & (pl.col("citizen_id_cleaned").str.len_bytes() >= _LONG_ENOUGH)
        & pl.col("citizen_id_cleaned").str.contains(r"^[0-9]{5}[0-9X*]+$")
    ).then(pl.col("citizen_id_cleaned"))
    return (
        frame.select("unit", number=pl.coalesce("citizen_id", faulty), is_usable=usable)
        .drop_nulls()
        .unique()
        .sort("unit", "number")
    )
