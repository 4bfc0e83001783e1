"""Delimited text: one physical line is one row.

Decoding comes before cutting, because in GB 18030 the second byte of a character may look like a
separator; like a line feed it never looks.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Final

import polars as pl

from pipelines.errors import DeliveryRefused
from pipelines.intake.chunk import LONGEST_FIELD, Chunk, chunk_of, row_numbers, row_schema
from pipelines.intake.lines import Lines, first_line, lines_of
from pipelines.kernels.texts import repair_gb18030

LONGEST_QUOTED: Final = 1 << 17
"""Characters of a line that the csv module takes whatever its fields are."""

# A run of UTF-8 among ASCII, two or more Chinese characters long: hardly ever GB 18030 as well.
_UTF8_RUN: Final = re.compile(rb"(?<![\x80-\xff])(?:[\xe4-\xe9][\x80-\xbf]{2}){2,}(?![\x80-\xff])")
_BYTE_CLASS: Final = bytes(
    ord("L") if 0xE4 <= byte <= 0xE9 else ord("C") if 0x80 <= byte <= 0xBF else ord(".")
    for byte in range(256)
)


@dataclass(frozen=True)
class Dialect:
    """How a text delivery is written."""

    encoding: str
    separator: str
    quote: str | None

    @property
    def codec(self) -> str:
        """Codec of a line: UTF-16 is turned into UTF-8 before it is cut into lines."""
        return "utf-8" if self.encoding == "utf-16" else self.encoding


def open_text(source: IO[bytes], dialect: Dialect) -> tuple[list[str], Lines]:
    """The header's fields and the lines after it.

    Raises:
        DeliveryRefused: PB-DL-011 no line at all, PB-DL-015 the header does not decode, PB-HD-007 it
            cannot be cut, PB-DL-024 a line is too long.
    """
    line, blocks = first_line(lines_of(source, dialect.encoding))
    try:
        text = line.removeprefix(b"\xef\xbb\xbf").decode(dialect.codec)
    except UnicodeDecodeError:
        raise DeliveryRefused("PB-DL-015", encoding=dialect.encoding) from None
    fields = _split(text, dialect)
    if fields is None:
        raise DeliveryRefused("PB-HD-007")
    return fields, blocks


def read_rows(blocks: Lines, names: Sequence[str], dialect: Dialect) -> Iterator[Chunk]:
    """Rows after the header, chunk by chunk."""
    first = 1
    for lines in blocks:
        if lines:
            yield _chunk(lines, first, names, dialect)
            first += len(lines)


def _chunk(lines: list[bytes], first: int, names: Sequence[str], dialect: Dialect) -> Chunk:
    """Plain and regularly quoted lines (nearly all) are cut by Polars, the odd ones one by one."""
    frame = _judged(lines, first, len(names), dialect)
    sound = frame.filter(pl.col("code").is_null())
    rows = [
        _widened(sound.filter(kind="plain"), names, dialect.separator),
        _widened(sound.filter(kind="quoted"), names, _between_quotes(dialect)),
    ]
    unreadable = [frame.filter(pl.col("code").is_not_null()).select("row_number", "code")]
    odd = sound.filter(kind="odd")
    if odd.height:
        cut = chunk_of([_cut(line, dialect, len(names)) for line in odd["line"]], 1, names)
        rows.append(_placed(cut.rows, odd["row_number"]))
        unreadable.append(_placed(cut.unreadable, odd["row_number"]))
    return Chunk(pl.concat(rows).sort("row_number"), pl.concat(unreadable).sort("row_number"))


def _placed(frame: pl.DataFrame, numbers: pl.Series) -> pl.DataFrame:
    return frame.with_columns(numbers.gather(frame["row_number"] - 1))


def _judged(lines: list[bytes], first: int, width: int, dialect: Dialect) -> pl.DataFrame:
    """`row_number`, `line` (quoted: without its outer quotes), `kind`, `code` (what bars it, so far)."""
    texts, undecodable = _decode(lines, dialect.codec)
    frame = pl.DataFrame(
        {
            "row_number": row_numbers(first, len(lines)),
            "line": texts,
            "undecodable": undecodable,
            "foreign": _foreign(lines, dialect.codec),
        }
    )
    line, kind = pl.col("line"), _kind(width, dialect)
    count = line.str.count_matches(dialect.separator, literal=True) + 1
    code = (
        pl.when("undecodable").then(pl.lit("PB-RW-005"))
        .when("foreign").then(pl.lit("PB-RW-010"))
        .when(line.str.contains("\0", literal=True)).then(pl.lit("PB-RW-003"))
        .when(kind != "plain").then(None)
        .when(count < width).then(pl.lit("PB-RW-001"))
        .when(count > width).then(pl.lit("PB-RW-002"))
    )  # fmt: skip
    inner = pl.when(kind == "quoted").then(line.str.slice(1, line.str.len_chars() - 2)).otherwise(line)
    return frame.select("row_number", inner.alias("line"), kind=kind, code=code)


def _kind(width: int, dialect: Dialect) -> pl.Expr:
    """`plain`, `quoted` (each field in quotes, no quote inside) or `odd` (other quotes, or long)."""
    line = pl.col("line")
    kind = pl.when(line.str.len_bytes() > LONGEST_FIELD).then(pl.lit("odd"))
    if dialect.quote is None:
        return kind.otherwise(pl.lit("plain"))
    quotes = line.str.count_matches(dialect.quote, literal=True)
    # All quotes are accounted for: two outer ones, two at each separator.
    is_regular = (
        (quotes == 2 * width)
        & (line.str.count_matches(_between_quotes(dialect), literal=True) == width - 1)
        & line.str.starts_with(dialect.quote)
        & line.str.ends_with(dialect.quote)
    )
    return (
        kind.when(quotes == 0).then(pl.lit("plain"))
        .when(is_regular).then(pl.lit("quoted"))
        .otherwise(pl.lit("odd"))
    )  # fmt: skip


def _between_quotes(dialect: Dialect) -> str:
    return f"{dialect.quote}{dialect.separator}{dialect.quote}"


def _widened(lines: pl.DataFrame, names: Sequence[str], separator: str) -> pl.DataFrame:
    fields = lines["line"].str.split_exact(separator, len(names) - 1).struct.unnest()
    fields.columns = list(names)
    return pl.DataFrame([lines["row_number"], *fields.get_columns()], schema=row_schema(names))


def _cut(line: str, dialect: Dialect, width: int) -> list[str] | str:
    """Fields of one line, or the code why it is no record; NUL bytes are out of it by now."""
    if len(line) > LONGEST_QUOTED:
        return "PB-RW-009"
    fields = _split(line.replace("\r", "\0"), dialect)
    if fields is None:
        return "PB-RW-004"
    if len(fields) != width:
        return "PB-RW-001" if len(fields) < width else "PB-RW-002"
    if max(map(len, fields)) > LONGEST_FIELD:
        return "PB-RW-009"
    return [field.replace("\0", "\r") for field in fields]


def _split(line: str, dialect: Dialect) -> list[str] | None:
    """Fields of a line; None when a quote never closes."""
    if dialect.quote is None:
        return line.split(dialect.separator)
    try:
        return next(csv.reader([line], delimiter=dialect.separator, quotechar=dialect.quote, strict=True))
    except (csv.Error, StopIteration):
        return None


def _decode(lines: list[bytes], codec: str) -> tuple[pl.Series, list[bool]]:
    """The lines as text, and which of them do not decode; the fast way is to decode all at once."""
    try:
        texts = b"\n".join(lines).decode(codec).split("\n")
    except UnicodeDecodeError:
        decoded = [_decode_line(line, codec) for line in lines]
        texts = [text or "" for text in decoded]
        undecodable = [text is None for text in decoded]
    else:
        undecodable = [False] * len(texts)
    column = pl.Series("line", texts, dtype=pl.String)
    return (repair_gb18030(column) if codec == "gb18030" else column), undecodable


def _decode_line(line: bytes, codec: str) -> str | None:
    try:
        return line.decode(codec)
    except UnicodeDecodeError:
        return None


def _foreign(lines: list[bytes], codec: str) -> list[bool]:
    """Lines of UTF-8 in a file of GB 18030: half of them decode, as other characters.

    The first test is cheap and finds nothing in nearly every block.
    """
    if codec == "utf-8" or b"LCCLCC" not in b"\n".join(lines).translate(_BYTE_CLASS):
        return [False] * len(lines)
    return [_UTF8_RUN.search(line) is not None and _decode_line(line, "utf-8") is not None for line in lines]
