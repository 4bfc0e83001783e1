"""Airflow's services as plain processes on the embedded database: environment, start, stop.

The triggerer is left out: no DAG here defers (sensors reschedule, approvals are parked by the scheduler).
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.settings import ROOT, Settings

AIRFLOW = Path(sys.executable).with_name("airflow")
SERVICES = {
    "api-server": ("api-server",),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
}
MOST_DEATHS = 3
PRELOADS = Path(__file__).with_name("preload")
SECRETS = ("AIRFLOW__CORE__FERNET_KEY", "AIRFLOW__API_AUTH__JWT_SECRET", "AIRFLOW__API__SECRET_KEY")


@dataclass
class Airflow:
    """Airflow in `<home>/airflow`, its metadata at `database_url`."""

    settings: Settings
    database_url: str
    overrides: Mapping[str, str] = field(default_factory=dict)
    port: int = 0
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    deaths: int = 0

    def __post_init__(self) -> None:
        """Make the folder; take port 8080 or, where it is taken, a free one."""
        self.logs.mkdir(parents=True, exist_ok=True)
        self.port = self.port or _free_port(8080)

    @property
    def home(self) -> Path:
        """AIRFLOW_HOME."""
        return self.settings.home / "airflow"

    @property
    def logs(self) -> Path:
        """Where services and tasks log."""
        return self.home / "logs"

    @property
    def url(self) -> str:
        """The user interface and the API."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """The caller's environment with everything Airflow and its tasks need."""
        told = {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": str(max(2, os.cpu_count() or 2)),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": self.database_url,
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "300",
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.3",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            "POPBASE_HOME": str(self.settings.home),
            "PYTHONPATH": os.pathsep.join(filter(None, (str(PRELOADS), os.environ.get("PYTHONPATH")))),
            "PYTHONFAULTHANDLER": "1",
            "PYTHONWARNINGS": "ignore",
        }
        return {**os.environ, **told, **self._secrets(), **self.overrides}

    def _secrets(self) -> dict[str, str]:
        """Keys of this installation, made once, readable by their owner only."""
        kept = self.home / "secrets.json"
        if not kept.exists():
            import base64  # noqa: PLC0415

            made = [base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()]
            made += [secrets.token_hex(48), secrets.token_hex(48)]
            kept.touch(mode=0o600)
            kept.write_text(json.dumps(dict(zip(SECRETS, made, strict=True))), encoding="utf-8")
        told: dict[str, str] = json.loads(kept.read_text(encoding="utf-8"))
        return told

    def bring_up(self) -> None:
        """Make or upgrade the metadata tables, then start the services, each in a process group of its own.

        Raises:
            RuntimeError: when the tables cannot be made.
        """
        if self._spawn("migrate", ("db", "migrate")).wait():
            raise RuntimeError(f"airflow db migrate failed; see {self.logs / 'migrate.log'}")
        for name, arguments in SERVICES.items():
            self.running[name] = self._spawn(name, arguments)

    def _spawn(self, name: str, arguments: tuple[str, ...]) -> subprocess.Popen[bytes]:
        with (self.logs / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [AIRFLOW, *arguments],
                env=self.environment(),
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def revive(self) -> list[str]:
        """Start services again that ended by themselves, and say which; a few times only.

        Raises:
            RuntimeError: when they end too often.
        """
        dead = [name for name, service in self.running.items() if service.poll() is not None]
        self.deaths += len(dead)
        if self.deaths > MOST_DEATHS:
            raise RuntimeError(f"{', '.join(dead)} ended; see {self.logs}")
        for name in dead:
            _signal_group(self.running[name].pid, signal.SIGKILL)
            self.running[name] = self._spawn(name, SERVICES[name])
        return dead

    def stop(self) -> None:
        """End every service with all its children: asked first, then killed by group."""
        for service in self.running.values():
            _signal_group(service.pid, signal.SIGTERM)
        until = time.monotonic() + 6
        for service in self.running.values():
            with suppress(subprocess.TimeoutExpired):
                service.wait(max(0.1, until - time.monotonic()))
        for service in self.running.values():
            _signal_group(service.pid, signal.SIGKILL)
            service.wait()
        self.running.clear()

    def password(self) -> str:
        """The generated password of the user `admin`, once the API server has written it."""
        kept = self.home / "simple_auth_manager_passwords.json.generated"
        passwords: dict[str, str] = json.loads(kept.read_text(encoding="utf-8"))
        return passwords["admin"]


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _free_port(wanted: int) -> int:
    for port in (wanted, 0):
        with socket.socket() as tried, suppress(OSError):
            tried.bind(("127.0.0.1", port))
            found: int = tried.getsockname()[1]
            return found
    return 0
