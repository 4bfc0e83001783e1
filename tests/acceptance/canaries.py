"""Markers in every column of some rows of every delivery, and where they are found again.

    python -m tests.acceptance.canaries DELIVERED PLACE...

greps folders and databases (Airflow's logs and its metadata, for instance) for every identity and telephone number
below DELIVERED (inbox/, front/), and for markers. `--plant` before DELIVERED puts markers into it, before a run.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from pipelines.contract.load import load_contracts
from pipelines.store.postgres import compose, connect, fetch
from tests.acceptance.rewriting import Cells, rewrite

MARKER = re.compile(r"zz-?canary\w*|禤[\u4e00-\u9fff]{2}", re.IGNORECASE)
"""禤 is a surname that no generated county has."""
NUMBER = re.compile(r"(?<![0-9A-Za-z])(?:\d{17}[\dXx]|1\d{10})(?![0-9A-Za-z])")
KEPT = {"CZBZ", "BAO"}
"""Columns that say what a row does; they are nobody's."""
ROWS, WHOLE = 40, 6
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@dataclass
class Flock:
    """What was planted, and every identity and telephone number that was delivered beside it."""

    numbers: set[str] = field(default_factory=set)
    serial: Any = field(default_factory=lambda: count(1))
    by_department: dict[str, set[str]] = field(default_factory=dict)

    def plant(self, delivered: Path) -> None:
        rewrite(delivered, self._mark)

    def learn(self, delivered: Path) -> None:
        """Know the numbers that were delivered; the deliveries stay as they are."""
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(shutil.copytree(delivered, f"{folder}/copy"))
            rewrite(copy, self._note)

    def _note(self, _feed: str, _header: list[str], rows: Cells) -> Cells:
        self.numbers.update(match for row in rows for cell in row for match in NUMBER.findall(str(cell)))
        return rows

    def _mark(self, feed: str, header: list[str], rows: Cells) -> Cells:
        """Some rows with a marker in each column, more with a marker in one column each."""
        owner = load_contracts()[feed].owner.department
        chosen = rows[:: max(3, len(rows) // ROWS)][:ROWS]
        for number, row in enumerate(chosen):
            places = [place for place, name in enumerate(header) if name not in KEPT]
            for place in places if number < WHOLE else [places[number % len(places)]]:
                row[place] = self._marker(str(row[place] or ""), next(self.serial))
                self.by_department.setdefault(owner, set()).add(row[place].upper())
        return self._note(feed, header, rows)

    def _marker(self, value: str, serial: int) -> str:
        if serial % 2 and re.fullmatch(r"\d{17}[\dX]", value):
            return reserved_id(serial)
        if serial % 2 and re.fullmatch(r"1\d{10}", value):
            return f"199{serial:08d}"
        if serial % 2 and re.fullmatch(r"[\u4e00-\u9fff]{2,4}", value):
            return f"禤{chr(0x4E00 + serial // 90)}{chr(0x6587 + serial % 90)}"
        return f"ZZCANARY{serial:06d}" if serial % 3 else f"金丝ZZCANARY{serial:06d}"

    def seen_in(self, text: str) -> set[str]:
        """Markers and delivered numbers that a text shows."""
        return {m.upper() for m in MARKER.findall(text)} | (set(NUMBER.findall(text)) & self.numbers)

    def seen_in_files(self, paths: Iterable[Path]) -> dict[str, int]:
        """How many a file shows, for those that show any; names of files count too."""
        seen = {
            str(p): len(self.seen_in(f"{p} {p.read_bytes().decode(errors='replace')}"))
            for p in paths
            if p.is_file()
        }
        return {path: number for path, number in seen.items() if number}

    def seen_in_database(self, url: str) -> dict[str, int]:
        """How many a table shows, for those that show any: every table of every schema, whatever its types."""
        seen: dict[str, int] = {}
        with connect(url) as conn:
            tables = fetch(
                conn,
                "select schemaname || '.' || tablename as name from pg_tables"
                " where schemaname not in ('pg_catalog', 'information_schema') order by 1",
            )
            for table in tables:
                query = compose(conn, "select t::text as line from {table} as t", table=table["name"])
                text = "\n".join(str(row["line"]) for row in fetch(conn, query))
                if found := self.seen_in(text):
                    seen[table["name"]] = len(found)
        return seen


def reserved_id(serial: int) -> str:
    """A valid citizen ID of somebody born in 1902, whom no generated county knows."""
    digits = f"5116221902{serial // 800 % 12 + 1:02d}{serial // 9600 + 1:02d}{serial % 800 + 100:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, WEIGHTS, strict=True))
    return digits + "10X98765432"[total % 11]


def main() -> None:
    """Plant markers, or say where they and the delivered numbers are."""
    planting = sys.argv[1] == "--plant"
    delivered, *places = sys.argv[1 + planting :]
    flock = Flock()
    seen: dict[str, int] = {}
    if planting:
        flock.plant(Path(delivered))
        return
    flock.learn(Path(delivered))
    for place in places:
        in_database = "://" in place
        seen |= flock.seen_in_database(place) if in_database else flock.seen_in_files(Path(place).rglob("*"))
    for name, number in seen.items():
        sys.stdout.write(f"{number}\t{name}\n")
    sys.stdout.write(f"{len(flock.numbers)} numbers looked for in {len(places)} places, {len(seen)} hits\n")
    sys.exit(bool(seen))


if __name__ == "__main__":
    main()
