"""The application, its two consoles, and what every command prints with."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console, ConsoleDimensions

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Builds the shared basic population database from what the departments send.\n\n"
    "To try it: popbase generate --persons 2000 --out county, then popbase run --inbox county/inbox.",
    epilog="Exit codes: 0 done, 1 fault of ours, 2 wrong use, 3 a delivery was refused (the rest went on), "
    "4 the publication was not released by its audit, 5 a dependency is missing.",
)


class _Unbroken(Console):
    """A console whose tables are not cut to 80 columns where nobody sees a terminal: in a pipe, a log, a file."""

    @property
    def size(self) -> ConsoleDimensions:
        """The terminal's; elsewhere COLUMNS, or wide enough for every table."""
        if self.is_terminal:
            return super().size
        return ConsoleDimensions(int(os.environ.get("COLUMNS") or 200), 25)


told = Console(stderr=True, highlight=False)
said = _Unbroken(highlight=False, soft_wrap=True)

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
