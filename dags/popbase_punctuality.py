"""The punctuality DAG: every morning, which feeds are late; red until they came."""

from __future__ import annotations

import os
from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable, task
from airflow.sdk.exceptions import AirflowFailException

from pipelines.settings import settings_from_environment

DOC = """Fails while a feed is later than its cadence and the days of grace allow, and names it, its last data date and
the date that was expected. Whatever your Airflow does with a failed task (e-mail, a notifier, a listener) is the alert.
A late feed holds nobody up: the population is made of the last accepted delivery of every feed, with a reservation."""

with DAG(
    dag_id="punctuality",
    dag_display_name="报送及时性 · punctuality",
    description="Feeds that are later than their cadence allows",
    doc_md=DOC,
    schedule=CronTriggerTimetable("0 8 * * *", timezone=os.environ.get("POPBASE_TIMEZONE", "Asia/Shanghai")),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "data-office", "retries": 2, "retry_delay": timedelta(minutes=5)},
    tags={"popbase", "punctuality"},
):

    @task
    def late_feeds() -> int:
        """How many feeds were looked at; fails when one is late."""
        from pipelines.status import feed_states  # noqa: PLC0415 - a DAG file parses lightly

        feeds = feed_states(settings_from_environment())["feeds"]
        late = [
            f"{feed['feed']}: {feed['expected']} 应到未到, 迟 {feed['days_behind']} 天"
            f" / expected {feed['expected']}, {feed['days_behind']} days behind"
            for feed in feeds
            if feed["state"] == "late"
        ]
        if late:
            raise AirflowFailException("; ".join(late))
        return len(feeds)

    late_feeds()
