"""Deliveries in the making: their data files, manifests, true persons and list of faults."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import polars as pl

from pipelines.synthetic.changes import OPERATION
from pipelines.synthetic.dirt import Fault
from pipelines.synthetic.headers import Header
from pipelines.synthetic.views import NOBODY, Feed, Rows, days_of
from pipelines.synthetic.writers import WRITERS, Writer

PACKAGE = "BAO"


@dataclass(frozen=True)
class Delivery:
    """One delivery: `day` in days since 1970-01-01, `folder` where its manifest is."""

    feed: Feed
    day: int
    mode: str
    sequence: int
    folder: Path

    @property
    def data_date(self) -> str:
        """The day as yyyy-mm-dd."""
        return str(np.datetime64(self.day, "D"))


class Notes:
    """truth.csv and faults.csv."""

    def __init__(self, truth: TextIO, faults: TextIO) -> None:
        """Write both headers."""
        self._truth = csv.writer(truth, lineterminator="\n")
        self._faults = csv.writer(faults, lineterminator="\n")
        self._truth.writerow(("feed", "data_date", "row", "person", "sequence"))
        self._faults.writerow(("feed", "sequence", "row", "column", "kind"))

    def persons(self, delivery: Delivery, numbers: Iterable[int], persons: Iterable[int]) -> None:
        """Note who is in which row; rows that are about nobody are left out."""
        name, date, sequence = delivery.feed.name, delivery.data_date, delivery.sequence
        self._truth.writerows(
            (name, date, number, f"P{person:09d}", sequence)
            for number, person in zip(numbers, persons, strict=True)
            if person != NOBODY
        )

    def faults(self, delivery: Delivery, faults: Iterable[tuple[int, str, str]]) -> None:
        """Note the damaged values (a blank column: the line) by row, column and kind."""
        name, sequence = delivery.feed.name, delivery.sequence
        self._faults.writerows((name, sequence, *fault) for fault in faults)


@dataclass
class FileBox:
    """A delivery of one data file."""

    delivery: Delivery
    notes: Notes
    header: Header
    rows: int = 0
    _seen: set[str] = field(default_factory=set)
    _writer: Writer = field(init=False)

    def __post_init__(self) -> None:
        """Open the data file; a manifest from an earlier time goes first."""
        self.delivery.folder.mkdir(parents=True, exist_ok=True)
        (self.delivery.folder / "manifest.json").unlink(missing_ok=True)
        settings = self.delivery.feed.settings
        self._writer = WRITERS[settings["form"]](self._path, self.header.names, settings, self._date)
        self.notes.faults(self.delivery, self.header.faults)

    @property
    def _date(self) -> str:
        return self.delivery.data_date.replace("-", "")

    @property
    def _path(self) -> Path:
        name: str = self.delivery.feed.settings["file"]
        return self.delivery.folder / name.format(date=self._date)

    def add(self, rows: Rows, broken: Mapping[int, str]) -> None:
        """Write a block of rows and note them."""
        broken = self._possible(broken)
        self._writer.add(self.header.arranged(rows.frame), broken)
        first = self.rows + 1
        self.notes.persons(self.delivery, range(first, first + len(rows.frame)), rows.person.to_list())
        self.notes.faults(self.delivery, ((first + f.row, f.column, f.kind) for f in self._seen_faults(rows)))
        self.notes.faults(self.delivery, ((first + row, "", kind) for row, kind in broken.items()))
        if key := self.delivery.feed.settings.get("control_total"):
            self._seen.update(rows.frame[key].to_list())
        self.rows += len(rows.frame)

    def _seen_faults(self, rows: Rows) -> Iterable[Fault]:
        """Faults but those of a column that did not come."""
        return (fault for fault in rows.faults if fault.column in ("", *self.header.columns))

    def _possible(self, broken: Mapping[int, str]) -> Mapping[int, str]:
        """A workbook has no lines, and only quoting files have quotes to leave open."""
        form = self.delivery.feed.settings["form"]
        if form == "sheet":
            return {}
        return {row: kind for row, kind in broken.items() if form == "csv" or kind != "open_quote"}

    def close(self) -> None:
        """Finish the file, then put its manifest into place."""
        self._writer.close()
        with self._path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        settings = self.delivery.feed.settings
        content = {
            "file": self._path.name,
            "rows": self.rows,
            "sha256": digest,
            "encoding": settings["encoding"],
        }
        write_manifest(self.delivery, content, len(self._seen))


@dataclass
class TableBox:
    """A package of a table: its rows are counted in the order of their keys, so they are kept."""

    delivery: Delivery
    notes: Notes
    rows: int = 0
    _blocks: list[pl.DataFrame] = field(default_factory=list)
    _faults: list[tuple[int, str, str]] = field(default_factory=list)

    def add(self, rows: Rows, broken: Mapping[int, str]) -> None:
        """Keep a block of rows; a table has no lines that could be broken."""
        del broken
        self._faults += [(self.rows + f.row, f.column, f.kind) for f in rows.faults]
        self._blocks.append(rows.frame.with_columns(person=rows.person))
        self.rows += len(rows.frame)

    def package(self) -> pl.DataFrame:
        """All rows in the order of their keys, with the number of the package and the operation."""
        keys = list(self.delivery.feed.keys)
        frame = pl.concat(self._blocks).with_row_index("at").sort(*keys, OPERATION, maintain_order=True)
        numbers = {at: number for number, at in enumerate(frame["at"].to_list(), start=1)}
        self.notes.persons(self.delivery, range(1, len(frame) + 1), frame["person"].to_list())
        self.notes.faults(self.delivery, sorted((numbers[at], name, kind) for at, name, kind in self._faults))
        package = pl.lit(str(self.delivery.sequence)).alias(PACKAGE)
        return frame.drop("at", "person").select(pl.exclude(OPERATION), package, OPERATION)

    def close(self) -> None:
        """Put the manifest into place."""
        self.delivery.folder.mkdir(parents=True, exist_ok=True)
        settings = self.delivery.feed.settings
        distinct = pl.concat(self._blocks)[settings["control_total"]].n_unique()
        content = {"table": settings["table"], "package": self.delivery.sequence, "rows": self.rows}
        write_manifest(self.delivery, content, distinct)


Box = FileBox | TableBox


def write_manifest(delivery: Delivery, content: dict[str, Any], distinct: int) -> None:
    """Write manifest.json and rename it into place."""
    settings = delivery.feed.settings
    manifest = {
        "feed": delivery.feed.name,
        "data_date": delivery.data_date,
        "sequence": delivery.sequence,
        "mode": delivery.mode,
        **content,
        "sent_at": f"{np.datetime64(delivery.day + 1, 'D')}T02:10:00+08:00",
        "sender": settings["sender"],
    }
    if key := settings.get("control_total"):
        manifest["control_totals"] = {key: {"distinct": distinct}}
    partial = delivery.folder / "manifest.json.part"
    partial.write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    partial.replace(delivery.folder / "manifest.json")


def plan(feed: Feed, months: int, inbox: Path) -> list[Delivery]:
    """The deliveries of a feed in the order of their sequence."""
    return [
        Delivery(feed, day, mode, sequence, inbox / feed.name / str(np.datetime64(day, "D")))
        for sequence, (day, mode) in enumerate(days_of(feed, months), start=1)
    ]
