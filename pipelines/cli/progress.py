"""How far long work is: bars where a terminal looks on, lines with the time in a log or a pipe."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any, TypeAlias

from rich.console import Console

from pipelines.cli.console import told

Advance: TypeAlias = Callable[[str, int, int], None]
"""`advance(what, done, whole)`; the first word of `what` names the stage."""


def progress(console: Console = told) -> AbstractContextManager[Advance]:
    """Tell how far the work is on standard error."""
    return _bars(console) if console.is_terminal else _lines(console)


@contextmanager
def _bars(console: Console) -> Iterator[Advance]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<44}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        tasks: dict[str, Any] = {}

        def advance(what: str, done: int, whole: int) -> None:
            stage = what.split(" ", maxsplit=1)[0]
            if stage not in tasks:
                tasks[stage] = bars.add_task(what, total=whole)
            bars.update(tasks[stage], description=what, completed=done, total=whole)

        yield advance


@contextmanager
def _lines(console: Console) -> Iterator[Advance]:
    """Bars drawn over each other reach a log only at the end: here each stage is told when it begins and ends."""
    begun: dict[str, float] = {}
    ended: set[str] = set()

    def advance(what: str, done: int, whole: int) -> None:
        stage = what.split(" ", maxsplit=1)[0]
        now = f"{datetime.now().astimezone():%H:%M:%S}"
        if stage not in begun:
            begun[stage] = time.monotonic()
            name = what if whole == 1 else stage  # work that is not divided may say more than its name
            console.print(f"{now} {name}: begun", soft_wrap=True)
        if done >= whole and stage not in ended:
            ended.add(stage)
            console.print(f"{now} {stage}: done in {time.monotonic() - begun[stage]:.0f} s", soft_wrap=True)

    yield advance
