"""The first rows of a department's own text file, to guess a contract from; the values stay in memory."""

from __future__ import annotations

import csv
from itertools import islice
from pathlib import Path
from typing import Final

from pipelines.errors import UsageError

ROWS: Final = 2000
SEPARATORS: Final = (",", "|", "\t", ";")


def read_extract(path: Path, encoding: str, separator: str | None = None) -> tuple[str, dict[str, list[str]]]:
    """The separator, and the values of the first rows by header; blank headers are left out.

    Raises:
        UsageError: it is no text of that encoding, or has no header.
    """
    lines = _lines(path, encoding)
    header = next(lines, "")
    chosen = separator or max(SEPARATORS, key=header.count)
    names, *rows = csv.reader([header, *lines], delimiter=chosen)
    if not any(names):
        raise UsageError(f"{path.name} has no header line")
    cells = [dict(zip(names, row, strict=False)) for row in rows if len(row) == len(names)]
    return chosen, {name.strip(): [row[name] for row in cells] for name in names if name.strip()}


def _lines(path: Path, encoding: str) -> islice[str]:
    """The first lines that are not blank, without their ends."""
    codec = "utf-8-sig" if encoding == "utf-8" else encoding
    try:
        with path.open(encoding=codec, newline="") as source:
            text = [line.rstrip("\r\n") for line in islice(source, ROWS + 1)]
    except (UnicodeError, OSError) as error:
        raise UsageError(f"{path.name} cannot be read as {encoding}", hint="--encoding") from error
    return islice((line for line in text if line.strip()), ROWS + 1)
