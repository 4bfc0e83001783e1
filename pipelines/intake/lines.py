"""Physical lines of a text delivery, in blocks: memory is bounded by the block, not by the file.

A line ends with LF or CRLF. A file whose first line ends with CR alone is one of CR ends throughout;
in others such a CR is part of its cell. A 0x1A that closes a line or the file (DOS) is not part of it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from itertools import chain
from typing import IO, Final

from pipelines.errors import DeliveryRefused

BLOCK: Final = 4 << 20
LONGEST_LINE: Final = 1 << 20
"""Bytes of a line; a file without line ends would otherwise have to be held whole."""
_LINE_END: Final = re.compile(rb"\r*\n|\r+")

Lines = Iterator[list[bytes]]


def lines_of(source: IO[bytes], encoding: str) -> Lines:
    """Lines without their ends, in blocks of about 4 MiB; blank lines are left out.

    UTF-16 comes out as UTF-8; what is no UTF-16 comes out as bytes that are no UTF-8 either.

    Raises:
        DeliveryRefused: PB-DL-024 when a line is longer than 1 MiB.
    """
    rest = b""
    blocks = _blocks(source)
    for block in _with_line_feeds(_from_utf16(blocks) if encoding == "utf-16" else blocks):
        *lines, rest = (rest + block).split(b"\n")
        longest = max(map(len, (*lines, rest)))
        if longest > LONGEST_LINE:
            raise DeliveryRefused("PB-DL-024", line_bytes=longest)
        yield _without_blanks(lines)
    yield _without_blanks([rest])


def first_line(blocks: Lines) -> tuple[bytes, Lines]:
    """The first line that is not blank, and what follows it.

    Raises:
        DeliveryRefused: PB-DL-011 when there is none.
    """
    for lines in blocks:
        if lines:
            return lines[0], chain([lines[1:]], blocks)
    raise DeliveryRefused("PB-DL-011")


def _blocks(source: IO[bytes]) -> Iterator[bytes]:
    while block := source.read(BLOCK):
        yield block


def _with_line_feeds(blocks: Iterator[bytes]) -> Iterator[bytes]:
    first = next(blocks, b"")
    end = _LINE_END.search(first)
    if end is None or end[0].endswith(b"\n"):
        return chain([first], blocks)
    return (block.replace(b"\r", b"\n") for block in chain([first], blocks))


def _without_blanks(lines: list[bytes]) -> list[bytes]:
    ended = (line.rstrip(b"\r\x1a") for line in lines)
    return [line for line in ended if line.strip()]


def _from_utf16(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """UTF-8 in place of UTF-16; half surrogate pairs become bytes that no strict decoder takes."""
    first = next(blocks, b"")
    decoder = codecs.getincrementaldecoder(_byte_order(first))("surrogatepass")
    for block in chain([first], blocks):
        yield decoder.decode(block).encode("utf-8", "surrogatepass")
    if decoder.getstate()[0]:
        yield b"\xff"


def _byte_order(first: bytes) -> str:
    """By its mark, else by where the zero bytes of separators and digits are."""
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16-le" if first.startswith(codecs.BOM_UTF16_LE) else "utf-16-be"
    return "utf-16-be" if first[::2].count(0) > first[1::2].count(0) else "utf-16-le"
