"""Files of rows that come a chunk at a time: Parquet, CSV, XLSX. Same rows, same bytes; no cell starts a formula."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from pipelines.errors import PopbaseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from pipelines.store.readers import ViewColumn

    Chunks = Iterable[list[tuple[Any, ...]]]
    Writer = Callable[[Path, Sequence[ViewColumn], Chunks], tuple[int, int]]

Format = Literal["parquet", "csv", "xlsx"]
STARTS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""As OWASP lists them, and their full-width forms, which some spreadsheets take for the same."""
SHEET_ROWS: Final = 1_048_575
"""Rows of a sheet below its header."""
_LONG_AGO: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - a workbook's date has no zone
_WHOLE: Final = ("bigint", "integer", "smallint")
_BROKEN: Final = ("numeric", "double precision", "real")


def write_parquet(path: Path, columns: Sequence[ViewColumn], chunks: Chunks) -> tuple[int, int]:
    """Parquet: texts as strings, dates as dates; returns rows, and 0."""
    import pyarrow as pa  # noqa: PLC0415 - only when such a file is made
    import pyarrow.parquet as pq  # noqa: PLC0415

    types = [_arrow_type(pa, column.sql_type) for column in columns]
    schema = pa.schema(list(zip((c.name for c in columns), types, strict=True)))
    rows = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for chunk in chunks:
            cells = zip(*chunk, strict=True)
            arrays = [
                pa.array([_typed(cell, type_) for cell in column], type_)
                for column, type_ in zip(cells, types, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            rows += len(chunk)
    return rows, 0


def _arrow_type(pa: Any, sql_type: str) -> Any:
    if sql_type in _WHOLE:
        return pa.int64()
    if sql_type in _BROKEN:
        return pa.float64()
    zone = "UTC" if sql_type == "timestamp with time zone" else None
    known = {"boolean": pa.bool_(), "date": pa.date32()}
    return pa.timestamp("us", zone) if sql_type.startswith("timestamp") else known.get(sql_type, pa.string())


def _typed(cell: Any, type_: Any) -> Any:
    if cell is None or str(type_) != "string":
        return float(cell) if cell is not None and str(type_) == "double" else cell
    return _text(cell)


def _text(cell: Any) -> str:
    """A cell as text; several words are joined by blanks."""
    if isinstance(cell, list):
        return " ".join(map(str, cell))
    return cell.isoformat() if isinstance(cell, date | datetime) else str(cell)


def write_csv(path: Path, columns: Sequence[ViewColumn], chunks: Chunks) -> tuple[int, int]:
    """CSV, UTF-8 with BOM: texts quoted, unknown empty and unquoted; returns rows, and cells that were guarded."""
    rows = guarded = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        file.write(",".join(f'"{column.name}"' for column in columns) + "\r\n")
        for chunk in chunks:
            for row in chunk:
                cells = [_csv_cell(cell) for cell in row]
                guarded += sum(is_guarded for _, is_guarded in cells)
                file.write(",".join(text for text, _ in cells) + "\r\n")
            rows += len(chunk)
    return rows, guarded


def _csv_cell(cell: Any) -> tuple[str, bool]:
    if cell is None:
        return "", False
    if not isinstance(cell, str | list):
        return _text(cell), False
    text = _text(cell)
    is_formula = text.startswith(STARTS_A_FORMULA)
    quoted = text.replace('"', '""')
    return (f'"\'{quoted}"' if is_formula else f'"{quoted}"'), is_formula


def write_xlsx(path: Path, columns: Sequence[ViewColumn], chunks: Chunks) -> tuple[int, int]:
    """A workbook, a further sheet where one is full; texts are marked as texts. Returns rows, and 0."""
    import xlsxwriter  # noqa: PLC0415 - only when such a file is made

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    rows = 0
    with xlsxwriter.Workbook(path, options) as book:
        book.set_properties({"created": _LONG_AGO})
        as_text = book.add_format({"num_format": "@", "quote_prefix": True})
        sheet = _new_sheet(book, columns)
        for chunk in chunks:
            for row in chunk:
                if rows and rows % SHEET_ROWS == 0:
                    sheet = _new_sheet(book, columns)
                _write_row(sheet, rows % SHEET_ROWS + 1, row, as_text)
                rows += 1
    return rows, 0


def _new_sheet(book: Any, columns: Sequence[ViewColumn]) -> Any:
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column.name)
    return sheet


def _write_row(sheet: Any, line: int, row: tuple[Any, ...], as_text: Any) -> None:
    """Dates go as text: a workbook knows none before 1900."""
    for place, cell in enumerate(row):
        if cell is None:
            continue
        if isinstance(cell, bool):
            fault = sheet.write_boolean(line, place, cell)
        elif isinstance(cell, int | float) or type(cell).__name__ == "Decimal":
            fault = sheet.write_number(line, place, cell)
        else:
            fault = sheet.write_string(line, place, _text(cell), as_text)
        if fault:
            raise PopbaseError(
                f"row {line}, column {place + 1} does not fit into a workbook's cell", hint="--format parquet"
            )


WRITERS: Final[Mapping[Format, Writer]] = {"parquet": write_parquet, "csv": write_csv, "xlsx": write_xlsx}
