"""Reads all deliveries of a generated folder as the stages do, without a database."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import polars as pl

from pipelines.contract.load import load_aliases, load_contracts
from pipelines.contract.model import Contract
from pipelines.intake.delivery import open_delivery, package_bytes
from pipelines.intake.manifest import Manifest, find_deliveries, read_manifest
from pipelines.kernels.sorting import Sorted, sort_rows
from pipelines.kernels.standard import USABLE, standardise_columns

PLACE = {"row": pl.Int64, "column": pl.String, "code": pl.String}


def received(county: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What popbase tells of a county, and which rows have a usable number, as `finding.compare` takes them."""
    several = [_received(county, contract) for contract in load_contracts().values()]
    told, comparable = zip(*(pair for pairs in several for pair in pairs), strict=True)
    return pl.concat(told), pl.concat(comparable)


def _received(county: Path, contract: Contract) -> list[tuple[pl.DataFrame, pl.DataFrame]]:
    answers = []
    for found in find_deliveries(county / "inbox", contract.feed):
        manifest = read_manifest(found)
        with opened(county, contract, manifest, found.folder) as source:
            told, comparable = _judged(source, contract, manifest)
        whose = (pl.lit(contract.feed).alias("feed"), pl.lit(manifest.sequence, pl.Int64).alias("sequence"))
        answers.append((told.select(*whose, pl.all()), comparable.select(*whose, pl.all())))
    return answers


def opened(county: Path, contract: Contract, manifest: Manifest, folder: Path) -> IO[bytes]:
    if contract.delivery.form == "table":
        table = pl.read_parquet(county / "front" / f"{contract.delivery.table}.parquet")
        package = table.filter(pl.col("BAO") == str(manifest.package)).drop("BAO")
        return io.BytesIO(package_bytes(package))
    assert manifest.file is not None
    return (folder / manifest.file).open("rb")


def _judged(source: IO[bytes], contract: Contract, manifest: Manifest) -> tuple[pl.DataFrame, pl.DataFrame]:
    with open_delivery(source, contract, manifest, load_aliases()) as reading:
        names, notes, chunks = reading.header.names, reading.header.notes, list(reading.chunks)
    raw = pl.concat([chunk.rows for chunk in chunks]).rename({name: f"raw.{name}" for name in names})
    unreadable = pl.concat([chunk.unreadable for chunk in chunks])
    assert manifest.rows == raw.height + unreadable.height
    rows = sort_rows(raw, contract, manifest.mode)
    columns, faults = standardise_columns(rows.on, contract, as_of=manifest.data_date)
    heads = pl.DataFrame(
        [(0, "" if at == "*" else at, code) for code, at in notes], schema=PLACE, orient="row"
    )
    told = [heads, *map(_placed, (unreadable, rows.quarantined, *_gone(raw, rows), faults, rows.notes))]
    return pl.concat(told), _comparable(columns, rows)


def _placed(faults: pl.DataFrame) -> pl.DataFrame:
    column = pl.col("column") if "column" in faults.columns else pl.lit("")
    return faults.select(pl.col("row_number").alias("row"), column.alias("column"), "code").cast(PLACE)  # type: ignore[arg-type]


def _gone(raw: pl.DataFrame, rows: Sorted) -> Iterator[pl.DataFrame]:
    """Rows that a later one of the same delivery takes the place of: nothing is told of their values."""
    there = pl.concat([rows.on["row_number"], rows.quarantined["row_number"]])
    gone = raw.filter(~pl.col("row_number").is_in(there.implode()))
    assert gone.height == rows.superseded
    yield gone.select("row_number", code=pl.lit("superseded"))


def _comparable(columns: pl.DataFrame, rows: Sorted) -> pl.DataFrame:
    usable = columns["citizen_id_status"].is_in([*USABLE, "carried"])
    return rows.on.filter(usable).select(row=pl.col("row_number").cast(pl.Int64))
