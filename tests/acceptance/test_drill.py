"""The drill of `make drill`, as a test: a moment is had back whole, and a lost machine costs less than a minute."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.settings import Settings
from pipelines.store.embedded import stop_server
from scripts.drill import drill, passed


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="popbase-test-"))
    made.chmod(0o755)  # the server's account looks in
    yield made
    for name in ("home", "restored", "newest"):
        if (made / name).exists():
            stop_server(Settings(home=made / name))
    shutil.rmtree(made)


@pytest.mark.long
def test_a_moment_is_had_back_whole_and_a_lost_machine_costs_less_than_a_minute(folder: Path) -> None:
    found = drill(folder, persons=150)
    assert passed(found), found
    assert found["rows"] > 1000
    assert found["files"] > 50
