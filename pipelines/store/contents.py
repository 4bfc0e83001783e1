"""What a publication holds, spelled as its content hash is made of it: table by table the hashes of the rows, in order.

These bytes are kept in the lake under their own SHA-256, which is the content hash. A small publication takes them from
there, takes out the rows that end and puts in those that begin; bytes that have another hash are not believed.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import numpy.typing as npt
    import polars as pl

    from pipelines.store.lake import Lake

    Hashes = npt.NDArray[np.void]

WIDTH: Final = 32
"""Bytes of a hash. Hashes are kept as they are spelled, `V32`, and compared by their first eight bytes first."""


@dataclass(frozen=True)
class Contents:
    """The sorted hashes of the rows of each table that has any."""

    tables: Mapping[str, Hashes]

    @cached_property
    def sha256(self) -> str:
        """The content hash."""
        digest = hashlib.sha256()
        for block in self._spelled():
            digest.update(block)
        return digest.hexdigest()

    def rows(self, table: str) -> int:
        """How many rows a table has."""
        return len(self.tables[table]) if table in self.tables else 0

    def heights(self, tables: Iterable[str]) -> dict[str, int]:
        """How many rows each of these tables has."""
        return {table: self.rows(table) for table in tables}

    def changed(self, table: str, ended: pl.Series, begun: pl.Series) -> Contents:
        """The same with other rows in one table.

        Raises:
            ValueError: a row that ends is not there.
        """
        known, coming = self.tables.get(table, packed(begun.clear())), _in_order(packed(begun))
        left = np.delete(known, _places(known, packed(ended)))
        rows = np.insert(left, np.searchsorted(_first(left), _first(coming)), coming)
        return contents_of({**self.tables, table: _in_order(rows)})

    def keep(self, lake: Lake) -> None:
        """Write it into the lake; it can be made again, so nobody waits for the disk."""
        target = _path(lake, self.sha256)
        if target.exists():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
        try:
            with part.open("wb") as file:
                file.writelines(self._spelled())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)

    def _spelled(self) -> Iterator[bytes | memoryview]:
        for name in sorted(self.tables):
            yield f"{name} {len(self.tables[name])}\n".encode()
            yield self.tables[name].data


def contents_of(tables: Mapping[str, Hashes]) -> Contents:
    """Of sorted hashes; an empty table counts like one that is not there."""
    return Contents({name: rows for name, rows in tables.items() if len(rows)})


def contents(hashes: Mapping[str, pl.Series]) -> Contents:
    """Of the hashes of the rows of each table, in any order."""
    return contents_of({name: _in_order(packed(rows)) for name, rows in hashes.items()})


def kept_contents(lake: Lake, sha256: str) -> Contents | None:
    """What the lake kept under a content hash; None when it is not there, or is not that."""
    with contextlib.suppress(OSError, ValueError):
        spelled = _path(lake, sha256).read_bytes()
        return _parsed(spelled) if hashlib.sha256(spelled).hexdigest() == sha256 else None
    return None


def packed(hashes: pl.Series) -> Hashes:
    """Hashes one after the other. ValueError when one is missing or of another length."""
    if not (hashes.bin.size() == WIDTH).fill_null(value=False).all():
        raise ValueError("a row without its hash")
    return np.frombuffer(b"".join(hashes.to_list()), dtype=f"V{WIDTH}")


def _path(lake: Lake, sha256: str) -> Path:
    return lake.root / "contents" / sha256


def _parsed(spelled: bytes) -> Contents:
    tables, place = {}, 0
    while place < len(spelled):
        end = spelled.index(b"\n", place)
        name, rows = spelled[place:end].decode().rsplit(" ", 1)
        place = end + 1 + WIDTH * int(rows)
        tables[name] = np.frombuffer(spelled, dtype=f"V{WIDTH}", count=int(rows), offset=end + 1)
    return Contents(tables)


def _words(rows: Hashes) -> npt.NDArray[np.uint64]:
    """The same as four words a row, the most significant first; nothing is copied."""
    return rows.view(">u8").reshape(-1, 4)


def _first(rows: Hashes) -> npt.NDArray[np.uint64]:
    """The first word of each, as this machine counts."""
    return _words(rows)[:, 0].astype(np.uint64)


def _in_order(rows: Hashes) -> Hashes:
    """Sorted as bytes are; the first words nearly always decide."""
    first = _first(rows)
    if (first[1:] > first[:-1]).all():
        return rows
    order = np.argsort(first, kind="stable")
    if (np.diff(first[order]) != 0).all():
        return rows[order]
    return rows[np.lexsort(_words(rows).T[::-1])]


def _places(known: Hashes, asked: Hashes) -> npt.NDArray[np.int64]:
    """Where each of the asked rows stands in the sorted ones."""
    words, sought = _first(known), _first(asked)
    first = np.searchsorted(words, sought).astype(np.int64)
    after = np.searchsorted(words, sought, side="right")
    for one in np.flatnonzero(after - first != 1):
        same = known[first[one] : after[one]] == asked[one]
        first[one] += np.flatnonzero(same)[0] if same.any() else len(known)
    if (first >= len(known)).any() or not (known[first] == asked).all():
        raise ValueError("a row that is not there")
    return first
