"""One data file inside a ZIP, within bounds: members, sizes, ratio, no path that points outside.

The archive's own list of members is read within a bound too, before anything of it is believed. The
zipfile module never yields more than the stated size of a member and checks its CRC at the end.
"""

from __future__ import annotations

import io
import re
import stat
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Final

from pipelines.errors import DeliveryRefused
from pipelines.intake.guard import refusing

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LARGEST_MEMBER: Final = 8 << 30
LARGEST_RATIO: Final = 200
SMALL_ENOUGH: Final = 1 << 20
"""Bytes below which the ratio says nothing: a small file of blanks packs very well."""
MOST_MEMBERS: Final = 1000
LARGEST_READ: Final = 4 << 20
PIECE: Final = 1 << 16
ZIP_START: Final = b"PK\x03\x04"

_ENCRYPTED, _UTF8_NAME = 0x1, 0x800
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@contextmanager
def open_member(source: IO[bytes], *, may_be_zip: bool = False) -> Iterator[IO[bytes]]:
    """The only file in the archive, as a stream; `may_be_zip` is for workbooks.

    Raises:
        DeliveryRefused: PB-DL-010 it does not open or has not exactly one file, PB-DL-009 it is unsafe
            (size, ratio, members, a path outside, a ZIP in a ZIP). Reading the stream may raise
            PB-DL-010 as well, when the data is damaged.
    """
    with refusing("PB-DL-010"):
        archive = zipfile.ZipFile(_Bounded(source))
        member = archive.open(_only_file(archive))
    with archive, member:
        stream = io.BufferedReader(_Member(member), LARGEST_READ)
        if not may_be_zip and stream.peek(4).startswith(ZIP_START):
            raise DeliveryRefused("PB-DL-009", why="nested")
        yield stream


def _only_file(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = archive.infolist()
    refuse_unsafe(members)
    files = [member for member in members if not member.is_dir()]
    if len(files) != 1:
        raise DeliveryRefused("PB-DL-010", files=len(files))
    refuse_unreadable(files, "PB-DL-010")
    return files[0]


def refuse_unsafe(members: Sequence[zipfile.ZipInfo], largest: int = LARGEST_MEMBER) -> None:
    """Refuse (PB-DL-009) by what the list of members says, before anything is unpacked."""
    if len(members) > MOST_MEMBERS:
        raise DeliveryRefused("PB-DL-009", members=len(members))
    size = sum(member.file_size for member in members)
    ratio = max(
        (m.file_size / max(m.compress_size, 1) for m in members if m.file_size > SMALL_ENOUGH), default=0
    )
    if size > largest or ratio > LARGEST_RATIO:
        raise DeliveryRefused("PB-DL-009", bytes=size, ratio=round(ratio))
    if any(_points_outside(member) for member in members):
        raise DeliveryRefused("PB-DL-009", why="path")


def refuse_unreadable(members: Sequence[zipfile.ZipInfo], code: str) -> None:
    """Refuse members that are encrypted or packed in a way whose memory cannot be bounded."""
    if any(member.flag_bits & _ENCRYPTED for member in members):
        raise DeliveryRefused(code, why="encrypted")
    if any(member.compress_type not in _METHODS for member in members):
        raise DeliveryRefused(code, why="method")


def _points_outside(member: zipfile.ZipInfo) -> bool:
    name = member_name(member)
    absolute = name.startswith(("/", "\\")) or re.match("[A-Za-z]:", name) is not None
    link = stat.S_ISLNK(member.external_attr >> 16)
    return absolute or link or "\0" in name or ".." in re.split(r"[/\\]", name)


def member_name(member: zipfile.ZipInfo) -> str:
    """The name as meant: without the UTF-8 flag it is in the packer's code page, here GB 18030.

    The second byte of a GBK character may be a backslash; as CP 437 it would look like a path.
    """
    if member.flag_bits & _UTF8_NAME:
        return member.orig_filename
    try:
        return member.orig_filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return member.orig_filename


class _Bounded:
    """A file that refuses to be read in pieces larger than a sane list of members."""

    def __init__(self, source: IO[bytes]) -> None:
        self.seek, self.tell, self.seekable = source.seek, source.tell, source.seekable
        self._source = source

    def read(self, size: int = -1) -> bytes:
        wanted = LARGEST_READ + 1 if size < 0 else size
        if wanted > LARGEST_READ + 1:
            raise DeliveryRefused("PB-DL-009", why="list of members")
        read = self._source.read(wanted)
        if len(read) > LARGEST_READ:
            raise DeliveryRefused("PB-DL-009", why="list of members")
        return read


class _Member(io.RawIOBase):
    """A member's bytes; what its reader raises becomes a refusal."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        with refusing("PB-DL-010"):
            piece = self._stream.read(min(len(view), PIECE))
        view[: len(piece)] = piece
        return len(piece)
