"""Looks at a workbook before it is opened: what would exhaust the machine, or lose cells unseen, is refused.

An xlsx is a ZIP of XML. The reader behind `workbook` lays a sheet out as one rectangle and gives every
cell its own copy of a shared text, so a file of few bytes may ask for any amount of memory, and the
reader aborts when it gets none. And it takes cells to be in order: one in a wrong place overwrites another.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import Final

from pipelines.errors import DeliveryRefused
from pipelines.intake.archive import ZIP_START, refuse_unreadable, refuse_unsafe
from pipelines.intake.cells import Places, TextLengths, Weights, parse
from pipelines.intake.guard import refusing

LARGEST_UNPACKED: Final = 1 << 30
MOST_TEXT: Final = 1 << 30
"""Bytes of the texts of all cells, each with its own copy."""
_PIECE: Final = 1 << 20
_OF_OTHER_FORMS: Final = ("content.xml", "workbook.bin")


def checked_workbook(content: bytes) -> bytes:
    """The workbook packed anew, after a look at its members and the cells of every sheet.

    Two readers of one ZIP need not see the same members in a damaged one; in the copy they do.

    Raises:
        DeliveryRefused: PB-DL-017 it is no sound xlsx, PB-DL-009 it is a bomb, PB-DL-021 it has too
            many cells.
    """
    if not content.startswith(ZIP_START):
        raise DeliveryRefused("PB-DL-017", why="not xlsx")
    with refusing("PB-DL-017"):
        copy = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            refuse_unsafe(members, LARGEST_UNPACKED)
            refuse_unreadable(members, "PB-DL-017")
            _refuse_ambiguous([member.filename.lower() for member in members])
            _pack(archive, members, copy)
        with zipfile.ZipFile(copy) as archive:
            _refuse_unsafe_sheets(archive, archive.infolist())
    return copy.getvalue()


def _pack(archive: zipfile.ZipFile, members: Sequence[zipfile.ZipInfo], copy: io.BytesIO) -> None:
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
        for member in members:
            with target.open(member.filename, "w") as stream:
                for piece in _pieces(archive, member):
                    stream.write(piece)


def _refuse_ambiguous(names: Sequence[str]) -> None:
    if any(name.endswith(_OF_OTHER_FORMS) for name in names):
        raise DeliveryRefused("PB-DL-017", why="not xlsx")
    if len(set(names)) != len(names):
        raise DeliveryRefused("PB-DL-017", why="a name stands twice")


def _refuse_unsafe_sheets(archive: zipfile.ZipFile, members: Sequence[zipfile.ZipInfo]) -> None:
    """Which member is what is told by its content: the names are the sender's."""
    longest = {member.filename: _longest_text(archive, member) for member in members}
    sheets = [member for member in members if longest[member.filename] is None]
    shared = 0
    for sheet in sheets:
        places = Places()
        parse(_pieces(archive, sheet), places.start)
        shared += places.shared
    for member in members:
        if shared * (longest[member.filename] or 0) > MOST_TEXT:
            _weigh(archive, member, sheets)


def _weigh(archive: zipfile.ZipFile, texts: zipfile.ZipInfo, sheets: Sequence[zipfile.ZipInfo]) -> None:
    """The exact count, where the cheap bound was passed: one long remark among many short cells."""
    lengths = TextLengths()
    parse(_pieces(archive, texts), lengths.start, text=lengths.text)
    weights = Weights(lengths.bytes)
    for sheet in sheets:
        parse(_pieces(archive, sheet), weights.start, text=weights.text, end=weights.end)
    if weights.total > MOST_TEXT:
        raise DeliveryRefused("PB-DL-009", text_bytes=weights.total)


def _pieces(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(member) as stream:
        while piece := stream.read(_PIECE):
            yield piece


def _longest_text(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> int | None:
    """An upper bound of the bytes of one shared text, 0 without any; None when it is a sheet."""
    before, longest, since = b"", 0, 0
    has_texts = False
    for piece in _pieces(archive, member):
        if b"sheetData" in before + piece:
            return None
        first, *others = piece.split(b"si>")
        has_texts |= bool(others) or b"si>" in before + piece[:2]
        longest = max(longest, since + len(first), *map(len, others), 0)
        since = len(others[-1]) if others else since + len(first)
        before = piece[-16:]
    return longest if has_texts else 0
