"""Tables written as text: delimited, and of fixed width; with the ways in which exports go wrong."""

from __future__ import annotations

from random import Random

from tests.fuzz.tables import Table

ENDS = ("\r\n", "\n", "\r", "\r\r\n", "\n\n", "\r\n \r\n")
LAYOUT = {"BH": (1, 6), "SFZH": (7, 24), "XM": (26, 45), "CSRQ": (46, 53), "LXDH": (54, 64), "CZBZ": (65, 65)}


def delimited(rng: Random, table: Table, encoding: str, separator: str, *, quoted: bool) -> bytes:
    """Lines of that encoding; a few lines may be in another."""
    quoting = rng.choice(("needed", "needed", "all", "some")) if quoted else "never"
    lines = [_line(rng, row, separator, quoting) for row in (table.header, *table.rows)]
    end = ENDS[0] if rng.random() < 0.6 else rng.choice(ENDS)
    mixed = rng.random() < 0.1
    other = rng.choice(("utf-8", "gb18030", "utf-16", "big5", "latin-1"))
    wrong = rng.choice((0, 0, 0, 0, 0.3, 1))
    content = b""
    for line in lines:
        used = other if rng.random() < wrong else encoding
        content += (line + (rng.choice(ENDS) if mixed else end)).encode(used, "replace")
    return _begun(rng, encoding) + _ended(rng, content)


def _line(rng: Random, row: list[str], separator: str, quoting: str) -> str:
    cells = []
    for cell in row:
        needs = any(sign in cell for sign in (separator, '"', "\n", "\r"))
        take = {"never": False, "needed": needs, "all": True, "some": rng.random() < 0.5}[quoting]
        cells.append('"' + cell.replace('"', '""') + '"' if take else cell)
    return separator.join(cells)


def _begun(rng: Random, encoding: str) -> bytes:
    marks = {"utf-8": b"\xef\xbb\xbf", "utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}
    mark = marks.get(encoding, b"")
    return mark if rng.random() < 0.7 else rng.choice((b"", b"\xef\xbb\xbf", b"\r\n", b"\xff\xfe", mark * 2))


def _ended(rng: Random, content: bytes) -> bytes:
    if rng.random() < 0.8:
        return content
    return rng.choice((content.rstrip(), content + b"\x1a", content + b"\r\n \r\n", content + b"\x1a\r\n\0"))


def fixed_width(rng: Random, table: Table, mode: str) -> bytes:
    """Records by bytes; values too long are cut, in the middle of a character too."""
    length = 65 if mode == "incremental" else 64
    lines = []
    for row in table.rows:
        record = bytearray(b" " * length)
        for cell, (first, last) in zip(row, LAYOUT.values(), strict=False):
            width = last - first + 1
            record[first - 1 : last] = cell.encode("gbk", "replace")[:width].ljust(width)
        if rng.random() < 0.1:
            record += b" "
        lines.append(bytes(record[: length + 1]))
    end = rng.choice(ENDS[:3]).encode()
    return _ended(rng, b"".join(line + end for line in lines))
