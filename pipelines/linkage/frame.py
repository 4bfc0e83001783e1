"""The frame of records that resolution works on."""

from __future__ import annotations

from typing import Final

import polars as pl

from pipelines.errors import PopbaseError

USABLE: Final = ("valid", "upgraded", "carried")
"""Statuses of a citizen ID that identifies."""

RECORDS: Final[dict[str, type[pl.DataType]]] = {
    "record_key": pl.String, "feed": pl.String, "authority": pl.Int64,
    "citizen_id": pl.String, "citizen_id_status": pl.String, "citizen_id_cleaned": pl.String,
    "citizen_id_born_on": pl.Date, "citizen_id_sex_code": pl.String,
    "name": pl.String, "name_key": pl.String, "name_sound": pl.String,
    "name_is_degraded": pl.Boolean, "former_name_key": pl.String,
    "sex_code": pl.String, "born_on": pl.Date, "telephone": pl.String,
    "household_number": pl.String, "registered_address": pl.String,
    "residence_address": pl.String, "property_address": pl.String, "employer_name": pl.String,
    "personal_number": pl.String, "guardian_citizen_id": pl.String,
    "guardian_name_key": pl.String, "guardian_telephone": pl.String,
}  # fmt: skip
"""Columns of a record; all but record_key may be missing or null."""

LINKS: Final = pl.Schema({
    "record_a": pl.String, "record_b": pl.String, "method": pl.String,
    "weight": pl.Float64, "probability": pl.Float64,
})  # fmt: skip

CONFLICTS: Final = pl.Schema({
    "conflict_id": pl.String(), "reason_code": pl.String(), "record_keys": pl.List(pl.String),
})  # fmt: skip


def complete(records: pl.DataFrame) -> pl.DataFrame:
    """The records with every column of RECORDS, sorted by record_key.

    An ID whose status is not usable is set to null, so that `citizen_id` alone tells whether a
    record is identified; sex is 1, 2 or null. PopbaseError where two records share a key.
    """
    columns = [
        (pl.col(name) if name in records.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in RECORDS.items()
    ]
    frame = records.select(columns)
    if not frame["record_key"].is_sorted():
        frame = frame.sort("record_key")
    if frame["record_key"].has_nulls() or frame["record_key"].is_duplicated().any():
        raise PopbaseError("record keys are not unique")
    usable = pl.col("citizen_id_status").is_in(USABLE)
    sexes = [
        pl.when(pl.col(name).is_in(["1", "2"])).then(pl.col(name)).alias(name)
        for name in ("sex_code", "citizen_id_sex_code")
    ]
    return frame.with_columns(
        pl.when(usable).then(pl.col("citizen_id")).alias("citizen_id"),
        pl.col("authority").fill_null(0),
        pl.col("name_is_degraded").fill_null(value=False),
        *sexes,
    )
