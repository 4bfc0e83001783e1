"""A home with its own server, states of it that can be laid back, and commands that are run on it and stopped."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

from pipelines.settings import ROOT, Settings
from pipelines.store.database import front_database_url
from pipelines.store.embedded import ADMIN, server_url, start_server, stop_server
from pipelines.store.front import load_front_folder
from pipelines.synthetic.generate import generate

LAUNCHER = Path(__file__).with_name("launcher.py")
KILLED = -9


@dataclass(frozen=True)
class End:
    """How a command ended: its exit code (minus the signal of a killed one) and what it said."""

    code: int
    said: str


@dataclass(frozen=True)
class Ground:
    """A home, what departments delivered, and the launcher of commands on that home."""

    settings: Settings
    delivered: Path
    launcher: subprocess.Popen[str]

    @property
    def scratch(self) -> Path:
        return self.settings.home.parent

    def run(self, *command: str, **stop: Any) -> End:
        """One command; `stop` is where and how to stop it, as the launcher reads it."""
        return self.run_together([{"command": command, **stop}])[0]

    def run_together(self, commands: list[dict[str, Any]]) -> list[End]:
        orders = [
            {
                "environ": {"POPBASE_HOME": str(self.settings.home)},
                "out": str(self.scratch / f"said.{number}"),
                **command,
            }
            for number, command in enumerate(commands)
        ]
        ends = ask(self.launcher, orders)
        said = [Path(order["out"]).read_text(encoding="utf-8") for order in orders]
        return [End(code, text) for code, text in zip(ends, said, strict=True)]

    def keep(self, state: str) -> None:
        """Keep the home's database and lake under a name."""
        start_server(self.settings)
        self.copy_database("popbase", state)
        _copy_tree(self.settings.lake, self.scratch / state)

    def restore(self, state: str) -> None:
        """Lay a kept state back; what was there is gone."""
        start_server(self.settings)
        self.copy_database(state, "popbase")
        shutil.rmtree(self.settings.reports, ignore_errors=True)
        shutil.rmtree(self.settings.lake, ignore_errors=True)
        _copy_tree(self.scratch / state, self.settings.lake)

    def copy_database(self, source: str, target: str) -> None:
        with autocommit(server_url(self.settings, "postgres", ADMIN)) as cursor:
            cursor.execute(f"drop database if exists {target} with (force)")
            cursor.execute(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = %s", (source,)
            )
            cursor.execute(f"create database {target} template {source} owner popbase_owner")
            cursor.execute(f"revoke connect, temporary on database {target} from public")
        self._log_sequences(target)

    def _log_sequences(self, database: str) -> None:
        """Write where every sequence stands into the write-ahead log.

        A copy believes what its template had logged ahead of use, so that a crash would give numbers twice.
        """
        with autocommit(server_url(self.settings, database, ADMIN)) as cursor:
            cursor.execute(
                "select setval(format('%I.%I', schemaname, sequencename)::regclass, coalesce(last_value, start_value),"
                " last_value is not null) from pg_sequences"
            )


@contextmanager
def autocommit(url: str) -> Iterator[Any]:
    conn = psycopg2.connect(url)
    try:
        conn.autocommit = True
        with conn.cursor() as cursor:
            yield cursor
    finally:
        conn.close()


def _copy_tree(source: Path, target: Path) -> None:
    """By hard links: files of the lake are replaced, never changed."""
    shutil.rmtree(target, ignore_errors=True)
    if source.is_dir():
        shutil.copytree(source, target, copy_function=os.link)


def ask(launcher: subprocess.Popen[str], orders: list[dict[str, Any]]) -> list[int]:
    assert launcher.stdin is not None
    assert launcher.stdout is not None
    launcher.stdin.write(json.dumps(orders) + "\n")
    launcher.stdin.flush()
    ends: list[int] = json.loads(launcher.stdout.readline())
    return ends


def open_launcher() -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, str(LAUNCHER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=environment, cwd=ROOT,
    )  # fmt: skip


@contextmanager
def open_ground(
    persons: int, seed: int, months: int, prepare: Callable[[Path], object] = lambda _: None
) -> Iterator[Ground]:
    """A fresh home with a running server and a generated county beside it; all of it is gone in the end."""
    launcher = open_launcher()  # it imports while the county is made
    base = Path(tempfile.mkdtemp(prefix="popbase-test-"))
    base.chmod(0o755)  # the server's account looks in
    settings = Settings(home=base / "home")
    try:
        generate(persons, seed, base / "delivered", months)
        prepare(base / "delivered")
        load_front_folder(front_database_url(settings), base / "delivered" / "front")
        with autocommit(server_url(settings, "postgres", ADMIN)) as cursor:
            cursor.execute("alter system set fsync = off")  # programs are killed here, not the machine
            cursor.execute("select pg_reload_conf()")
        assert launcher.stdout is not None
        launcher.stdout.readline()
        yield Ground(settings, base / "delivered", launcher)
    finally:
        launcher.stdin.close()  # type: ignore[union-attr]
        launcher.wait(timeout=30)
        stop_server(settings)
        shutil.rmtree(base)
