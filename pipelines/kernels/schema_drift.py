"""Schema drift: how the columns of a delivery differ from the contract, and what the contract says to that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
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
LOOKS: Final = {
    "date": r"^(18|19|20)\d{2}([-/.年]?)(0?[1-9]|1[0-2])([-/.月]?)(0?[1-9]|[12]\d|3[01])日?( .*|T.*|\d{6})?$",
    "digits": r"^\d+$",
    "decimal": r"^[+-]?[\d,]*\.\d+$",
    "letters": r"^[A-Za-z][A-Za-z0-9 ._-]*$",
    "chinese": r"^[\p{Han}·]+$",
}
"""What a column's texts may look like, the first that fits."""


def met_with(contract: Contract, codes: Iterable[str], response: Response) -> list[str]:
    """Those of the codes, each once and sorted, whose class of change the contract meets that way."""
    policy = contract.schema_drift.model_dump()
    return sorted({code for code in codes if policy.get(CLASS_OF.get(code, "")) == response})


@dataclass(frozen=True)
class Retyped:
    """A column most of whose values could not be read as agreed.

    Attributes:
        column: its source name.
        agreed: the contract's type.
        found: what most of those values look like: date, decimal, digits, letters, chinese or text.
    """

    column: str
    agreed: str
    found: str


def retyped(frame: pl.DataFrame, faults: pl.DataFrame, contract: Contract) -> list[Retyped]:
    """Columns most of whose given values could not be read as the agreed type.

    Args:
        frame: standardised rows with their raw columns.
        faults: row_number, column as delivered, code.
        contract: says the types; fewer given values than `thresholds.judged_from` say nothing.
    """
    typed = [c for c in contract.columns if c.type not in _UNTYPED and f"raw.{c.source}" in frame.columns]
    told: dict[str, list[int]] = dict(faults.group_by("column").agg("row_number").iter_rows())
    lost = [(column, _lost(frame, column, told[column.source])) for column in typed if column.source in told]
    return [
        Retyped(column.source, column.type, look_of(values))
        for column, values in lost
        if _is_most(frame, column, values, contract)
    ]


def look_of(values: pl.Series) -> str:
    """What more than half of these texts look like, as one of LOOKS; else `text`."""
    texts = values.str.strip_chars()
    return next((look for look, form in LOOKS.items() if _share(texts, form) > _MOST), "text")


def _share(texts: pl.Series, form: str) -> float:
    return int(texts.str.contains(form).sum()) / max(texts.len(), 1)


def _lost(frame: pl.DataFrame, column: Column, told: list[int]) -> pl.Series:
    """Given values that were told of and not read."""
    raw = f"raw.{column.source}"
    rows = frame.filter(pl.col(column.name).is_null() & pl.col("row_number").is_in(told))
    return rows[raw]


def _is_most(frame: pl.DataFrame, column: Column, lost: pl.Series, contract: Contract) -> bool:
    given = int(blank_to_null(frame[f"raw.{column.source}"]).count())
    return given >= contract.thresholds.judged_from and lost.len() > _MOST * given
