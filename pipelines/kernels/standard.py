"""All columns of a feed at once: each source column by its contract type, faults by row, column and code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.contract.code_lists import CODE_LISTS, load_code_list
from pipelines.contract.model import Column, Contract
from pipelines.kernels.addresses import standardise_addresses
from pipelines.kernels.citizen_id import school_rolls, standardise_citizen_ids
from pipelines.kernels.codes import (
    standardise_codes,
    standardise_divisions,
    standardise_flags,
    standardise_townships,
)
from pipelines.kernels.credit_codes import standardise_credit_codes
from pipelines.kernels.dates import standardise_dates
from pipelines.kernels.gazetteer import Gazetteer, parse_addresses
from pipelines.kernels.names import standardise_names
from pipelines.kernels.numbers import standardise_decimals, standardise_integers
from pipelines.kernels.telephones import standardise_telephones
from pipelines.kernels.texts import standardise_texts
from pipelines.kernels.times import (
    standardise_date_lists,
    standardise_months,
    standardise_timestamps,
)

OTHER_TOWNSHIP = "PB-AD-020"
FAULTS = {"row_number": pl.Int32, "column": pl.String, "code": pl.String}
ID_PARTS = ("status", "cleaned", "born_on", "sex_code", "division_code")
USABLE = ("valid", "upgraded")


def standardise_columns(
    rows: pl.DataFrame,
    contract: Contract,
    *,
    as_of: date,
    code_lists: Path = CODE_LISTS,
    gazetteer: Gazetteer | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The standard columns of rows as delivered, and the faults of their values.

    Args:
        rows: `row_number` and `raw.<source>` columns; a source that did not come reads as blank.
        contract: types, code lists and lookups of the feed.
        as_of: the delivery's data date.
        code_lists: folder of the operator's code lists; one that it lacks is the shipped one.
        gazetteer: the operator's places; without it no address has a township.

    Returns:
        (standard columns, same height and order), (row_number, column as delivered, reason code).
    """
    parts: list[pl.DataFrame] = []
    faults: list[pl.DataFrame] = []
    for column in contract.columns:
        raw = _raw(rows, column)
        standard = _only_where(_by_type(column, raw, as_of, code_lists), column, rows)
        faults.append(_faults(rows["row_number"], column.source, standard["code"]))
        parts.append(_named(column, standard))
        if column.type == "address":
            parts.append(_township(column, standard["value"], gazetteer))
    frame = pl.concat(parts, how="horizontal")
    for column in contract.columns:
        if column.else_from is not None:
            frame = _carry_over(frame, column.name, column.else_from)
    faults += _disagreements(rows["row_number"], frame, contract)
    kept = frame.select(pl.exclude("^.*_carries.*$"))
    return kept, pl.concat(faults).sort("row_number", "column", "code")


def _raw(rows: pl.DataFrame, column: Column) -> pl.Series:
    name = f"raw.{column.source}"
    if name in rows.columns:
        return rows[name]
    return pl.Series(name, [None] * rows.height, dtype=pl.String)


def _by_type(column: Column, raw: pl.Series, as_of: date, code_lists: Path) -> pl.DataFrame:
    """`value`, `code` and the type's further columns."""
    match column.type:
        case "citizen_id":
            return standardise_citizen_ids(raw, as_of=as_of)
        case "date":
            return standardise_dates(raw, as_of=as_of, allow_future=column.may_be_future)
        case "code":
            codes = load_code_list(str(column.list), code_lists)
            return standardise_codes(raw, {**codes.aliases, **column.lookup}, codes.codes)
        case _:
            return STANDARDISERS[column.type](raw)


STANDARDISERS = {
    "text": standardise_texts,
    "school_roll": school_rolls,
    "person_name": standardise_names,
    "month": standardise_months,
    "timestamp": standardise_timestamps,
    "dates": standardise_date_lists,
    "telephone": standardise_telephones,
    "credit_code": standardise_credit_codes,
    "division": standardise_divisions,
    "township": standardise_townships,
    "address": standardise_addresses,
    "decimal": standardise_decimals,
    "integer": standardise_integers,
    "flag": standardise_flags,
}
"""Types whose standardising needs nothing but the values."""


def _township(column: Column, addresses: pl.Series, gazetteer: Gazetteer | None) -> pl.DataFrame:
    """The township that an address names, as `<name>_township_code`."""
    name = f"{column.name}_township_code"
    if gazetteer is None:
        return pl.DataFrame({name: [None] * addresses.len()}, schema={name: pl.String})
    return parse_addresses(addresses, gazetteer).select(pl.col("township_code").alias(name))


def _faults(row_numbers: pl.Series, source: str, codes: pl.Series) -> pl.DataFrame:
    frame = pl.DataFrame({"row_number": row_numbers, "column": source, "code": codes}, schema=FAULTS)
    return frame.filter(pl.col("code").is_not_null())


def _named(column: Column, standard: pl.DataFrame) -> pl.DataFrame:
    """The type's columns under the contract's names."""
    name = column.name
    match column.type:
        case "citizen_id":
            return standard.select(
                pl.col("value").alias(name), *(pl.col(part).alias(f"{name}_{part}") for part in ID_PARTS)
            )
        case "person_name":
            return standard.select(
                pl.col("value").alias(name),
                pl.col("key").alias(f"{name}_key"),
                pl.col("sound").alias(f"{name}_sound"),
                pl.col("is_degraded").alias(f"{name}_is_degraded"),
            )
        case "credit_code":
            return standard.select(pl.col("value").alias(name), pl.col("status").alias(f"{name}_status"))
        case "school_roll":
            return standard.select(pl.col("value").alias(name), pl.col("citizen_id").alias(f"{name}_carries"))
        case _:
            return standard.select(pl.col("value").alias(name))


def _only_where(standard: pl.DataFrame, column: Column, rows: pl.DataFrame) -> pl.DataFrame:
    """Numbers of another document are no citizen IDs, whatever their shape, and no faulty ones."""
    if column.only_when is None or f"raw.{column.only_when.column}" not in rows.columns:
        return standard
    told = rows[f"raw.{column.only_when.column}"].fill_null("").str.strip_chars()
    other = ~told.is_in(list(column.only_when.values))
    lost = [name for name in standard.columns if name not in ("status", "cleaned")]
    masked = standard.with_columns(pl.when(~other).then(pl.col(lost)))
    if "status" not in standard.columns:
        return masked
    foreign = other & (standard["status"] != "blank")
    status = pl.when(foreign).then(pl.lit("not_citizen")).otherwise(pl.col("status"))
    return masked.with_columns(status.alias("status"))


def _carry_over(frame: pl.DataFrame, name: str, source: str) -> pl.DataFrame:
    """Take the number that another column carries where the own one is not usable: status `carried`."""
    carried = frame[f"{source}_carries"]
    parts = standardise_citizen_ids(carried)
    takes = carried.is_not_null() & ~frame[f"{name}_status"].is_in(list(USABLE))
    chosen = {name: "value"} | {f"{name}_{part}": part for part in ID_PARTS if part != "cleaned"}
    return frame.with_columns(
        pl.when(takes)
        .then(pl.lit("carried") if part == "status" else parts[part])
        .otherwise(pl.col(column))
        .alias(column)
        for column, part in chosen.items()
    )


def _disagreements(row_numbers: pl.Series, frame: pl.DataFrame, contract: Contract) -> list[pl.DataFrame]:
    """A valid number that says another birth date or sex than the row does."""
    found = []
    sources = {column.name: column.source for column in contract.columns}
    for own, code in (("born_on", "PB-ID-070"), ("sex_code", "PB-ID-071")):
        said = f"citizen_id_{own}"
        if own in frame.columns and said in frame.columns:
            differ = (frame[own] != frame[said]).fill_null(value=False)
            if own == "sex_code":
                differ &= frame[own].is_in(["1", "2"]).fill_null(value=False)
            codes = pl.select(pl.when(differ).then(pl.lit(code))).to_series()
            found.append(_faults(row_numbers, sources[own], codes))
    return [*found, *_other_townships(row_numbers, frame, contract)]


def _other_townships(
    row_numbers: pl.Series, frame: pl.DataFrame, contract: Contract
) -> Iterator[pl.DataFrame]:
    """An address that names another township than the row's code does; of several addresses any may be meant."""
    addresses = [column for column in contract.columns if column.type == "address"]
    if "township_code" in frame.columns and len(addresses) == 1:
        differ = (frame["township_code"] != frame[f"{addresses[0].name}_township_code"]).fill_null(
            value=False
        )
        codes = pl.select(pl.when(differ).then(pl.lit(OTHER_TOWNSHIP))).to_series()
        yield _faults(row_numbers, addresses[0].source, codes)
