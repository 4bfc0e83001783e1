"""A program that has imported everything and runs each command as a copy of itself, to be stopped where it is told.

It reads a JSON line with a list of orders, runs them side by side, and answers with a line of their ends. Importing
takes seconds, a copy milliseconds. Of a command nothing is replaced: statements, commits and renamed files are
counted as they pass, and at one of them the command is killed, or its server is.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import psycopg2
import psycopg2.extensions

import pipelines.linkage.resolve
import pipelines.quality.gate
import pipelines.quality.rows
import pipelines.quality.run
import pipelines.quality.session
import pipelines.running
import pipelines.stages.land
import pipelines.stages.publish
import pipelines.stages.report
import pipelines.stages.resolve
import pipelines.stages.standardise
import pipelines.stages.survive
import pipelines.stages.validate
import pipelines.steps
from pipelines.cli import main

Order = dict[str, Any]


class Watch:
    """Counts what a command does and acts at the n-th; or at `what`, once it has come to `anchor` in `step`."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.step = "start"
        self.passed = 0
        self.is_anchored = self.is_done = False
        self.trace: IO[str] | None = None
        if order.get("trace"):
            self.trace = Path(order["trace"]).open("w", encoding="utf-8")  # noqa: SIM115 - until it is killed

    def passes(self, what: str, backend: int = 0) -> None:
        self.passed += 1
        if self.trace is not None:
            self.trace.write(f"{self.step}\t{what}\n")
            self.trace.flush()
        if self.passed == self.order.get("stop_at") or self.is_there(what):
            self.act(backend)

    def is_there(self, what: str) -> bool:
        step, anchor, wanted = self.order.get("stop", (None, "", ""))
        if step != self.step or self.is_done:
            return False
        self.is_anchored |= what.startswith(anchor)
        self.is_done = self.is_anchored and what.startswith(wanted)
        return self.is_done

    def act(self, backend: int) -> None:
        victim, sent = self.order.get("deed", ["command", "SIGKILL"])
        if victim == "answer":  # what was asked for is done, and nobody hears of it
            raise psycopg2.OperationalError("server closed the connection unexpectedly")
        # No session stands behind a renamed file: then its server is meant. 0 would be everybody, the tests too.
        pid = os.getpid() if victim == "command" else (victim == "backend" and backend) or _server()
        if pid:
            os.kill(pid, getattr(signal, sent))
        if victim != "command":
            time.sleep(0.2)
            _await_gone(pid)  # when the command goes on


def _await_gone(pid: int) -> None:
    """On a busy machine a session takes its time to end; one that nobody has taken note of yet is gone, too."""
    until = time.monotonic() + 10
    while pid and time.monotonic() < until:
        try:
            if Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] == "Z":
                return
        except (FileNotFoundError, ProcessLookupError):
            return
        time.sleep(0.05)


def _server() -> int:
    """The server of this home as it is now; 0 when it is down, after an earlier deed."""
    from pipelines.settings import settings_from_environment
    from pipelines.store.embedded import server_status

    status = server_status(settings_from_environment())
    return status.pid if status else 0


def instrument(watch: Watch) -> None:
    """Let every statement, commit and renamed file pass the watch."""

    class Cursor(psycopg2.extensions.cursor):
        def execute(self, query: Any, arguments: Any = None) -> None:
            pid = self.connection.info.backend_pid
            watch.passes(f"before {_head(query)}", pid)
            super().execute(query, arguments)
            watch.passes(f"after {_head(query)}", pid)

        def copy_expert(self, query: Any, file: Any, size: int = 8192) -> None:
            pid = self.connection.info.backend_pid
            watch.passes("before copy", pid)
            super().copy_expert(query, _Passing(file, watch, pid), size)
            watch.passes("after copy", pid)

    class Connection(psycopg2.extensions.connection):
        def cursor(self, *arguments: Any, **options: Any) -> Any:
            return super().cursor(*arguments, **{"cursor_factory": Cursor, **options})

        def commit(self) -> None:
            pid = self.info.backend_pid
            watch.passes("before commit", pid)
            super().commit()
            watch.passes("after commit", pid)

    connect = psycopg2.connect
    setattr(psycopg2, "connect", lambda *a, **o: connect(*a, **{"connection_factory": Connection, **o}))  # noqa: B010
    _watch_files(watch)
    _watch_steps(watch)


class _Passing:
    """The stream of a COPY; half of its rows are with the server when its first block has passed."""

    def __init__(self, stream: Any, watch: Watch, backend: int) -> None:
        self.stream, self.watch, self.backend = stream, watch, backend

    def read(self, size: int = -1) -> Any:
        block = self.stream.read(min(size, 1024))
        self.watch.passes("inside copy", self.backend)
        return block

    def write(self, block: Any) -> Any:
        return self.stream.write(block)


def _head(query: Any) -> str:
    text = query.decode() if isinstance(query, bytes) else str(query)
    return " ".join(text.split())[:60]


def _watch_files(watch: Watch) -> None:
    replace = os.replace

    def watched(source: Any, target: Any, **options: Any) -> None:
        watch.passes(f"before file {Path(target).parent.name}")
        replace(source, target, **options)
        watch.passes(f"after file {Path(target).parent.name}")

    setattr(os, "replace", watched)  # noqa: B010


def _watch_steps(watch: Watch) -> None:
    run_step = pipelines.steps.run_step

    def watched(name: str, *arguments: Any, **options: Any) -> dict[str, Any]:
        watch.step = name
        watch.passes(f"begin {options.get('feed') or ''}".strip())
        return run_step(name, *arguments, **options)

    setattr(pipelines.running, "run_step", watched)  # noqa: B010


def run_copy(order: Order) -> None:
    """What the copy does: the command itself, with what it says in a file."""
    os.environ.update(order.get("environ", {}))
    out = os.open(order["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(out, 1)
    os.dup2(out, 2)
    if order.get("largest_file"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["largest_file"], order["largest_file"]))
    instrument(Watch(order))
    sys.argv = ["popbase", *order["command"]]
    os._exit(_ended(main))


def _ended(command: Callable[[], object]) -> int:
    code: object = 0
    try:
        command()
    except SystemExit as done:
        code = done.code
    except BaseException:  # noqa: BLE001 - as the interpreter itself would end
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else int(code is not None)


def launch(orders: list[Order]) -> list[int]:
    """Exit codes of the orders, run side by side; minus the signal of one that was killed."""
    started = time.monotonic()
    copies: dict[int, Order] = {}
    for order in orders:
        copy = os.fork()
        if copy == 0:
            run_copy(order)
        copies[copy] = order
    ends: dict[int, int] = {}
    while len(ends) < len(copies):
        for copy in copies.keys() - ends.keys():
            limit = copies[copy].get("kill_after", 120.0)
            if time.monotonic() - started > limit:
                os.kill(copy, signal.SIGKILL)
            done, status = os.waitpid(copy, os.WNOHANG)
            if done:
                ends[copy] = os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    return [ends[copy] for copy in copies]


def answer() -> None:
    """Answer orders until there are no more."""
    threads = len(list(Path("/proc/self/task").iterdir()))
    sys.stdout.write(json.dumps({"threads": threads}) + "\n")
    sys.stdout.flush()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(launch(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    answer()
