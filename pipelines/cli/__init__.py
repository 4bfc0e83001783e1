"""The command line. It parses, calls, prints; everything it says is counts, ids, codes and paths."""

from __future__ import annotations

import sys

from pipelines.cli import (
    contracts,
    database,
    foreseeing,
    keeping,
    mending,
    proving,
    reviewing,
    running,
    seeing,
    sharing,
    signing,
    steering,
    validating,
)
from pipelines.cli.console import app, told
from pipelines.errors import PopbaseError
from pipelines.privacy import without_values

__all__ = [
    "app",
    "contracts",
    "database",
    "foreseeing",
    "keeping",
    "main",
    "mending",
    "proving",
    "reviewing",
    "running",
    "seeing",
    "sharing",
    "signing",
    "steering",
    "validating",
]


def main() -> None:
    """Run the command; every error of ours ends in its message, its hint and its exit code."""
    try:
        with without_values():
            app()
    except PopbaseError as error:
        told.print(f"popbase: {error}", style="red", markup=False)
        sys.exit(error.exit_code)
