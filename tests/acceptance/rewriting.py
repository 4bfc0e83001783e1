"""Deliveries taken apart into cells and put together again, with their manifests made to fit."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl

from pipelines.contract.load import load_contracts
from pipelines.contract.model import Contract

Cells = list[list[Any]]
Change = Callable[[str, list[str], Cells], Cells]
"""Change(feed, header, rows) -> rows: rows that could not be cut into cells are not among them."""
UNMARKED = {"utf-8-sig": "utf-8"}


def rewrite(delivered: Path, change: Change) -> None:
    """Put every delivery below `delivered` (inbox/ and front/) through the change."""
    for path in sorted((delivered / "inbox").glob("*/*/*/manifest.json")):
        feed = str(path.parent.parent.relative_to(delivered / "inbox"))
        manifest = json.loads(path.read_text(encoding="utf-8"))
        manifest.pop("control_totals", None)
        if "file" in manifest:
            file = path.parent / manifest["file"]
            rewrite_file(file, load_contracts()[feed], change)
            manifest["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
        path.write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    for table in sorted((delivered / "front").glob("*.parquet")):
        frame = pl.read_parquet(table)
        feed = next(f for f, c in load_contracts().items() if c.delivery.table == table.stem)
        rows = change(feed, frame.columns, [list(row) for row in frame.iter_rows()])
        pl.DataFrame(rows, schema=frame.schema, orient="row").write_parquet(table)


def rewrite_file(file: Path, contract: Contract, change: Change) -> None:
    """One data file, in place."""
    form = contract.delivery
    if form.form == "workbook":
        _rewrite_workbook(file, contract, change)
    elif form.archive:
        with zipfile.ZipFile(file) as archive:
            member = archive.infolist()[0]
            text = archive.read(member)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(member, _rewritten(text, contract, change))
    else:
        file.write_bytes(_rewritten(file.read_bytes(), contract, change))


def _rewritten(text: bytes, contract: Contract, change: Change) -> bytes:
    """Lines that are cut without doubt go through the change, the others follow them as they are."""
    encoding = UNMARKED.get(contract.delivery.encoding, contract.delivery.encoding)
    mark = b"\xef\xbb\xbf" if text.startswith(b"\xef\xbb\xbf") else b""
    first, *lines = [line for line in text.removeprefix(mark).split(b"\r\n") if line]
    separator = contract.delivery.separator
    header = first.decode(encoding).split(separator)
    plain: Cells = []
    odd: Cells = []
    for line in lines:
        cells = line.decode(encoding, errors="surrogateescape").split(separator)
        is_plain = len(cells) == len(header) and not {'"', "\x00"} & set("".join(cells))
        (plain if is_plain else odd).append(cells)
    cells_after = [*change(contract.feed, header, plain), *odd]
    written = [separator.join(cells).encode(encoding, errors="surrogateescape") for cells in cells_after]
    return mark + b"".join(line + b"\r\n" for line in [first, *written])


def _rewrite_workbook(file: Path, contract: Contract, change: Change) -> None:
    book = openpyxl.load_workbook(file)
    sheet = book.active
    assert sheet is not None
    top = contract.delivery.title_rows + 1
    header = [str(cell.value) for cell in sheet[top]]
    rows = list(_data_rows(sheet, top + 1, str(contract.delivery.total_marker)))
    changed: list[Any] = change(contract.feed, header, [[cell.value for cell in row] for row in rows])
    for row, values in zip(rows, changed, strict=True):
        for cell, value in zip(row, values, strict=True):
            cell.value = value
    written = io.BytesIO()
    book.save(written)
    file.write_bytes(written.getvalue())


def _data_rows(sheet: Any, first: int, total: str) -> Iterator[Any]:
    for row in sheet.iter_rows(min_row=first):
        if row[0].value == total:
            return
        yield row
