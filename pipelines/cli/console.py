"""The application, its two consoles, and what every command prints with."""

from __future__ import annotations

import json
import os
import sys
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
