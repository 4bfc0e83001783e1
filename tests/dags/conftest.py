"""The DAGs are read once, by the loader that Airflow uses, in a home of its own and without a database."""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

DAGS = Path(__file__).resolve().parents[2] / "dags"
HEAVY = ("polars", "pandas", "great_expectations", "psycopg2", "recordlinkage", "numba")


@dataclass(frozen=True)
class Read:
    """What reading the DAG folder gave.

    Attributes:
        bag: Airflow's DagBag.
        seconds: how long it took, without importing Airflow itself.
        heavy: modules that were imported on the way and should not be.
    """

    bag: Any
    seconds: float
    heavy: tuple[str, ...]

    @property
    def dags(self) -> dict[str, Any]:
        """DAGs by id."""
        dags: dict[str, Any] = self.bag.dags
        return dags


@pytest.fixture(scope="session")
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home for Airflow; it reads these variables when it is first imported."""
    home = tmp_path_factory.mktemp("airflow")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_HOME", str(home))
        patch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        patch.setenv("AIRFLOW__CORE__UNIT_TEST_MODE", "True")
        patch.setenv("POPBASE_HOME", str(home / "popbase"))
        for name in [name for name in os.environ if name.startswith("POPBASE_") and name != "POPBASE_HOME"]:
            patch.delenv(name)
        yield home


@pytest.fixture(scope="session")
def read(airflow_home: Path) -> Read:
    """The shipped DAG folder, read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Airflow's own; those of our files are in captured_warnings
        from airflow.dag_processing.dagbag import DagBag
        from airflow.providers.standard.operators import hitl, python  # noqa: F401
        from airflow.providers.standard.sensors import python as sensors  # noqa: F401

        before = set(sys.modules)
        started = time.perf_counter()
        bag = DagBag(dag_folder=str(DAGS))
        seconds = time.perf_counter() - started
    return Read(bag, seconds, tuple(m for m in HEAVY if m in set(sys.modules) - before))
