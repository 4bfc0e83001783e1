"""The trial of `python -m benchmarks.readers`, a tenth as long: no read is torn, and publishing holds nobody up."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.readers import PERSONS, is_torn, measure
from pipelines.settings import Settings
from pipelines.store.embedded import stop_server

ADDED_P99_MS = 100.0


@pytest.fixture
def home() -> Iterator[Settings]:
    folder = Path(tempfile.mkdtemp(prefix="popbase-test-"))
    folder.chmod(0o755)  # the server's account looks in
    settings = Settings(home=folder / "home")
    yield settings
    stop_server(settings)
    shutil.rmtree(folder)


def test_a_read_is_torn_when_rows_or_tables_are_of_two_publications() -> None:
    whole = (PERSONS, "m1", "m1", PERSONS, "m1", "m1")
    assert not is_torn(whole)
    assert not is_torn((0, None, None, 0, None, None))
    for torn in (
        (PERSONS, "m1", "m2", PERSONS, "m1", "m1"),
        (PERSONS, "m1", "m1", PERSONS, "m2", "m2"),
        (PERSONS + 1, "m1", "m1", PERSONS, "m1", "m1"),
        (0, None, None, PERSONS, "m1", "m1"),
    ):
        assert is_torn(torn)


@pytest.mark.long
def test_of_100000_reads_under_100_publications_none_is_torn_and_few_wait(home: Settings) -> None:
    told = measure(home, publications=100, reads=100_000, quiet=10.0)
    assert told["during"]["torn"] == told["before"]["torn"] == told["after"]["torn"] == 0
    assert told["during"]["reads"] >= 100_000
    assert told["during"]["publications_seen"] >= 50
    assert told["during"]["held_transactions"] >= 2
    assert told["added_p99_ms"] <= ADDED_P99_MS
