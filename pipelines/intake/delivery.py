"""A delivery as header and chunks of text rows, whatever its form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import IO

import polars as pl

from pipelines.contract.model import Contract
from pipelines.errors import DeliveryRefused
from pipelines.intake import dbf, fixed, text, workbook
from pipelines.intake.archive import open_member
from pipelines.intake.chunk import Chunk
from pipelines.intake.header import Header, read_header
from pipelines.intake.lines import lines_of
from pipelines.intake.manifest import Manifest
from pipelines.intake.text import Dialect

ID_TYPES = ("citizen_id", "school_roll")

Match = Callable[[Sequence[str]], Header]
"""From the fields as delivered to the header; refuses what is none."""


@dataclass(frozen=True)
class Reading:
    """An opened delivery: its header, and its rows still to be read."""

    header: Header
    chunks: Iterator[Chunk]


@contextmanager
def open_delivery(
    source: IO[bytes],
    contract: Contract,
    manifest: Manifest,
    aliases: Mapping[str, Sequence[str]],
) -> Iterator[Reading]:
    """Open delivered bytes the way the contract says; `source` is buffered and can seek.

    Raises:
        DeliveryRefused: when archive, workbook, encoding or header cannot be taken; reading the chunks
            may raise it too.
    """
    form = contract.delivery
    extra = (form.operation_column,) if manifest.mode == "incremental" else ()
    match = partial(read_header, contract=contract, aliases=aliases, extra=extra)
    read = _READERS[form.form]
    with ExitStack() as stack:
        stream = source
        if form.archive:
            stream = stack.enter_context(open_member(source, may_be_zip=form.form == "workbook"))
        yield read(stream, contract, manifest, match)


def _read_text(stream: IO[bytes], contract: Contract, _manifest: Manifest, match: Match) -> Reading:
    dialect = dialect_of(contract)
    fields, blocks = text.open_text(stream, dialect)
    header = match(fields)
    return Reading(header, text.read_rows(blocks, header.names, dialect))


def _read_workbook(stream: IO[bytes], contract: Contract, _manifest: Manifest, match: Match) -> Reading:
    form = contract.delivery
    header, rows = workbook.find_header(workbook.open_sheet(stream), form.title_rows, match)
    ids = [column.source for column in contract.columns if column.type in ID_TYPES]
    return Reading(header, workbook.read_cells(rows, header.names, form.total_marker, ids))


def _read_fixed(stream: IO[bytes], contract: Contract, manifest: Manifest, match: Match) -> Reading:
    layout = layout_of(contract, manifest.mode)
    header = match([place.name for place in layout.places])
    blocks = lines_of(stream, layout.encoding)
    return Reading(header, fixed.read_fixed(blocks, header.names, layout))


def _read_dbf(stream: IO[bytes], contract: Contract, _manifest: Manifest, match: Match) -> Reading:
    table = dbf.open_table(stream, codec_of(contract))
    header = match(table.names)
    return Reading(header, dbf.read_table(stream, table, header.names))


_READERS: Mapping[str, Callable[[IO[bytes], Contract, Manifest, Match], Reading]] = {
    "text": _read_text,
    "table": _read_text,
    "workbook": _read_workbook,
    "fixed_width": _read_fixed,
    "dbf": _read_dbf,
}


def codec_of(contract: Contract) -> str:
    """Codec of the contract's encoding; GBK is read as GB 18030, which contains it."""
    encoding = contract.delivery.encoding
    return "gb18030" if encoding == "gbk" else encoding


def dialect_of(contract: Contract) -> Dialect:
    """How the text of that feed is written; packages of a table are kept as quoted UTF-8."""
    form = contract.delivery
    if form.form == "table":
        return Dialect("utf-8", ",", '"')
    return Dialect(codec_of(contract), form.separator, form.quote)


def layout_of(contract: Contract, mode: str) -> fixed.Layout:
    """Places of the columns in a record; the operation column is there in incremental deliveries only."""
    form = contract.delivery
    left_out = form.operation_column if mode == "full" else None
    places = tuple(
        fixed.Place(source, first - 1, last)
        for source, (first, last) in form.layout.items()
        if source != left_out
    )
    return fixed.Layout(places, max(place.stop for place in places), codec_of(contract))


def package_bytes(package: pl.DataFrame) -> bytes:
    """A table's package in the one spelling that is hashed and kept: quoted CSV, UTF-8, LF.

    Line breaks inside cells, which a table can hold and a line cannot, become blanks.
    """
    if not package.height:
        raise DeliveryRefused("PB-DL-014")
    flat = package.with_columns(pl.col(pl.String).str.replace_all(r"[\r\n]+", " "))
    return flat.write_csv(quote_style="always").encode("utf-8")
