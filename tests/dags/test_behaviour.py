"""What the branches decide, and that a sensor looks where departments put their files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.contract.load import load_contracts
from tests.dags.conftest import Read

FEED_DAG = next(iter(load_contracts().values())).slug
QUIET: dict[str, Any] = {"landed": ["b1"], "redelivered": 0, "refused": []}


def call(read: Read, dag_id: str, task_id: str, *arguments: Any) -> Any:
    return read.dags[dag_id].get_task(task_id).python_callable(*arguments)


def test_nobody_is_asked_when_all_is_well(read: Read) -> None:
    accepted = {"accepted": ["b1"], "refused": [], "waiting": []}
    assert call(read, FEED_DAG, "verdict", QUIET, accepted) == []
    assert call(read, "population", "verdict", {"publication": 1, "decision": "released"}) == []


def test_a_person_is_asked_for_what_waits(read: Read) -> None:
    waiting = {"accepted": [], "refused": [], "waiting": ["b1"]}
    assert call(read, FEED_DAG, "verdict", QUIET, waiting) == ["approval"]
    assert call(read, "population", "verdict", {"publication": 2, "decision": "waiting"}) == ["approval"]


def test_a_refusal_turns_the_run_red_and_says_why(read: Read) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    landed = QUIET | {"refused": [{"folder": "2026-06-30", "code": "PB-DL-004"}]}
    validated = {"accepted": ["b1"], "refused": [{"batch_id": "b2", "code": "PB-DL-016"}], "waiting": []}
    assert call(read, FEED_DAG, "verdict", landed, validated) == ["refused"]
    with pytest.raises(AirflowFailException, match=r"2026-06-30: PB-DL-004 .*; b2: PB-DL-016 "):
        call(read, FEED_DAG, "refused", landed, validated)


def test_a_refused_publication_says_which_rules_stopped_it(read: Read) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    with pytest.raises(AirflowFailException, match="publication 3 was not released by its audit: PB-X-001"):
        call(read, "population", "refused", {"publication": 3, "decision": "refused", "rules": ["PB-X-001"]})


def test_an_empty_inbox_is_looked_at_without_a_database(
    read: Read, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("POPBASE_INBOX", str(tmp_path))
    monkeypatch.setenv("POPBASE_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nowhere")
    (tmp_path / "a" / "b" / "not-yet-complete").mkdir(parents=True)
    looked = call(read, FEED_DAG, "arrived")
    assert not looked.is_done
    assert json.dumps(looked.xcom_value) == '{"deliveries": 0}'
