"""What the XML of a sheet says of its cells, element by element, without building anything of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Final
from xml.parsers import expat

from pipelines.errors import DeliveryRefused

MOST_CELLS: Final = 24_000_000
"""Of the rectangle around all values: a million rows of 20 columns, and some."""
LAST_ROW: Final = 1 << 20
LAST_COLUMN: Final = 1 << 14
_LETTERS: Final = re.compile("[A-Za-z]{1,3}")

Start = Callable[[str, Mapping[str, str]], None]


def parse(
    pieces: Iterable[bytes],
    start: Start,
    *,
    text: Callable[[str], None] | None = None,
    end: Callable[[str], None] | None = None,
) -> None:
    """Run an XML document, UTF-8 and without DTD, past these functions.

    Raises:
        expat.ExpatError: when it is not well-formed.
    """
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.CharacterDataHandler = text
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = _refuse_doctype
    for piece in pieces:
        parser.Parse(piece, False)
    parser.Parse(b"", True)


def _refuse_doctype(*_: object) -> None:
    raise DeliveryRefused("PB-DL-017", why="document type")


class Places:
    """Where the values of one sheet are; `shared` counts the cells that refer to a shared text.

    A row or a cell may leave out its place: then it comes after the one before. Cells without a value
    do not count: whole columns of them are formatted in honest workbooks.
    """

    def __init__(self) -> None:
        self.shared = 0
        self._rows = self._columns = 0
        self._row, self._number, self._next_column = -1, "", 0
        self._here = self._last = (-1, -1)

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Take one start tag."""
        if name == "c":
            self._cell(attributes)
        elif name in ("v", "is"):
            self._value()
        elif name == "row":
            self._number = attributes.get("r", "")
            self._row = _row(self._number) if self._number else self._row + 1
            self._next_column = 0
        elif name == "si":
            raise DeliveryRefused("PB-DL-017", why="texts in a sheet")
        elif ":" in name:
            self.start(name.rpartition(":")[2], attributes)

    def _cell(self, attributes: Mapping[str, str]) -> None:
        place = attributes.get("r")
        if place is None:
            self._here = (self._row, self._next_column)
        else:
            letters = place.rstrip("0123456789")
            number = place[len(letters) :]
            row = self._row if number == self._number else _row(number)
            self._here = (row, _column(letters))
        self._next_column = self._here[1] + 1
        if attributes.get("t") == "s":
            self.shared += 1

    def _value(self) -> None:
        here = self._here
        if here == self._last:
            return
        if here < self._last:
            raise DeliveryRefused("PB-DL-017", why="order of cells")
        self._last = here
        if here[0] < self._rows and here[1] < self._columns:
            return
        self._rows = max(self._rows, here[0] + 1)
        self._columns = max(self._columns, here[1] + 1)
        if self._rows > LAST_ROW or self._columns > LAST_COLUMN or self._rows * self._columns > MOST_CELLS:
            raise DeliveryRefused("PB-DL-021", rows=self._rows, columns=self._columns)


def _row(number: str) -> int:
    if not (number.isascii() and number.isdigit() and len(number) <= 7):
        raise DeliveryRefused("PB-DL-017", why="row number")
    return int(number) - 1


@lru_cache(maxsize=LAST_COLUMN)
def _column(letters: str) -> int:
    """`B` is 1."""
    if _LETTERS.fullmatch(letters) is None:
        raise DeliveryRefused("PB-DL-017", why="cell reference")
    column = 0
    for letter in letters.upper():
        column = column * 26 + ord(letter) - 64
    return column - 1


class TextLengths:
    """Bytes of every shared text."""

    def __init__(self) -> None:
        self.bytes: list[int] = []

    def start(self, name: str, _attributes: Mapping[str, str]) -> None:
        """Take one start tag."""
        if name.rpartition(":")[2] == "si":
            self.bytes.append(0)

    def text(self, text: str) -> None:
        """Take text between tags."""
        if self.bytes:
            self.bytes[-1] += len(text.encode())


class Weights:
    """Bytes of all cells that refer to a shared text, each with its own copy."""

    def __init__(self, lengths: list[int]) -> None:
        self.total = 0
        self._lengths = lengths
        self._is_shared = False
        self._number: str | None = None

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Take one start tag."""
        tag = name.rpartition(":")[2]
        if tag == "c":
            self._is_shared = attributes.get("t") == "s"
        elif tag == "v" and self._is_shared:
            self._number = ""

    def text(self, text: str) -> None:
        """Take text between tags."""
        if self._number is not None:
            self._number += text

    def end(self, name: str) -> None:
        """Take one end tag."""
        if self._number is not None and name.rpartition(":")[2] == "v":
            number = int(self._number)
            self.total += self._lengths[number] if 0 <= number < len(self._lengths) else 0
            self._number = None
