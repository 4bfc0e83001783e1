"""`python -m scripts.demo [--persons N]` is `make demo`, `python -m scripts.demo airflow` is `make airflow`."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import NoReturn

from pipelines.errors import PopbaseError
from pipelines.settings import ROOT, Settings
from scripts.demo.story import console, demo, keep_open


def main() -> None:
    """Parse and run; whatever happens, no service is left running."""
    parser = argparse.ArgumentParser(
        prog="demo", description="A county through Airflow, from files to persons."
    )
    parser.add_argument("what", nargs="?", choices=("demo", "airflow"), default="demo")
    parser.add_argument("--persons", type=int, default=20_000)
    parser.add_argument("--home", type=Path, default=ROOT / "var" / "demo")
    told = parser.parse_args()
    signal.signal(signal.SIGTERM, _leave)
    settings = Settings(home=told.home.resolve())
    try:
        if told.what == "demo":
            demo(settings, told.persons)
        else:
            keep_open(settings)
    except (PopbaseError, RuntimeError) as error:
        console.print(f"{told.what}: {error}", style="red", markup=False)
        sys.exit(getattr(error, "exit_code", 1))
    except KeyboardInterrupt:
        sys.exit(130)


def _leave(*_: object) -> NoReturn:
    raise KeyboardInterrupt


main()
