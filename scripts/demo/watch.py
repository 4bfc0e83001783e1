"""Following Airflow while it works, task by task."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console

from pipelines.steps import FEED_STEPS, POPULATION_STEPS
from pipelines.store.postgres import connect, fetch
from scripts.demo.api import Api

SHOWN = (*FEED_STEPS, *POPULATION_STEPS)
FINISHED = ("success", "failed")
PATIENCE = 1800.0
PARKED = "awaiting_input"
THINKING = 6.0  # an answer that comes before the task's own end is taken for a lost task
MARKS = {"success": "[green]✔[/]", "failed": "[red]✘[/]", "up_for_retry": "[yellow]↻[/]"}
WRONG = ("failed", "up_for_retry")
_RUNS = "select dag_id, state from dag_run order by id"
_TASKS = """
select id::text, dag_id, run_id as dag_run_id, task_id, state, try_number, duration
from task_instance where start_date is not null order by start_date, dag_id
"""


@dataclass
class Watch:
    """Prints every step once when it ends, and says when the wanted runs are over.

    Attributes:
        names: the feed of each feed DAG.
        since: when Airflow was up, seconds of the epoch.
        expected: `dag.task` that may fail.
        told: tasks that were printed.
        parked: since when a task is known to wait for a person; never again once it was answered.
        answer: what a person says who is asked.
    """

    api: Api
    console: Console
    names: dict[str, str]
    since: float = field(default_factory=time.time)
    expected: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    parked: dict[str, float] = field(default_factory=dict)
    answer: str = "Approve"

    def until(self, what: str, is_over: Callable[[list[dict[str, Any]]], bool]) -> None:
        """Follow the tasks until `is_over` says so of the runs.

        Raises:
            RuntimeError: a service ended, a task failed that should not, or it takes too long.
        """
        since = time.monotonic()
        with self.console.status(what) as status:
            while True:
                for name in self.api.airflow.revive():
                    self.console.print(f"  [yellow]![/] {name} ended by itself; it was started again")
                if time.monotonic() - since > PATIENCE:
                    raise RuntimeError(f"not done after {PATIENCE:.0f} s; see {self.api.airflow.logs}")
                with suppress(OSError):  # a busy server may not answer once
                    runs, tasks = self._look()
                    self._tell(tasks)
                    self._answer(tasks)
                    self._check(tasks)
                    if is_over(runs):
                        return
                    status.update(f"{what}: {self._working(tasks)}")
                time.sleep(1)

    def _look(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """All runs, and the tasks that began: out of the tables, because the API's lists are dear every second."""
        url = self.api.airflow.database_url.replace("postgresql+psycopg2:", "postgresql:", 1)
        with connect(url) as conn:
            return fetch(conn, _RUNS), fetch(conn, _TASKS)

    def _tell(self, tasks: Iterable[dict[str, Any]]) -> None:
        for task in tasks:
            news = f"{task['id']} {task['try_number']} {task['state']}"
            is_shown = task["task_id"] in SHOWN or task["state"] in WRONG
            if task["state"] in MARKS and is_shown and news not in self.told:
                self.told.add(news)
                seconds = f"{task['duration']:6.1f} s" if task["duration"] else " " * 8
                name = self.names.get(task["dag_id"], task["dag_id"])
                self.console.print(f"  {MARKS[task['state']]} {seconds}  {task['task_id']:<12} {name}")
                if task["state"] in WRONG:
                    self.console.print(f"    {self.api.last_error(task)}", markup=False, style="dim")

    def _answer(self, tasks: Iterable[dict[str, Any]]) -> None:
        """What waits for a person gets an answer from the demo's user, with a reason, as in the user interface."""
        for task in tasks:
            if task["state"] != PARKED:
                continue
            seen = self.parked.setdefault(task["id"], time.monotonic())
            if time.monotonic() - seen > THINKING:
                self.parked[task["id"]] = float("inf")
                self.console.print(f"    {task['dag_id']} waits for a person; admin says {self.answer}")
                self.api.answer(task, self.answer, "it is only a demo")

    def _check(self, tasks: Iterable[dict[str, Any]]) -> None:
        failed = {f"{task['dag_id']}.{task['task_id']}" for task in tasks if task["state"] == "failed"}
        if unexpected := failed - self.expected:
            raise RuntimeError(f"failed: {', '.join(sorted(unexpected))}; see {self.api.airflow.logs}")

    def _working(self, tasks: Iterable[dict[str, Any]]) -> str:
        running = [
            f"{task['task_id']} {self.names.get(task['dag_id'], '')}".strip()
            for task in tasks
            if task["state"] == "running" and task["task_id"] in SHOWN
        ]
        return ", ".join(running) or "waiting for the scheduler"


def over(dag_ids: Iterable[str], count: int) -> Callable[[list[dict[str, Any]]], bool]:
    """True of runs in which each of the DAGs has finished `count` times."""
    wanted = set(dag_ids)

    def is_over(runs: list[dict[str, Any]]) -> bool:
        done = [run["dag_id"] for run in runs if run["state"] in FINISHED]
        return all(done.count(dag_id) >= count for dag_id in wanted)

    return is_over
