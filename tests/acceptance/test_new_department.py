"""A department that nobody has heard of is published by declarations alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from pipelines.contract.load import ROOT, load_contracts
from pipelines.settings import Settings
from pipelines.store.access import reader_url
from pipelines.store.embedded import stop_server
from pipelines.synthetic.specimen import PEOPLE

COLUMNS = "SFZJHM:citizen_id,XM,SDQJ:month:income_month,SDXM:text:income_item,SRE:decimal:income"


@dataclass(frozen=True)
class House:
    """Declarations of its own, and a home."""

    settings: Settings

    def popbase(self, *words: str, expected: int = 0) -> str:
        told = {"POPBASE_HOME": self.settings.home, "POPBASE_DECLARATIONS": self.settings.declarations}
        ran = subprocess.run(
            [sys.executable, "-m", "pipelines.cli", *words], cwd=ROOT, capture_output=True, text=True,
            check=False, env={"PATH": "/usr/bin:/bin", **{name: str(path) for name, path in told.items()}},
        )  # fmt: skip
        assert ran.returncode == expected, ran.stderr
        return ran.stdout

    def read(self, query: str) -> Any:
        """The first row of a query on the department's own table, as its reader sees it."""
        contract = load_contracts(self.settings.contracts)["tax/income"]
        assert contract.publishes is not None
        with (
            psycopg2.connect(reader_url(self.settings, contract.department)) as conn,
            conn.cursor() as cursor,
        ):
            cursor.execute(query.format(table=f"shared.{contract.publishes.table}"))
            return cursor.fetchone()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    for folder in ("contracts", "expectations", "policies", "sql"):
        shutil.copytree(ROOT / folder, tmp_path / "declared" / folder)
    built = House(Settings(home=tmp_path / "home", declarations=tmp_path / "declared"))
    yield built
    stop_server(built.settings)


def test_a_new_department_reaches_publication_without_a_line_of_code(house: House) -> None:
    house.popbase("new-department", "tax/income", "--columns", COLUMNS, "--key", "SFZJHM,SDQJ")
    checked = json.loads(house.popbase("contracts", "check", "--json").splitlines()[-1])
    assert checked["faults"] == []
    inbox = str(house.settings.home / "specimen" / "inbox")
    ran: dict[str, Any] = json.loads(house.popbase("run", "--inbox", inbox, "--json").splitlines()[-1])
    assert (ran["decision"], ran["records"], ran["persons"]) == ("released", PEOPLE, PEOPLE)
    assert ran["quarantined"] == 0
    assert house.read(
        "select count(*), count(income), min(income_month) ~ '^[0-9]{{4}}-[0-9]{{2}}$' from {table}"
    ) == (PEOPLE, PEOPLE, True)
    house.popbase("new-department", "tax/income", "--columns", COLUMNS, expected=2)
