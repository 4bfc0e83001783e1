"""Shared by all tests: Hypothesis runs the same examples everywhere, and no server of a test is left behind."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "shared", derandomize=True, deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("shared")


@pytest.fixture(scope="session", autouse=True)
def _no_cluster_is_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The server's account cannot reach pytest's folders, so clusters of homes in them lie beside those."""
    yield
    mine = tmp_path_factory.getbasetemp()
    for note in Path(tempfile.gettempdir()).glob("popbase-*/home"):
        if note.is_file() and mine in Path(note.read_text(encoding="utf-8").strip()).parents:
            _remove_cluster(note)


def _remove_cluster(note: Path) -> None:
    from pipelines.settings import Settings
    from pipelines.store.embedded import stop_server

    home = Path(note.read_text(encoding="utf-8").strip())
    if (home / "postgres.elsewhere").exists():
        stop_server(Settings(home=home))
    shutil.rmtree(note.parent)
