"""Schema drift: how the columns of a delivery differ from the contract, and what the contract says to that."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import polars as pl

from pipelines.kernels.cleaning import blank_to_null

if TYPE_CHECKING:
    from pipelines.contract.model import Column, Contract, Response

REFUSED, RETYPED = "PB-HD-013", "PB-HD-014"
CLASS_OF: Final = {
    "PB-HD-001": "renamed", "PB-HD-002": "added", "PB-HD-004": "removed", "PB-HD-006": "reordered",
    RETYPED: "retyped",
}  # fmt: skip
"""Reason code of a header's note -> class of change."""
_UNTYPED: Final = ("text", "person_name", "address", "school_roll")
_MOST: Final = 0.5


def met_with(contract: Contract, codes: Iterable[str], response: Response) -> list[str]:
    """Those of the codes, each once and sorted, whose class of change the contract meets that way."""
    policy = contract.schema_drift.model_dump()
    return sorted({code for code in codes if policy.get(CLASS_OF.get(code, "")) == response})


def retyped(frame: pl.DataFrame, faults: pl.DataFrame, contract: Contract) -> list[str]:
    """Source columns most of whose given values could not be read as the agreed type.

    Args:
        frame: standardised rows with their raw columns.
        faults: row_number, column as delivered, code.
        contract: says the types; fewer given values than `thresholds.judged_from` say nothing.
    """
    typed = [c for c in contract.columns if c.type not in _UNTYPED and f"raw.{c.source}" in frame.columns]
    told: dict[str, list[int]] = dict(faults.group_by("column").agg("row_number").iter_rows())
    return [
        column.source
        for column in typed
        if column.source in told and _is_lost(frame, column, told[column.source], contract)
    ]


def _is_lost(frame: pl.DataFrame, column: Column, told: list[int], contract: Contract) -> bool:
    given = int(blank_to_null(frame[f"raw.{column.source}"]).count())
    lost = frame.filter(pl.col(column.name).is_null() & pl.col("row_number").is_in(told)).height
    return given >= contract.thresholds.judged_from and lost > _MOST * given
