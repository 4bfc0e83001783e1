"""Workbooks that popbase gave out and a person sends back."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

from pipelines.errors import DeliveryRefused, UsageError
from pipelines.intake.guard import refusing
from pipelines.intake.sheets import checked_workbook

LARGEST_FILE: Final = 64 << 20


def read_returned(path: Path) -> bytes:
    """The file's bytes; UsageError when it is not there, or larger than one that was given out can be."""
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    if path.stat().st_size > LARGEST_FILE:
        raise UsageError(f"{path.name} is larger than such a file can be")
    return path.read_bytes()


def first_sheet(content: bytes) -> list[list[object]]:
    """Cells of the first sheet by row; UsageError when the bytes are no sound workbook."""
    from python_calamine import CalamineWorkbook  # noqa: PLC0415 - only when a file comes back

    try:
        sound = checked_workbook(content)
        with refusing("PB-DL-017"):
            book = CalamineWorkbook.from_filelike(io.BytesIO(sound))
            sheet = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
            return [list(row) for row in sheet]
    except DeliveryRefused as refusal:
        raise UsageError(f"the file is no sound workbook ({refusal.code})", hint="save it as XLSX") from None
