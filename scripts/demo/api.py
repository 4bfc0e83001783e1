"""What the demo asks of Airflow's REST API."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from scripts.demo.services import Airflow

PATIENCE = 180.0


@dataclass
class Api:
    """A logged-in client of a local API server."""

    airflow: Airflow
    token: str = field(default="", repr=False)

    def ready(self, dag_ids: set[str]) -> bool:
        """Whether the server answers and knows these DAGs."""
        try:
            if not self.token:
                self.token = self._login()
            return dag_ids <= {dag["dag_id"] for dag in self.get("/dags?limit=100")["dags"]}
        except (OSError, KeyError, ValueError):
            return False

    def _login(self) -> str:
        credentials = {"username": "admin", "password": self.airflow.password()}
        told: str = self._send("POST", "/auth/token", credentials)["access_token"]
        return told

    def get(self, path: str) -> dict[str, Any]:
        """GET of an address below /api/v2."""
        return self._send("GET", f"/api/v2{path}")

    def pause(self, dag_id: str, *, paused: bool) -> None:
        """Pause a DAG, or let it go on."""
        self._send("PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": paused})

    def trigger(self, dag_id: str) -> None:
        """Start a run now."""
        self._send("POST", f"/api/v2/dags/{dag_id}/dagRuns", {"logical_date": None})

    def answer(self, task: dict[str, Any], option: str, reason: str) -> None:
        """Answer a task that waits for a person: Approve or Reject."""
        path = f"/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}/taskInstances/{task['task_id']}/-1/hitlDetails"
        self._send(
            "PATCH", f"/api/v2{path}", {"chosen_options": [option], "params_input": {"reason": reason}}
        )

    def last_error(self, task: dict[str, Any]) -> str:
        """What the task's log says of its failure."""
        path = f"/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}/taskInstances/{task['task_id']}"
        lines = self.get(f"{path}/logs/{max(1, task['try_number'])}")["content"]
        errors = [error for line in lines for error in line.get("error_detail") or ()]
        return f"{errors[-1]['exc_type']}: {errors[-1]['exc_value']}" if errors else "see its log"

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 - our own server on loopback
            f"{self.airflow.url}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            told: dict[str, Any] = json.loads(answer.read() or b"{}")
            return told


def wait_until_ready(api: Api, dag_ids: set[str]) -> None:
    """Return when Airflow is up and has read the DAGs; RuntimeError when it does not come up."""
    until = time.monotonic() + PATIENCE
    while not api.ready(dag_ids):
        api.airflow.revive()
        if time.monotonic() > until:
            raise RuntimeError(f"Airflow is not up after {PATIENCE:.0f} s; see {api.airflow.logs}")
        time.sleep(0.5)
