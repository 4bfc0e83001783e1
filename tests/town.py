"""A small town whose one register is put into effect as accepted rows, for tests that begin at resolution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.linkage.frame import RECORDS
from pipelines.settings import Settings
from pipelines.stages.resolve import resolve
from pipelines.stages.survive import survive
from pipelines.store import publication
from pipelines.store.database import open_database
from pipelines.store.lake import Lake
from pipelines.store.postgres import execute, fetch
from pipelines.store.surviving import touched_name
from tests.office import declare
from tests.unit.linkage.people import citizen_id, person

FEED = "office/letters"
CONTRACT = """
feed: office/letters
title: {zh: 名册, en: Register}
owner: {department: office, zh: 办公室, en: Office}
legal_basis: {zh: 无, en: none}
cadence: daily
authority: 1
delivery: {form: text, encoding: utf-8}
key: [[KEY]]
columns:
  - {source: KEY, name: letter, required: true}
  - {source: SFZ, name: citizen_id, type: citizen_id}
  - {source: XM, name: name, type: person_name}
  - {source: CSRQ, name: born_on, type: date}
  - {source: DH, name: telephone, type: telephone}
attributes: {citizen_id: 1, name: 1, born_on: 1, telephone: 1}
"""
NUMBERS = {name: citizen_id(date(1980, 1, day), 11) for day, name in enumerate("甲乙丙丁戊", 1)}


@dataclass
class Town:
    """The town and its register: rows by key, each a name and what else the record says."""

    settings: Settings
    deliveries: int = 0

    def deliver(self, rows: Mapping[str, dict[str, Any]]) -> None:
        """Put a whole register into effect."""
        self.deliveries += 1
        batch_id = f"office-letters-{self.deliveries:06d}"
        people = [person(f"{FEED}|{key}", **row) for key, row in rows.items()]
        frame = pl.DataFrame(people, schema=RECORDS).drop("feed", "authority")
        frame = frame.with_columns(row_number=pl.int_range(1, pl.len() + 1, dtype=pl.Int32))
        Lake(self.settings.lake).write(
            f"accepted/{batch_id}", frame.with_columns(operation=pl.lit("I"), is_person=pl.lit(value=True))
        )
        with open_database(self.settings) as conn:
            execute(
                conn,
                "insert into ledger.batch (batch_id, feed, sequence, position, data_date, mode, content_sha256,"
                " manifest, rows_received, status, contract_sha256) values (%s, %s, %s, %s, %s, 'full', 'x', '{}', %s,"
                " 'accepted', 'x')",
                (batch_id, FEED, self.deliveries, self.deliveries, date(2026, 1, self.deliveries), len(rows)),
            )

    def resolve(self) -> dict[str, Any]:
        return resolve(self.settings)

    def publish(self) -> int:
        """Let readers see what was resolved last; the audit has tests of its own."""
        made = survive(self.settings)
        lake = Lake(self.settings.lake)
        with open_database(self.settings) as conn:
            tables = {name: lake.read(f"golden/{made['run_id']}/{name}") for name in made["rows"]}
            said = lake.read(f"provenance/{made['run_id']}")
            touched = lake.read(touched_name(made["run_id"]))["person_id"] if made["reason"] is None else None
            staged = publication.stage(
                conn, made["run_id"], tables, said, publication.pointer(conn), touched=touched, lake=lake
            )
            publication.release(conn, staged.number)
        return staged.number

    def persons(self) -> dict[str, str]:
        """{key: person_id} of the register's records."""
        rows = self.ask("select record_key, person_id from resolution.membership order by record_key")
        return {row["record_key"].split("|")[1]: row["person_id"] for row in rows}

    def ask(self, sql: str, *params: object) -> list[dict[str, Any]]:
        with open_database(self.settings) as conn:
            return fetch(conn, sql, params)


def open_town(settings: Settings, folder: Path) -> Town:
    """A town whose declarations and lake lie in `folder`."""
    declare(folder / "declared", CONTRACT)
    return Town(replace(settings, home=folder / "home", declarations=folder / "declared"))
