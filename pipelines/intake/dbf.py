"""dBASE tables (DBF): a header with the layout, records of fixed width, 0x1A at the end.

Layout after the dBASE III and FoxPro file format: 32 bytes of header, 32 for each field, 0x0D; each
record begins with a blank, or `*` when it is deleted. Deleted records are no rows. Types C, N, F, D and
L are text; a file with binary or memo fields is refused rather than read without them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Final

import numpy as np
import numpy.typing as npt

from pipelines.errors import DeliveryRefused
from pipelines.intake.chunk import Chunk
from pipelines.intake.fixed import Layout, Place, Records, cut_records, with_codes
from pipelines.intake.lines import BLOCK

_VERSIONS: Final = (0x02, 0x03, 0x30, 0x31, 0x32, 0x43, 0x63, 0x83, 0x8B, 0xCB, 0xF5, 0xFB)
_TEXT_TYPES: Final = b"CNFDL"
_FIELD, _HEAD = 32, 32
_SOUND, _DELETED = ord(" "), ord("*")
_AFTER_THE_END: Final = b"\x1a\0 \r\n"


@dataclass(frozen=True)
class Table:
    """What the header says: the layout, and how many records there are."""

    layout: Layout
    records: int

    @property
    def names(self) -> list[str]:
        """Fields in their order."""
        return [place.name for place in self.layout.places]


def open_table(source: IO[bytes], encoding: str) -> Table:
    """Read the header; the records follow in `source`.

    Raises:
        DeliveryRefused: PB-DL-011 the file is empty, PB-DL-025 the header is damaged or has fields that
            are no text, PB-DL-015 a name does not decode.
    """
    head = source.read(_HEAD)
    if not head:
        raise DeliveryRefused("PB-DL-011")
    if len(head) < _HEAD or head[0] not in _VERSIONS:
        raise _damaged("version")
    records, header_bytes, record_bytes = struct.unpack("<IHH", head[4:12])
    rest = source.read(max(header_bytes - _HEAD, 0))
    places = tuple(_places(rest, encoding))
    if len(rest) != header_bytes - _HEAD or not places or places[-1].stop != record_bytes:
        raise _damaged("header")
    return Table(Layout(places, record_bytes, encoding, padding=" \0"), records)


def _places(fields: bytes, encoding: str) -> Iterator[Place]:
    at = 1
    for start in range(0, len(fields) - _FIELD + 1, _FIELD):
        field = fields[start : start + _FIELD]
        if field[0] == ord("\r"):
            return
        if field[11] not in _TEXT_TYPES or not field[16]:
            raise _damaged("field type")
        # Texts above 255 bytes keep the high byte of their length where numbers keep their decimals.
        length = field[16] + (field[17] << 8 if field[11] == ord("C") else 0)
        yield Place(_name(field[:11], encoding), at, at + length)
        at += length


def _name(name: bytes, encoding: str) -> str:
    try:
        return name.partition(b"\0")[0].decode(encoding)
    except UnicodeDecodeError:
        raise DeliveryRefused("PB-DL-015", encoding=encoding) from None


def read_table(source: IO[bytes], table: Table, names: Sequence[str]) -> Iterator[Chunk]:
    """Records in blocks of about 4 MiB.

    Raises:
        DeliveryRefused: PB-DL-025 when there are fewer records than the header says, or something
            after them.
    """
    first, left = 1, table.records
    while left:
        wanted = min(left, max(BLOCK // table.layout.length, 1))
        content = source.read(wanted * table.layout.length)
        if len(content) < wanted * table.layout.length:
            raise _damaged("cut short")
        left -= wanted
        records = np.frombuffer(content, dtype=np.uint8).reshape(wanted, -1)
        kept = records[records[:, 0] != _DELETED]
        if len(kept):
            yield _chunk(kept, first, names, table.layout)
            first += len(kept)
    while content := source.read(BLOCK):
        if content.strip(_AFTER_THE_END):
            raise _damaged("more than its records")


def _chunk(kept: Records, first: int, names: Sequence[str], layout: Layout) -> Chunk:
    numbers: npt.NDArray[np.int32] = np.arange(first, first + len(kept), dtype=np.int32)
    sound = kept[:, 0] == _SOUND
    chunk = cut_records(kept[sound], numbers[sound], names, layout)
    return with_codes(chunk, numbers[~sound], "PB-RW-011")


def _damaged(where: str) -> DeliveryRefused:
    return DeliveryRefused("PB-DL-025", why=where)
