"""A month that was published and then withdrawn: readers see again what they saw before it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.running import Summary, run_all
from pipelines.settings import Settings
from pipelines.stages.withdraw import withdraw
from pipelines.steps import run_step
from pipelines.store.database import front_database_url, open_database
from pipelines.store.embedded import stop_server
from pipelines.store.front import load_front_folder
from pipelines.store.postgres import fetch
from pipelines.synthetic.generate import generate

FIRST_MONTH = "2026-06-30"


def take(settings: Settings, inbox: Path) -> Summary:
    """A run, and a yes where the change is so large that it waits."""
    summary = run_all(settings, inbox, lambda *_: None)
    if summary.decision == "waiting":
        run_step("release", settings, number=summary.publication, by="test", reason="meant")
    return summary


@pytest.fixture
def published(tmp_path: Path) -> Iterator[tuple[Settings, Path]]:
    """A home where two months of a small county were published, and its inbox."""
    settings, delivered = Settings(home=tmp_path / "home"), tmp_path / "delivered"
    generate(200, 5, delivered, 2)
    load_front_folder(front_database_url(settings), delivered / "front")
    inbox = tmp_path / "inbox"
    for is_first in (True, False):
        for folder in (delivered / "inbox").glob("*/*/*"):
            if (folder.name <= FIRST_MONTH) == is_first:
                shutil.copytree(folder, inbox / folder.relative_to(delivered / "inbox"))
        take(settings, inbox)
    yield settings, inbox
    stop_server(settings)


def test_readers_see_june_again_when_july_was_withdrawn(published: tuple[Settings, Path]) -> None:
    settings, inbox = published
    with open_database(settings) as conn:
        july = fetch(conn, "select batch_id from ledger.batch where data_date > %s", (FIRST_MONTH,))
    for batch in july:
        withdraw(settings, batch["batch_id"], by="test", reason="the whole month was wrong")
    assert take(settings, inbox).publication == 3
    with open_database(settings) as conn:
        hashes = fetch(conn, "select content_hash from publication.publication order by number")
    assert len(july) >= 5
    assert hashes[2] == hashes[0] != hashes[1]
