"""Tables written as DBF, with headers that lie."""

from __future__ import annotations

import struct
from random import Random

from tests.fuzz.tables import Table

EDGES = (0, 1, 2, 31, 32, 33, 64, 255, 256, 4095, 65535)


def dbf(rng: Random, table: Table) -> bytes:
    """dBASE III; each number of the header may be wrong."""
    width = rng.choice((8, 12, 20, 40))
    columns = table.header[:255]
    described = b"".join(_described(rng, name, width) for name in columns)
    records = [_record(rng, row, width, len(columns)) for row in table.rows]
    numbers = [len(records), 32 + len(described) + 1, 1 + width * len(columns)]
    if rng.random() < 0.15:
        at = rng.randrange(3)
        numbers[at] = rng.choice((*EDGES, numbers[at] - 1, numbers[at] + 1, 65535, 2**32 - 1))
    version = 3 if rng.random() < 0.9 else rng.choice((0x30, 0x83, 0, 0xF5, 0x8B))
    head = struct.pack(
        "<BBBBIHH20x", version, 26, 6, 30, numbers[0] & 0xFFFFFFFF, numbers[1] & 0xFFFF, numbers[2] & 0xFFFF
    )
    end = rng.choice((b"\x1a", b"\x1a", b"", b"\x1a\0\0", b"\x1amore", b"\r\n"))
    return head + described + b"\r" + b"".join(records) + end


def _described(rng: Random, name: str, width: int) -> bytes:
    kind = rng.choice("CCCCCCCCNDLF") if rng.random() < 0.98 else rng.choice("MGBPITY0\0\xff")
    decimals = 0 if rng.random() < 0.98 else rng.choice((1, 4, 255))
    return struct.pack(
        "<11sc4xBB14x", name.encode("gbk", "replace")[:10], kind.encode("latin-1"), width, decimals
    )


def _record(rng: Random, row: list[str], width: int, columns: int) -> bytes:
    cells = [cell.encode("gbk", "replace")[:width].ljust(width) for cell in (*row, *[""] * columns)]
    mark = b" " if rng.random() < 0.95 else rng.choice((b"*", b"?", b"\0", b"\x1a"))
    return mark + b"".join(cells[:columns])
