"""One delivery for each number: the same seed and number give the same bytes anywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from random import Random

from pipelines.contract.model import Contract
from tests.fuzz import books, manifests, tables_dbf, texts
from tests.fuzz.archives import archive
from tests.fuzz.damage import damaged
from tests.fuzz.tables import COLUMNS, Table, contract_of, table_of, worsen

Write = Callable[[Random, Table, str], bytes]


@dataclass(frozen=True)
class Form:
    """How a contract says deliveries come, and what writes them."""

    delivery: dict[str, object]
    write: Write


@dataclass(frozen=True)
class Case:
    """A delivery in the making; the form `manifest` has nothing but its bytes."""

    form: str
    mode: str
    content: bytes


def _comma(rng: Random, table: Table, _mode: str) -> bytes:
    return texts.delimited(rng, table, "gb18030", ",", quoted=True)


def _pipe(rng: Random, table: Table, _mode: str) -> bytes:
    return texts.delimited(rng, table, "utf-8", "|", quoted=False)


def _utf16(rng: Random, table: Table, _mode: str) -> bytes:
    return texts.delimited(rng, table, rng.choice(("utf-16-le", "utf-16-be")), "\t", quoted=True)


def _zipped(rng: Random, table: Table, mode: str) -> bytes:
    name = rng.choice(("a.txt", "参保.txt"))
    return archive(rng, {name: _worn(rng, _pipe(rng, table, mode))}, worse=0.4)


def _package(rng: Random, table: Table, _mode: str) -> bytes:
    return texts.delimited(rng, table, "utf-8", ",", quoted=True)


def _fixed(rng: Random, table: Table, mode: str) -> bytes:
    return texts.fixed_width(rng, table, mode)


def _dbf(rng: Random, table: Table, _mode: str) -> bytes:
    return tables_dbf.dbf(rng, table)


def _dbf_zipped(rng: Random, table: Table, mode: str) -> bytes:
    return archive(rng, {"人口.DBF": _worn(rng, _dbf(rng, table, mode))}, worse=0.3)


def _book(rng: Random, table: Table, _mode: str) -> bytes:
    return books.workbook(rng, table)


FORMS: dict[str, Form] = {
    "comma": Form({"form": "text", "encoding": "gb18030"}, _comma),
    "pipe": Form({"form": "text", "encoding": "utf-8", "separator": "|", "quote": None}, _pipe),
    "utf16": Form({"form": "text", "encoding": "utf-16", "separator": "\t"}, _utf16),
    "zipped": Form({"form": "text", "separator": "|", "quote": None, "archive": "zip"}, _zipped),
    "table": Form({"form": "table", "table": "front.register", "package_column": "BAO"}, _package),
    "fixed": Form({"form": "fixed_width", "encoding": "gbk", "layout": texts.LAYOUT}, _fixed),
    "dbf": Form({"form": "dbf", "encoding": "gbk"}, _dbf),
    "dbf_zipped": Form({"form": "dbf", "encoding": "gbk", "archive": "zip"}, _dbf_zipped),
    "book": Form({"form": "workbook", "title_rows": 1, "total_marker": "合计"}, _book),
}
NAMES = (*FORMS, "book", "book", "manifest")


@cache
def contract(form: str) -> Contract:
    """The contract that the deliveries of this form are read with."""
    return contract_of(FORMS[form].delivery)


def case_of(seed: int, number: int) -> Case:
    """The delivery of that number."""
    rng = Random(f"{seed}/{number}")  # noqa: S311 - to repeat, not to hide
    form = rng.choice(NAMES)
    mode = rng.choice(("full", "full", "incremental"))
    if form == "manifest":
        return Case(form, mode, manifests.manifest(rng))
    columns = (*COLUMNS, "CZBZ") if mode == "incremental" else COLUMNS
    table = table_of(rng, columns)
    if rng.random() < 0.7:
        worsen(rng, table)
    return Case(form, mode, _worn(rng, FORMS[form].write(rng, table, mode)))


def _worn(rng: Random, content: bytes) -> bytes:
    """Bytes damaged on their way, now and then."""
    return damaged(rng, content) if rng.random() < 0.3 else content
