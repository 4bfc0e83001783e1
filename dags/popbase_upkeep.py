"""The upkeep DAG: once a day, what keeps the house in order."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, CronTriggerTimetable, task

from pipelines.settings import settings_from_environment
from pipelines.steps import run_step

DOC = "Deletes scratch of broken runs and registers kept only for speed. It never touches delivered bytes."

with DAG(
    dag_id="upkeep",
    dag_display_name="日常维护 · upkeep",
    description="Scratch of broken runs, registers kept for speed",
    doc_md=DOC,
    schedule=CronTriggerTimetable("30 3 * * *", timezone=os.environ.get("POPBASE_TIMEZONE", "Asia/Shanghai")),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "data-office", "retries": 2, "retry_delay": timedelta(minutes=5)},
    tags={"popbase", "upkeep"},
):

    @task
    def upkeep() -> dict[str, Any]:
        """The step of that name."""
        return run_step("upkeep", settings_from_environment())

    upkeep()
