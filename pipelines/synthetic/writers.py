"""Files as departments make them: delimited text, text in a ZIP, workbooks, tables.

A writer takes blocks of rows and returns their row numbers (from 1) when it knows them: at once for
files, on closing for tables, whose rows count in the order of their keys.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Protocol

import polars as pl
import xlsxwriter

from pipelines.synthetic.changing import DATE_CELL, NUMBER_CELL

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # files made twice are the same bytes
_CREATED = datetime(2026, 6, 30, tzinfo=UTC)


class Writer(Protocol):
    """One data file in the making."""

    def add(self, frame: pl.DataFrame, broken: Mapping[int, str]) -> None:
        """Write rows; `broken` says which of them (from 0) have a fault of the whole line."""

    def close(self) -> None:
        """Finish the file."""


class TextWriter:
    """Delimited text, alone or as the only member of a ZIP."""

    def __init__(self, path: Path, columns: list[str], settings: Mapping[str, Any], date: str) -> None:
        """Open the file and write the header."""
        self._separator: str = settings.get("separator", ",")
        self._quotes = self._separator == ","
        self._encoding: str = settings["encoding"].removesuffix("-sig")
        self._archive: zipfile.ZipFile | None = None
        self._stream: IO[bytes]
        if "member" in settings:
            member = zipfile.ZipInfo(settings["member"].format(date=date), _LONG_AGO)
            member.compress_type = zipfile.ZIP_DEFLATED
            self._archive = zipfile.ZipFile(path, "w")
            self._stream = self._archive.open(member, "w", force_zip64=True)
        else:
            self._stream = path.open("wb")
        if settings["encoding"].endswith("-sig"):
            self._stream.write("\ufeff".encode())
        self._write(self._separator.join(columns) + "\r\n")

    def add(self, frame: pl.DataFrame, broken: Mapping[int, str]) -> None:
        """Append lines with CRLF; quotes only where a comma or a quote needs them."""
        text = frame.with_columns(pl.all().replace("", None)).write_csv(
            include_header=False,
            separator=self._separator,
            line_terminator="\r\n",
            quote_style="necessary" if self._quotes else "never",
        )
        if broken:
            lines = text.split("\r\n")
            for row, kind in broken.items():
                lines[row] = self._broken(lines[row], kind)
            text = "\r\n".join(lines)
        self._write(text)

    def _broken(self, line: str, kind: str) -> str:
        first, rest = line.split(self._separator, 1)
        match kind:
            case "short":
                return line.rsplit(self._separator, 1)[0]
            case "long":
                return line + self._separator
            case "nul":
                return f"{first}{self._separator}\x00{rest}"
            case "undecodable":
                return f"{first}{self._separator}\udcff{rest}"
            case _:
                return f'{first}{self._separator}"{rest}'

    def _write(self, text: str) -> None:
        self._stream.write(text.encode(self._encoding, errors="surrogateescape"))

    def close(self) -> None:
        """Close the member, then its archive."""
        self._stream.close()
        if self._archive is not None:
            self._archive.close()


class SheetWriter:
    """A workbook: merged title, header, rows, total row, footer."""

    def __init__(self, path: Path, columns: list[str], settings: Mapping[str, Any], _date: str) -> None:
        """Open the workbook and write its first two rows."""
        self._book = xlsxwriter.Workbook(path, {"constant_memory": True, "strings_to_numbers": False})
        self._book.set_properties({"created": _CREATED})
        self._sheet = self._book.add_worksheet()
        self._day = self._book.add_format({"num_format": "yyyy/m/d"})
        self._footer: str = settings["footer"]
        self._sheet.merge_range(0, 0, 0, len(columns) - 1, settings["title"])
        self._sheet.write_row(1, 0, columns)
        self._rows = 2

    def add(self, frame: pl.DataFrame, broken: Mapping[int, str]) -> None:
        """Append rows; all cells are text but those marked as numbers or dates. No line breaks."""
        del broken
        for row in frame.iter_rows():
            for place, value in enumerate(row):
                if value:
                    self._cell(self._rows, place, value)
            self._rows += 1

    def _cell(self, row: int, place: int, value: str) -> None:
        if value.startswith(NUMBER_CELL):
            self._sheet.write_number(row, place, float(value.removeprefix(NUMBER_CELL)))
        elif value.startswith(DATE_CELL):
            day = datetime.strptime(value.removeprefix(DATE_CELL), "%Y-%m-%d").replace(tzinfo=UTC)
            self._sheet.write_datetime(row, place, day.replace(tzinfo=None), self._day)
        else:
            self._sheet.write_string(row, place, value)

    def close(self) -> None:
        """Write the total row and the footer."""
        self._sheet.write_string(self._rows, 0, "合计")
        self._sheet.write_string(self._rows, 1, str(self._rows - 2))
        self._sheet.write_string(self._rows + 1, 0, self._footer)
        self._book.close()


WRITERS: dict[str, Any] = {"csv": TextWriter, "zip": TextWriter, "sheet": SheetWriter}
