"""What tasks need and what is slow to import, imported once: in the scheduler, of which their workers are forks.

Airflow imports a module of this name when it starts. Importing is all that is done here: a frame that were computed
would start threads of Polars, which a fork loses.
"""

from __future__ import annotations

import contextlib
import importlib
import sys

from pipelines.steps import FEED_STEPS, POPULATION_STEPS

SLOW = (
    "pipelines.quality.session",
    "recordlinkage",
    *(f"pipelines.stages.{name}" for name in (*FEED_STEPS, *POPULATION_STEPS)),
)

if "scheduler" in sys.argv:
    for _name in SLOW:
        with contextlib.suppress(ImportError):
            importlib.import_module(_name)

__all__: list[str] = []
