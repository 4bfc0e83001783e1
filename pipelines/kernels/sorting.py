"""Rows of a batch by what becomes of them: they go on, are set aside, or are superseded by a later row."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipelines.contract.model import Contract
from pipelines.kernels.keys import blank_to_null, record_keys


@dataclass(frozen=True)
class Sorted:
    """Rows of a batch by what becomes of them at this stage."""

    on: pl.DataFrame
    quarantined: pl.DataFrame
    superseded: int
    notes: pl.DataFrame


def sort_rows(raw: pl.DataFrame, contract: Contract, mode: str) -> Sorted:
    """Give every row its operation and key; set aside rows without either."""
    rows = raw.with_columns(_operation(raw, contract, mode), _is_person(raw, contract))
    faults = pl.concat([_blank_keys(rows, contract), _unknown_operations(rows)])
    sound = rows.join(faults.select("row_number"), on="row_number", how="anti", maintain_order="left")
    key = record_keys(sound, contract.feed, contract.key)
    if mode == "full":
        kept = sound.with_columns(key.alias("record_key"))
        return Sorted(kept, faults, 0, _notes(kept, contract, "PB-SQ-007", _repeats(kept)))
    base = sound.with_columns(key.str.replace(r"#\d+$", "").alias("record_key"))
    last = pl.col("row_number") == pl.col("row_number").max().over("record_key")
    kept = base.filter(last)
    several = kept["record_key"].is_in(base.filter(~last)["record_key"].implode())
    notes = _notes(kept, contract, "PB-SQ-008", several)
    return Sorted(kept, faults, base.height - kept.height, notes)


def _operation(raw: pl.DataFrame, contract: Contract, mode: str) -> pl.Expr:
    if mode == "full":
        return pl.lit("F").alias("operation")
    flag = blank_to_null(raw, contract.delivery.operation_column).str.to_uppercase()
    return pl.when(flag.is_in(["I", "U", "D"])).then(flag).alias("operation")


def _is_person(raw: pl.DataFrame, contract: Contract) -> pl.Expr:
    unless = contract.person_unless
    if unless is None:
        return pl.lit(value=True).alias("is_person")
    told = blank_to_null(raw, unless.column).is_in(list(unless.values))
    return (~told.fill_null(value=False)).alias("is_person")


def _blank_keys(rows: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    parts = [blank_to_null(rows, part).is_null() for part in contract.key_sources]
    blank = pl.any_horizontal(pl.lit(value=False), *parts)
    return rows.filter(blank).select("row_number", pl.lit("PB-RW-007").alias("code"))


def _unknown_operations(rows: pl.DataFrame) -> pl.DataFrame:
    unknown = rows.filter(pl.col("operation").is_null())
    return unknown.select("row_number", pl.lit("PB-RW-008").alias("code"))


def _repeats(kept: pl.DataFrame) -> pl.Series:
    base = kept["record_key"].str.replace(r"#\d+$", "")
    numbered = base.filter(kept["record_key"] != base)
    return base.is_in(numbered.implode())


def _notes(kept: pl.DataFrame, contract: Contract, code: str, where: pl.Series) -> pl.DataFrame:
    column = "+".join(contract.key[0])
    return kept.filter(where).select("row_number", pl.lit(column).alias("column"), pl.lit(code).alias("code"))
