"""A specimen delivery for any contract: a few invented people, no dirt, and a manifest that fits.

It shows a newcomer what the contract accepts, and gives `popbase run` something to take in on the first day.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from pipelines.contract.code_lists import load_code_list
from pipelines.contract.model import Column, Contract
from pipelines.errors import UsageError
from pipelines.synthetic.declarations import declaration
from pipelines.synthetic.identifiers import credit_code, with_check_character
from pipelines.synthetic.writers import SheetWriter, TextWriter

PEOPLE: Final = 24
FORMS: Final = ("text", "workbook", "table")
_FIRST_BORN: Final = date(1990, 1, 5)
_SURNAMES: Final = "王李张刘陈杨黄赵"
_NUMERALS: Final = "一二三四五六七八九"
_STRANGER: Final = 500
"""So much further on are the people whom other columns name: guardians, spouses, holders."""


@dataclass(frozen=True)
class _Cell:
    """Where a value goes: the column, the number of the row (from 1), the delivery's data date."""

    column: Column
    row: int
    data_date: date

    @property
    def person(self) -> int:
        """Who the cell speaks of."""
        return self.row if self.column.name in ("citizen_id", "name") else self.row + _STRANGER


def write_specimen(contract: Contract, inbox: Path, data_date: date) -> Path:
    """Write a full delivery of sequence 1 into `<inbox>/<feed>/<data date>/`, the manifest last.

    A table's package goes to `<inbox>/../front/<schema.table>.parquet`, from where it can be loaded. Returns the
    delivery's folder.

    Raises:
        FileExistsError: the folder is there already.
        UsageError: files of that form are read, but not written here.
    """
    if contract.delivery.form not in FORMS:
        raise UsageError(f"there are no specimens of form {contract.delivery.form}")
    folder = inbox / contract.feed / data_date.isoformat()
    folder.mkdir(parents=True)
    rows = specimen_rows(contract, data_date)
    if contract.delivery.form == "table":
        content = _write_package(contract, rows, inbox.parent / "front")
    else:
        content = _write_file(contract, rows, folder, data_date)
    manifest = {
        "feed": contract.feed, "data_date": data_date.isoformat(), "sequence": 1, "mode": "full",
        **content, "rows": rows.height, "sent_at": f"{data_date + timedelta(days=1)}T02:10:00+08:00",
        "sender": contract.owner.zh,
    }  # fmt: skip
    partial = folder / "manifest.json.part"
    partial.write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    partial.rename(folder / "manifest.json")
    return folder


def _write_file(contract: Contract, rows: pl.DataFrame, folder: Path, data_date: date) -> dict[str, Any]:
    form, day = contract.delivery, f"{data_date:%Y%m%d}"
    stem = f"{contract.feed.split('/')[1]}_{day}"
    if form.form == "workbook":
        path = folder / f"{stem}.xlsx"
        titles = {"title": contract.title.zh, "footer": contract.owner.zh}
        writer: SheetWriter | TextWriter = SheetWriter(path, rows.columns, titles, day)
    else:
        path = folder / f"{stem}.{form.archive or 'csv'}"
        settings = {"encoding": form.encoding, "separator": form.separator}
        member = {"member": f"{stem}.txt"} if form.archive else {}
        writer = TextWriter(path, rows.columns, settings | member, day)
    writer.add(rows, {})
    writer.close()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    encoding = "xlsx" if form.form == "workbook" else form.encoding
    return {"file": path.name, "sha256": digest, "encoding": encoding}


def _write_package(contract: Contract, rows: pl.DataFrame, front: Path) -> dict[str, Any]:
    front.mkdir(parents=True, exist_ok=True)
    package = rows.with_columns(pl.lit("1").alias(str(contract.delivery.package_column)))
    package.write_parquet(front / f"{contract.delivery.table}.parquet")
    return {"table": contract.delivery.table, "package": 1}


def specimen_rows(contract: Contract, data_date: date) -> pl.DataFrame:
    """One row a person, as text by source column, in the contract's order."""
    told = {
        c.only_when.column: next(filter(None, c.only_when.values), "")
        for c in contract.columns
        if c.only_when
    }
    rows = range(1, PEOPLE + 1)
    return pl.DataFrame({
        column.source: [told.get(column.source) or _value(_Cell(column, row, data_date)) for row in rows]
        for column in contract.columns
    })  # fmt: skip


def _value(cell: _Cell) -> str:
    match cell.column.name:
        case "born_on":
            return f"{_born_on(cell.row):%Y%m%d}"
        case "sex_code":
            return str(_sex(cell.row))
        case _:
            return MAKERS[cell.column.type](cell)


def _born_on(person: int) -> date:
    return _FIRST_BORN + timedelta(days=97 * (person % 100))


def _sex(person: int) -> int:
    return 2 - person % 2


def _citizen_id(person: int) -> str:
    body = int(f"{_division()}{_born_on(person):%Y%m%d}{2 * person % 900 + _sex(person):03}")
    number: str = with_check_character(np.array([body], dtype=np.int64))[0]
    return number


def _division() -> str:
    division: str = declaration("county")["division"]
    return division


def _name(cell: _Cell) -> str:
    surname = _SURNAMES[cell.person % len(_SURNAMES)]
    return f"{surname}样{_NUMERALS[cell.person // len(_SURNAMES) % len(_NUMERALS)]}"


def _code(cell: _Cell) -> str:
    """A code that stays itself, whatever the list's aliases and the contract's lookups make of its sign."""
    listed = load_code_list(str(cell.column.list))
    repairs = {**listed.aliases, **cell.column.lookup}
    usable = [code for code in listed.codes if repairs.get(code, code) == code]
    return usable[cell.row % len(usable)]


def _day(cell: _Cell) -> date:
    """In the year before the delivery; where it may be in the future, in the year after."""
    days = cell.row * 7 % 300 + 1
    return cell.data_date + timedelta(days=days if cell.column.may_be_future else -days)


def _address(cell: _Cell) -> str:
    county: str = declaration("county")["prefix"]
    return f"{county}样品路{cell.row}号"


MAKERS: Final[dict[str, Callable[[_Cell], str]]] = {
    "text": lambda cell: f"{cell.column.source}{cell.row:04}",
    "citizen_id": lambda cell: _citizen_id(cell.person),
    "school_roll": lambda cell: "G" + _citizen_id(cell.row),
    "person_name": _name,
    "date": lambda cell: f"{_day(cell):%Y%m%d}",
    "month": lambda cell: f"{_day(cell):%Y%m}",
    "timestamp": lambda cell: f"{_day(cell):%Y%m%d}080000",
    "dates": lambda cell: f"{_day(cell):%Y%m%d}",
    "code": _code,
    "telephone": lambda cell: f"1540000{cell.row:04}",
    "credit_code": lambda cell: credit_code(cell.row, _division()),
    "division": lambda _: _division(),
    "township": lambda _: f"{_division()}100",
    "address": _address,
    "decimal": lambda cell: f"{cell.row * 100}.50",
    "integer": lambda cell: str(cell.row),
    "flag": lambda cell: str(cell.row % 2),
}
"""A plain value of each type of column."""
