"""One synthetic county of two months, taken in and published month by month, for all acceptance tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipelines.running import Summary, run_all
from pipelines.settings import Settings
from pipelines.store.database import front_database_url, open_database
from pipelines.store.embedded import stop_server
from pipelines.store.front import load_front_folder
from pipelines.store.postgres import fetch
from pipelines.synthetic.generate import generate

PERSONS, SEED = 1500, 11
FIRST_MONTH = "2026-06-30"


def silent(_step: str, _feed: str, _done: int, _whole: int) -> None:
    """Progress nobody looks at."""


@dataclass(frozen=True)
class County:
    """A home with a county in it, and what its two runs said."""

    settings: Settings
    inbox: Path
    truth: Path
    runs: list[Summary]

    def ask(self, sql: str, *params: object) -> list[dict[str, Any]]:
        with open_database(self.settings) as conn:
            return fetch(conn, sql, params)

    def run(self) -> Summary:
        return run_all(self.settings, self.inbox, silent)


def settle(home: Path, delivered: Path, *, months: int) -> County:
    """Generate a county and run it, one run a month."""
    generate(PERSONS, SEED, delivered, months)
    settings = Settings(home=home)
    load_front_folder(front_database_url(settings), delivered / "front")
    county = County(settings, home / "inbox", delivered / "truth.csv", [])
    folders = sorted((delivered / "inbox").glob("*/*/*"))
    for is_later in (False, True):
        for folder in (f for f in folders if (f.name > FIRST_MONTH) is is_later):
            shutil.copytree(folder, county.inbox / folder.relative_to(delivered / "inbox"))
        county.runs.append(county.run())
    return county


@pytest.fixture(scope="session")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    base = tmp_path_factory.mktemp("county")
    settled = settle(base / "home", base / "delivered", months=2)
    yield settled
    stop_server(settled.settings)
