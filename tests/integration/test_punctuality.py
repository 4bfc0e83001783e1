"""The DAG that turns red while a feed is late, asked as Airflow would ask it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.settings import ROOT, Settings
from tests.office import Office, open_office

ASKED = """
from airflow.dag_processing.dagbag import DagBag
task = DagBag(dag_folder="dags/popbase_punctuality.py").dags["punctuality"].get_task("late_feeds")
try:
    print("looked at", task.python_callable())
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.fixture
def office(fresh: Settings, tmp_path: Path) -> Office:
    return open_office(fresh, tmp_path)


def told(office: Office, home: Path) -> str:
    places = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "POPBASE_HOME": str(office.settings.home),
        "POPBASE_DATABASE_URL": str(office.settings.database_url),
        "POPBASE_DECLARATIONS": str(office.settings.declarations),
    }
    asked = subprocess.run(
        [sys.executable, "-c", ASKED],
        cwd=ROOT,
        env=os.environ | places,
        capture_output=True,
        text=True,
        check=True,
    )
    return asked.stdout.strip().splitlines()[-1]


def test_a_late_feed_turns_its_dag_red_and_is_named(office: Office, tmp_path: Path) -> None:
    assert told(office, tmp_path) == "looked at 1"
    office.send(1, {"a": "1"})
    office.take()
    said = told(office, tmp_path)
    assert said.startswith("AirflowFailException office/letters: 2026-01-03")
    assert "expected 2026-01-03" in said
