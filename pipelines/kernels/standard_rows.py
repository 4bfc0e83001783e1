"""A delivery's rows as read, standardised: what the stage does to a batch, and a department to its file beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from pipelines.kernels.sorting import sort_rows
from pipelines.kernels.standard import standardise_columns

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from pipelines.contract.model import Contract
    from pipelines.kernels.gazetteer import Gazetteer


@dataclass(frozen=True)
class StandardRows:
    """What became of the rows of a delivery.

    Attributes:
        frame: row_number, operation, record_key, is_person, the standard columns, the `raw.` ones.
        faults: row_number, column as delivered, reason code.
        quarantined: row_number, code of rows that are set aside.
        superseded: rows of an increment that a later row of it takes the place of.
    """

    frame: pl.DataFrame
    faults: pl.DataFrame
    quarantined: pl.DataFrame
    superseded: int


def standard_rows(
    raw: pl.DataFrame,
    contract: Contract,
    *,
    mode: str,
    as_of: date,
    code_lists: Path,
    gazetteer: Gazetteer | None,
) -> StandardRows:
    """Sort the rows of `raw` (`row_number`, `raw.<source>`), then standardise those that go on."""
    rows = sort_rows(raw, contract, mode)
    columns, faults = standardise_columns(
        rows.on, contract, as_of=as_of, code_lists=code_lists, gazetteer=gazetteer
    )
    raw_columns = [name for name in rows.on.columns if name.startswith("raw.")]
    keyed = rows.on.select("row_number", "operation", "record_key", "is_person")
    frame = pl.concat([keyed, columns, rows.on.select(raw_columns)], how="horizontal")
    told = pl.concat([faults, rows.notes]).sort("row_number", "column", "code")
    return StandardRows(frame, told, rows.quarantined, rows.superseded)


def judged_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows and columns a suite judges: deletions say nothing, raw text is not looked at."""
    return frame.filter(pl.col("operation") != "D").select(pl.exclude("^raw\\..*$"))
