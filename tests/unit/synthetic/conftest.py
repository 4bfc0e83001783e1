"""One small invented county for all tests of the generator."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.synthetic.generate import Generated, generate

PERSONS, SEED, MONTHS = 600, 20260630, 2


@pytest.fixture(scope="session")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("county")
    generate(PERSONS, SEED, out, MONTHS)
    return out


@pytest.fixture(scope="session")
def again(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Generated]:
    out = tmp_path_factory.mktemp("again")
    return out, generate(PERSONS, SEED, out, MONTHS)
