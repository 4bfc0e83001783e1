"""Records of fixed width: columns are places in bytes, so they are cut before they are decoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.intake.chunk import Chunk, row_schema
from pipelines.intake.lines import Lines
from pipelines.kernels.texts import repair_gb18030

Records = npt.NDArray[np.uint8]
"""Shape (records, bytes of a record)."""


@dataclass(frozen=True)
class Place:
    """Where a column stands in a record: bytes `start` to before `stop`, from 0."""

    name: str
    start: int
    stop: int


@dataclass(frozen=True)
class Layout:
    """Columns of a record, its length in bytes, and what values are filled up with."""

    places: tuple[Place, ...]
    length: int
    encoding: str
    padding: str = " "


def read_fixed(blocks: Lines, names: Sequence[str], layout: Layout) -> Iterator[Chunk]:
    """One line is one record; a line of another length in bytes is none (PB-RW-011)."""
    first = 1
    for lines in blocks:
        if lines:
            numbers = np.arange(first, first + len(lines), dtype=np.int32)
            fits = np.array([len(line) == layout.length for line in lines])
            sound = [line for line in lines if len(line) == layout.length]
            chunk = cut_records(_matrix(b"".join(sound), layout.length), numbers[fits], names, layout)
            yield with_codes(chunk, numbers[~fits], "PB-RW-011")
            first += len(lines)


def _matrix(content: bytes, length: int) -> Records:
    return np.frombuffer(content, dtype=np.uint8).reshape(-1, length)


def cut_records(
    records: Records, numbers: npt.NDArray[np.int32], names: Sequence[str], layout: Layout
) -> Chunk:
    """Cut and decode; a record is none when a cell does not decode (PB-RW-005) or has a NUL (PB-RW-003)."""
    columns = [_column(records[:, place.start : place.stop], layout) for place in layout.places]
    undecodable, with_nul = (np.zeros(len(records), dtype=bool) for _ in range(2))
    for column in columns:
        undecodable |= column.is_null().to_numpy()
        with_nul |= column.str.contains("\0", literal=True).fill_null(value=False).to_numpy()
    number = pl.Series("row_number", numbers, dtype=pl.Int32)
    rows = pl.DataFrame([number, *columns], schema=row_schema(names))
    chunk = Chunk(
        rows.filter(pl.Series(~(undecodable | with_nul))),
        pl.DataFrame(schema={"row_number": pl.Int32, "code": pl.String}),
    )
    chunk = with_codes(chunk, numbers[undecodable], "PB-RW-005")
    return with_codes(chunk, numbers[with_nul & ~undecodable], "PB-RW-003")


def with_codes(chunk: Chunk, numbers: npt.NDArray[np.int32], code: str) -> Chunk:
    """The chunk with these rows among the unreadable ones."""
    more = pl.select(row_number=pl.Series(numbers, dtype=pl.Int32), code=pl.lit(code))
    return Chunk(chunk.rows, pl.concat([chunk.unreadable, more]).sort("row_number"))


def _column(cells: Records, layout: Layout) -> pl.Series:
    """Values without their padding; null where the bytes do not decode.

    All cells are decoded at once, a line feed between them; one by one when that fails.
    """
    ends = np.full((len(cells), 1), ord("\n"), dtype=np.uint8)
    content = np.hstack([cells, ends]).tobytes()
    try:
        texts: list[str | None] = [*content.decode(layout.encoding).split("\n")[:-1]]
    except UnicodeDecodeError:
        texts = []
    if len(texts) != len(cells):
        texts = [_decoded(cell.tobytes(), layout.encoding) for cell in cells]
    values = pl.Series(texts, dtype=pl.String).str.strip_chars(layout.padding)
    return repair_gb18030(values) if layout.encoding == "gb18030" else values


def _decoded(cell: bytes, encoding: str) -> str | None:
    try:
        return cell.decode(encoding)
    except UnicodeDecodeError:
        return None
