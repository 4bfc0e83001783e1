from __future__ import annotations

import subprocess
import sys
import warnings
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from pipelines.contract.load import load_contracts
from pipelines.steps import FEED_STEPS, POPULATION_STEPS
from tests.dags.conftest import DAGS, HEAVY, Read

FEED_DAGS = sorted(contract.slug for contract in load_contracts().values())
ALL_DAGS = [*FEED_DAGS, "population", "punctuality", "upkeep"]


def test_every_file_is_read_without_an_error(read: Read) -> None:
    assert read.bag.import_errors == {}


def test_there_is_one_dag_for_each_contract_and_three_more(read: Read) -> None:
    assert sorted(read.dags) == sorted(ALL_DAGS)


def test_reading_is_quick_and_imports_nothing_heavy(read: Read) -> None:
    assert read.heavy == ()
    assert read.seconds < 3


def test_nothing_deprecated_is_used_by_our_files(read: Read) -> None:
    told = [w for several in read.bag.captured_warnings.values() for w in several]
    assert [w for w in told if str(DAGS) in w] == []


def test_no_file_imports_from_a_place_that_airflow_has_left() -> None:
    """Some old places still work without a warning, so the text is looked at as well."""
    left = (
        "airflow.models",
        "airflow.operators",
        "airflow.sensors",
        "airflow.utils",
        "airflow.decorators",
        "from airflow import",
    )
    text = {path.name: path.read_text(encoding="utf-8") for path in DAGS.glob("*.py")}
    assert [(name, old) for name, said in text.items() for old in left if old in said] == []


def test_what_the_files_import_of_popbase_is_light() -> None:
    """In a process of its own, because other tests have imported everything here."""
    ours = {
        line.split()[1]
        for path in DAGS.glob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("from pipelines")
    }
    asked = f"import sys, {', '.join(sorted(ours))}; print([m for m in {HEAVY!r} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize("dag_id", ALL_DAGS)
def test_a_dag_survives_being_stored(read: Read, dag_id: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from airflow.serialization.serialized_objects import DagSerialization

        stored = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(read.dags[dag_id]))
    assert stored.task_ids == read.dags[dag_id].task_ids


@pytest.mark.parametrize("dag_id", ALL_DAGS)
def test_a_dag_says_whose_it_is_and_what_it_does(read: Read, dag_id: str) -> None:
    dag = read.dags[dag_id]
    assert "popbase" in dag.tags
    assert dag.doc_md
    assert dag.description
    assert dag.owner not in {"", "airflow"}


@pytest.mark.parametrize("dag_id", ALL_DAGS)
def test_a_dag_runs_once_at_a_time_and_does_not_catch_up(read: Read, dag_id: str) -> None:
    assert read.dags[dag_id].max_active_runs == 1
    assert read.dags[dag_id].catchup is False


@pytest.mark.parametrize("dag_id", ALL_DAGS)
def test_a_task_is_tried_again_after_a_while(read: Read, dag_id: str) -> None:
    assert all(
        task.retries >= 1 and task.retry_delay >= timedelta(minutes=1) for task in read.dags[dag_id].tasks
    )


def test_an_error_that_would_come_again_is_not_tried_again(read: Read) -> None:
    from pipelines.errors import ContractError, DependencyMissing

    policy = read.dags["population"].get_task(POPULATION_STEPS[0]).retry_policy
    assert policy.evaluate(ContractError([]), 1, 3).action.value == "fail"
    assert policy.evaluate(DependencyMissing("no database"), 1, 3).action.value != "fail"


@pytest.mark.parametrize("dag_id", FEED_DAGS)
def test_tasks_of_a_feed_follow_the_list_of_steps(read: Read, dag_id: str) -> None:
    order = [task.task_id for task in read.dags[dag_id].topological_sort()]
    assert order[0] == "arrived"
    assert tuple(name for name in order if name in FEED_STEPS) == FEED_STEPS


def test_tasks_of_the_population_follow_the_list_of_steps(read: Read) -> None:
    order = [task.task_id for task in read.dags["population"].topological_sort()]
    assert tuple(name for name in order if name in POPULATION_STEPS) == POPULATION_STEPS


def test_each_step_comes_directly_after_the_one_before(read: Read) -> None:
    for dag_id, steps in [*((dag_id, FEED_STEPS) for dag_id in FEED_DAGS), ("population", POPULATION_STEPS)]:
        dag = read.dags[dag_id]
        for before, after in pairwise(steps):
            assert after in dag.get_task(before).downstream_task_ids


def test_the_population_waits_for_what_the_feeds_announce(read: Read) -> None:
    condition = read.dags["population"].timetable.asset_condition
    awaited = {asset.uri for asset in condition.objects}
    assert awaited == {f"popbase://validated/{feed}" for feed in load_contracts()}


def test_a_feed_that_is_added_as_a_contract_gets_its_dag(
    read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two YAML files are all that a new department needs; here the contract of another one under a new name."""
    import shutil

    shutil.copytree(DAGS.parent / "contracts", tmp_path / "contracts")
    source = next(p for p in sorted((tmp_path / "contracts").glob("[!_]*/*.yml")))
    text = source.read_text(encoding="utf-8").split("publishes:")[0]
    added = tmp_path / "contracts" / "newcomer" / "list.yml"
    added.parent.mkdir()
    feed = f"{source.parent.name}/{source.stem}"
    added.write_text(text.replace(f"feed: {feed}", "feed: newcomer/list"), encoding="utf-8")
    monkeypatch.setenv("POPBASE_DECLARATIONS", str(tmp_path))
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=str(DAGS / "popbase_feeds.py"))
    assert bag.import_errors == {}
    assert "newcomer-list" in bag.dags
