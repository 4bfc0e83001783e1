"""Workbooks: merged title rows, a header, data, a total row and a footer; every cell becomes text."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import chain, islice
from typing import IO, Any, Final

from python_calamine import CalamineWorkbook

from pipelines.errors import DeliveryRefused
from pipelines.intake.chunk import LONGEST_FIELD, Chunk, chunk_of
from pipelines.intake.guard import refusing
from pipelines.intake.header import Header, tidy
from pipelines.intake.sheets import checked_workbook

ROWS: Final = 50_000
LARGEST_WORKBOOK: Final = 256 << 20
DAMAGED: Final = 10**14
"""Excel keeps 15 significant digits: a number this large in an ID cell has lost its tail."""
SEARCHED: Final = 10
"""Rows after the agreed one in which the header is looked for: title rows come and go."""
LONGEST_MARKER: Final = 40

Cells = Sequence[Any]


def open_sheet(source: IO[bytes]) -> Iterator[Cells]:
    """Rows of the first sheet, from its first row and column on.

    Raises:
        DeliveryRefused: PB-DL-017 it is no sound workbook, PB-DL-009 it is unsafe, PB-DL-021 it is too
            large.
    """
    content = source.read(LARGEST_WORKBOOK + 1)
    if len(content) > LARGEST_WORKBOOK:
        raise DeliveryRefused("PB-DL-021", bytes=len(content))
    checked = io.BytesIO(checked_workbook(content))
    with refusing("PB-DL-017"):
        sheet = CalamineWorkbook.from_filelike(checked).get_sheet_by_index(0)
        return _rows(sheet.iter_rows(), sheet.start[1] if sheet.start else 0)


def _rows(rows: Iterator[list[Any]], columns_before: int) -> Iterator[Cells]:
    blanks = [""] * columns_before
    while True:
        with refusing("PB-DL-017"):
            block = list(islice(rows, 1000))
        if not block:
            return
        yield from ([*blanks, *row] for row in block)


def find_header(
    rows: Iterator[Cells], title_rows: int, match: Callable[[Sequence[str]], Header]
) -> tuple[Header, Iterator[Cells]]:
    """The header, and the rows after it.

    It is looked for in the agreed row first, then in every row at the top, then in every two that
    merged cells make one. `match` refuses what is no header.

    Raises:
        DeliveryRefused: as the agreed row is refused; PB-HD-007 when there is nothing in it.
    """
    top = list(islice(rows, title_rows + 1 + SEARCHED))
    refusal = DeliveryRefused("PB-HD-007")
    for last, fields in _candidates([_fields(row) for row in top], title_rows):
        try:
            return _noted(match(fields), as_agreed=last == title_rows), chain(top[last + 1 :], rows)
        except DeliveryRefused as refused:
            refusal = refused if last == title_rows and refusal.code == "PB-HD-007" else refusal
    raise refusal


def _candidates(top: list[list[str]], agreed: int) -> Iterator[tuple[int, list[str]]]:
    """Index of the last row of a possible header, and its fields."""
    order = sorted(range(len(top)), key=lambda at: at != agreed)
    yield from ((at, top[at]) for at in order if top[at])
    for at in range(1, len(top)):
        upper, lower = top[at - 1], top[at]
        if upper and lower:
            width = max(len(upper), len(lower))
            padded = [row + [""] * (width - len(row)) for row in (upper, lower)]
            yield at, [low or up for up, low in zip(*padded, strict=True)]


def _fields(row: Cells) -> list[str]:
    """The cells as text; blank ones at the end are cut off."""
    fields = [_text(cell) for cell in row]
    while fields and not tidy(fields[-1]):
        fields.pop()
    return fields


def _noted(header: Header, *, as_agreed: bool) -> Header:
    if as_agreed:
        return header
    return Header(header.names, header.renamed, header.absent, (*header.notes, ("PB-HD-010", "*")))


def read_cells(
    rows: Iterator[Cells], names: Sequence[str], total_marker: str | None, ids: Collection[str]
) -> Iterator[Chunk]:
    """Data rows until the total row; `ids` are the columns whose cells must not be numbers."""
    data = _until_total(rows, None if total_marker is None else _marker(total_marker))
    places = [names.index(name) for name in ids if name in names]
    first = 1
    while block := list(islice(data, ROWS)):
        yield chunk_of([_judged(row, len(names), places) for row in block], first, names)
        first += len(block)


def _until_total(rows: Iterator[Cells], marker: str | None) -> Iterator[Cells]:
    for row in rows:
        if _is_blank(row):
            continue
        if marker is not None and isinstance(row[0], str) and _marker(row[0]) == marker:
            return
        yield row


def _is_blank(row: Cells) -> bool:
    """Whether nothing is in the row; the first test is quick, and a zero is not nothing."""
    if not any(row):
        return all(isinstance(cell, str) for cell in row)
    return not any(not isinstance(cell, str) or cell.strip() for cell in row)


def _marker(cell: str) -> str:
    """`合 计：` is `合计`."""
    return tidy(cell).rstrip(":") if len(cell) <= LONGEST_MARKER else ""


def _judged(row: Cells, width: int, ids: list[int]) -> list[str] | str:
    """The row's cells as text, or the code why it is no record."""
    cells = [cell if isinstance(cell, str) else _text(cell) for cell in row]
    if any(cell.strip() for cell in cells[width:]):
        return "PB-RW-002"
    if any(isinstance(row[i], int | float) and abs(row[i]) >= DAMAGED for i in ids if i < len(row)):
        return "PB-RW-006"
    if any("\0" in cell for cell in cells):
        return "PB-RW-003"
    if max(map(len, cells)) > LONGEST_FIELD:
        return "PB-RW-009"
    return cells[:width] + [""] * (width - len(cells))


def _text(cell: object) -> str:
    """A cell as the text a reader of the sheet would type."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    return "" if cell is None else str(cell)
