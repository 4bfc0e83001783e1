"""ZIP archives, of one text or of a workbook's parts, with members and headers that lie."""

from __future__ import annotations

import io
import stat
import warnings
import zipfile
from collections.abc import Mapping
from random import Random

NAMES = (
    "a.txt", "参保.txt", "a/b.txt", "../a.txt", "/a", "C:\\a", "a\\..\\b", "x" * 300, "a\0b", ".", "..", "", "a/",
    "a.zip", "CON",
)  # fmt: skip
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


def archive(rng: Random, members: Mapping[str, bytes], *, worse: float) -> bytes:
    """The members packed; with probability `worse` something about the archive is wrong."""
    is_worse = rng.random() < worse
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as target:
        warnings.simplefilter("ignore")  # of names that stand twice: meant
        for name, content in members.items():
            used = rng.choice(NAMES) if is_worse and rng.random() < 0.3 else name
            target.writestr(_member(rng, used, worse=is_worse), content)
        if is_worse:
            _add_more(rng, target)
    content = buffer.getvalue()
    return _lying(rng, bytearray(content)) if is_worse and rng.random() < 0.6 else content


def _member(rng: Random, name: str, *, worse: bool) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name or "a")
    member.compress_type = zipfile.ZIP_DEFLATED
    if worse and rng.random() < 0.2:
        member.compress_type = rng.choice(METHODS)
    if worse and rng.random() < 0.1:
        member.external_attr = stat.S_IFLNK << 16
    return member


def _add_more(rng: Random, target: zipfile.ZipFile) -> None:
    kind = rng.randrange(8)
    if kind == 0:
        target.writestr(_member(rng, rng.choice(NAMES), worse=True), b"more")
    elif kind == 1:
        target.writestr(_member(rng, "bomb", worse=False), bytes(2 << 20))
    elif kind == 2:
        target.comment = rng.choice((b"comment", b"PK\x05\x06" + bytes(18), bytes(60_000)))
    elif kind == 3:
        inner = io.BytesIO()
        with zipfile.ZipFile(inner, "w") as nested:
            nested.writestr(zipfile.ZipInfo("a.txt"), b"1")
        target.writestr(_member(rng, "a.csv", worse=False), inner.getvalue())


def _lying(rng: Random, content: bytearray) -> bytes:
    """A number in a local header, in the directory or at its end is another; or bytes stand around."""
    start = rng.choice((b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"))
    at = content.rfind(start) if rng.random() < 0.5 else content.find(start)
    if at >= 0:
        field = at + 4 + 2 * rng.randrange(20 if start == b"PK\x01\x02" else 9)
        content[field : field + 2] = rng.choice((b"\0\0", b"\1\0", b"\xff\xff", b"\0\x08", rng.randbytes(2)))
    if rng.random() < 0.1:
        content[:0] = rng.choice((b"MZ", b"PK\x03\x04", bytes(30)))
    if rng.random() < 0.1:
        content += rng.choice((b"\x1a", b"\r\n", bytes(22), b"PK\x05\x06" + bytes(18)))
    return bytes(content)
