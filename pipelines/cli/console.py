"""The application, its two consoles, and what every command prints with."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Builds the shared basic population database from what the departments send.\n\n"
    "To try it: popbase generate --persons 2000 --out county, then popbase run --inbox county/inbox.",
    epilog="Exit codes: 0 done, 1 fault of ours, 2 wrong use, 3 a delivery was refused (the rest went on), "
    "4 the publication was not released by its audit, 5 a dependency is missing.",
)

told = Console(stderr=True, highlight=False)
# In a pipe, a log or a file nobody sees a terminal: tables are not cut to 80 columns there.
_unseen_width = None if sys.stdout.isatty() else int(os.environ.get("COLUMNS") or 200)
said = Console(highlight=False, soft_wrap=True, width=_unseen_width)

JsonOption = Annotated[bool, typer.Option("--json", help="Print one line of JSON at the end.")]


def print_json(value: Any) -> None:
    """Print one line of JSON on standard output, for programs."""
    typer.echo(json.dumps(value, ensure_ascii=False, default=str))


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar on standard error; `advance(what, done, whole)`."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<44}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=told) as progress:
        tasks: dict[str, Any] = {}

        def advance(what: str, done: int, whole: int) -> None:
            stage = what.split(" ", maxsplit=1)[0]
            if stage not in tasks:
                tasks[stage] = progress.add_task(what, total=whole)
            progress.update(tasks[stage], description=what, completed=done, total=whole)

        yield advance
