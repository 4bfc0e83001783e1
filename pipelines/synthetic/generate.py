"""An invented county and a year or less of what its departments deliver about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from pipelines.synthetic.changes import OPERATION, all_inserted, changes
from pipelines.synthetic.dice import Dice
from pipelines.synthetic.dirt import broken_lines
from pipelines.synthetic.families import TODAY, compose
from pipelines.synthetic.headers import delivered_header
from pipelines.synthetic.identifiers import Register
from pipelines.synthetic.outbox import Box, Delivery, FileBox, Notes, TableBox, plan
from pipelines.synthetic.people import settle
from pipelines.synthetic.places import gazetteer
from pipelines.synthetic.rates import Rates, usual
from pipelines.synthetic.states import County, found
from pipelines.synthetic.views import Feed, Rows, days_of, feeds, render

Progress = Callable[[str, int, int], None]
_BLOCK = 4096  # families
_ARRIVALS = 0.0015  # families a month for each that is there
_MONTH = 30


@dataclass(frozen=True)
class Generated:
    """What was written: rows by (feed, sequence), and the tables to load, by their names."""

    persons: int
    rows: dict[tuple[str, int], int]
    truth: Path
    faults: Path
    tables: dict[str, Path]


def generate(
    persons: int,
    seed: int,
    out: Path,
    months: int = 1,
    *,
    rates: Rates | None = None,
    progress: Progress | None = None,
) -> Generated:
    """Write the deliveries of `months` months about a county of `persons` people.

    OUT/inbox holds the deliveries, OUT/truth.csv and OUT/faults.csv what is known about their rows,
    OUT/gazetteer.csv the county's places,
    OUT/front/<schema.table>.parquet all packages of a table feed (text columns). The same arguments
    give the same bytes. `rates` of dirt are those of rates.yml, unless others are given.
    `progress` gets the word "people", how many are done, and of how many.
    """
    if persons < 1 or months < 1:
        message = "persons and months are whole numbers from 1"
        raise ValueError(message)
    out.mkdir(parents=True, exist_ok=True)
    county = found(Dice(seed), persons, rates or usual())
    gazetteer().write_csv(out / "gazetteer.csv")
    truth, faults = out / "truth.csv", out / "faults.csv"
    with ExitStack() as stack:
        texts = [
            stack.enter_context(path.open("w", encoding="utf-8", newline="")) for path in (truth, faults)
        ]
        notes = Notes(*texts)
        boxes = {
            feed.name: [_box(county, delivery, notes) for delivery in plan(feed, months, out / "inbox")]
            for feed in feeds()
        }
        _fill_all(county, persons, months, boxes, progress)
        tables = _tables(boxes, out / "front")
        everything = [box for several in boxes.values() for box in several]
        for box in everything:
            box.close()
    rows = {(box.delivery.feed.name, box.delivery.sequence): box.rows for box in everything}
    return Generated(persons, rows, truth, faults, tables)


def _fill_all(
    county: County,
    persons: int,
    months: int,
    boxes: dict[str, list[Box]],
    progress: Progress | None,
) -> None:
    done = 0
    for people in _blocks(county, persons, months):
        for feed in feeds():
            _fill(county, feed, people, boxes[feed.name])
        done = min(persons, done + len(people))
        if progress is not None:
            progress("people", done, persons)


def _box(county: County, delivery: Delivery, notes: Notes) -> Box:
    if "table" in delivery.feed.settings:
        return TableBox(delivery, notes)
    further = (OPERATION,) if delivery.mode == "incremental" else ()
    header = delivered_header(county.dice, county.rates, delivery.feed, delivery.day, further)
    return FileBox(delivery, notes, header)


def _blocks(county: County, persons: int, months: int) -> Iterator[pl.DataFrame]:
    """People of some thousand families at a time; those who arrive later come last."""
    register, first, missing = Register(), 0, persons
    until = max(day for feed in feeds() for day, _ in days_of(feed, months))
    while missing > 0:
        number = np.arange(first, first + min(_BLOCK, missing), dtype=np.int64)
        people = settle(county.dice, register, compose(county.dice, number, until), rates=county.rates)
        counted = (people["born_on"] <= TODAY).cast(pl.Int64).cum_sum()
        people = people.filter(counted <= missing)
        missing -= int((people["born_on"] <= TODAY).sum())
        first += len(number)
        yield people
    number = np.arange(first, first + round(first * _ARRIVALS * (months - 1)), dtype=np.int64)
    if len(number):
        arrival = TODAY + 1 + county.dice.below("arrival", _MONTH * (months - 1), number)
        yield settle(county.dice, register, compose(county.dice, number, until), arrival, county.rates)


def _fill(county: County, feed: Feed, people: pl.DataFrame, boxes: list[Box]) -> None:
    """Add the block to all deliveries of a feed: each is the state on its day, or what changed."""
    before: Rows | None = None
    for box in boxes:
        delivery = box.delivery
        now = render(county, feed, people, delivery.day)
        rows = now
        if delivery.mode == "incremental":
            rows = all_inserted(now) if before is None else changes(feed, before, now)
        box.add(rows, broken_lines(county.dice, county.rates, feed.name, delivery.day, rows.record))
        before = now


def _tables(boxes: dict[str, list[Box]], folder: Path) -> dict[str, Path]:
    tables: dict[str, Path] = {}
    for several in boxes.values():
        packages = [box.package() for box in several if isinstance(box, TableBox)]
        if packages:
            folder.mkdir(parents=True, exist_ok=True)
            table = several[0].delivery.feed.settings["table"]
            tables[table] = folder / f"{table}.parquet"
            pl.concat(packages).write_parquet(tables[table])
    return tables
