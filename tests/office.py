"""A small office with one feed of its own: what it sends, the stages that take it, and the register they make.

A key is a letter, a value a word. Three words mean something to its suite: `odd` sets a row aside, `poor` is warned of,
and a delivery of which more than half is `bad` is refused by its gate.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pipelines.contract import load
from pipelines.contract.model import Contract
from pipelines.settings import ROOT, Settings
from pipelines.stages.land import land
from pipelines.stages.standardise import standardise
from pipelines.stages.validate import validate
from pipelines.store import ledger
from pipelines.store.database import open_database
from pipelines.store.lake import Lake
from pipelines.store.postgres import fetch
from pipelines.store.records import accepted_chain, current_records

FEED = "office/letters"
KEPT = 0.5
"""More than this share of the register has to be kept, or a full delivery waits."""
CONTRACT = """
feed: office/letters
title: {zh: 字母, en: Letters}
owner: {department: office, zh: 办公室, en: Office}
legal_basis: {zh: 无, en: none}
cadence: daily
authority: 1
delivery: {form: text, encoding: utf-8}
key: [[KEY]]
thresholds: {removed: 0.5}
columns:
  - {source: KEY, name: letter, required: true}
  - {source: VALUE, name: word}
"""
RULE = """
  - id: {id}
    expectation: expect_column_values_to_not_be_in_set
    kwargs: {{column: word, value_set: ["{word}"]}}
    severity: {severity}
    indicator: "0102"
    basis: none
    office: Office
    thresholds: {{warn: 1.0{reject}}}
    zh: 测试
    en: a test
"""

Rows = Mapping[str, str]


def suite(refused: str = "bad", aside: str = "odd") -> str:
    stop = RULE.format(id="PB-OFF-001", word=refused, severity="reject_batch", reject=", reject: 0.5")
    keep = RULE.format(id="PB-OFF-002", word=aside, severity="quarantine_row", reject="")
    tell = RULE.format(id="PB-OFF-003", word="poor", severity="warn", reject="")
    return f"suite: {FEED}\nrules:{stop}{keep}{tell}"


def declare(folder: Path, contract: str = CONTRACT, rules: str | None = None) -> None:
    """Write the office's declarations; what every contract needs besides is the shipped one."""
    for name, text in (("contracts", contract), ("expectations", rules or suite())):
        path = folder / name / f"{FEED}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for name in ("policies", "sql"):
        if not (folder / name).exists():
            (folder / name).symlink_to(ROOT / name)
    load._load.cache_clear()  # noqa: SLF001 - as a new run would read them


@dataclass
class Office:
    """The office, and popbase's home where its deliveries are taken."""

    settings: Settings
    folders: int = 0
    sent: list[Path] = field(default_factory=list)

    @property
    def contract(self) -> Contract:
        return load.load_contracts(self.settings.contracts)[FEED]

    @property
    def inbox(self) -> Path:
        return self.settings.home / "inbox"

    def send(self, sequence: int, rows: Rows | list[tuple[str, str, str]], **said: Any) -> Path:
        """Put a delivery into the inbox: a mapping is a full one, a list of (key, value, flag) an increment."""
        self.folders += 1
        folder = self.inbox / FEED / str(said.pop("folder", f"{self.folders:04d}"))
        folder.mkdir(parents=True, exist_ok=True)
        content = said.pop("content", None) or content_of(rows)
        (folder / "letters.csv").write_bytes(content)
        manifest = {
            "feed": FEED,
            "data_date": str(date(2026, 1, 1) + timedelta(days=sequence)),
            "sequence": sequence,
            "mode": mode_of(rows),
            "file": "letters.csv",
            "rows": len(rows),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        told = json.dumps(manifest | said)
        (folder / "manifest.json").write_text(told, encoding="utf-8")
        self.sent.append(folder)
        return folder

    def land(self) -> dict[str, Any]:
        return land(self.settings, self.contract, self.inbox)

    def judge(self) -> dict[str, Any]:
        standardise(self.settings, self.contract)
        return validate(self.settings, self.contract)

    def take(self) -> dict[str, Any]:
        """Take everything the inbox holds; what landing and the gate said, in one."""
        landed, judged = self.land(), self.judge()
        return judged | landed | {"refused": landed["refused"] + judged["refused"]}

    def register(self) -> dict[str, str]:
        with open_database(self.settings) as conn:
            records = current_records(Lake(self.settings.lake), accepted_chain(conn, FEED))
        return {} if records is None else dict(records.sort("letter").select("letter", "word").iter_rows())

    def batches(self) -> dict[str, str]:
        """The state of every batch by its id without the feed."""
        with open_database(self.settings) as conn:
            return {b.batch_id.removeprefix("office-letters-"): b.status for b in ledger.batches(conn, FEED)}

    def states(self) -> list[str]:
        """The states of all batches, by place and arrival."""
        return list(self.batches().values())

    def ask(self, sql: str, *params: object) -> list[dict[str, Any]]:
        with open_database(self.settings) as conn:
            return fetch(conn, sql, params)


def batch_id(sequence: int, rows: Rows | list[tuple[str, str, str]]) -> str:
    return f"office-letters-{sequence:06d}-{hashlib.sha256(content_of(rows)).hexdigest()[:8]}"


def content_of(rows: Rows | list[tuple[str, str, str]]) -> bytes:
    lines = ["KEY,VALUE"] if isinstance(rows, Mapping) else ["KEY,VALUE,CZBZ"]
    cells = rows.items() if isinstance(rows, Mapping) else rows
    return "\n".join([*lines, *(",".join(cell) for cell in cells), ""]).encode()


def mode_of(rows: Rows | list[tuple[str, str, str]]) -> str:
    return "full" if isinstance(rows, Mapping) else "incremental"


def open_office(settings: Settings, folder: Path) -> Office:
    """An office whose declarations, lake and inbox lie in `folder`."""
    declare(folder / "declared")
    return Office(replace(settings, home=folder / "home", declarations=folder / "declared"))
