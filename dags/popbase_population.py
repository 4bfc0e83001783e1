"""The population DAG: resolve, survive, publish, report; released by its audit, by a person, or not at all."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any, Final

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import (
    DAG,
    Asset,
    AssetAll,
    AssetOrTimeSchedule,
    CronTriggerTimetable,
    ExceptionRetryPolicy,
    Param,
    RetryAction,
    RetryRule,
    chain,
    task,
)
from airflow.sdk.exceptions import AirflowFailException

from pipelines.contract.load import load_contracts
from pipelines.errors import ConservationBroken, PublicationStopped, UsageError
from pipelines.settings import settings_from_environment
from pipelines.steps import POPULATION_STEPS, run_step

RETRIES: Final[dict[str, Any]] = {
    "retries": 2,
    "retry_delay": timedelta(minutes=1),
    "retry_exponential_backoff": True,
    "retry_policy": ExceptionRetryPolicy(
        rules=[
            RetryRule(
                exception=[UsageError, ConservationBroken],
                action=RetryAction.FAIL,
                reason="a retry would meet the same contract, policy or rows",
            )
        ]
    ),
}
STEP_TIMEOUT: Final = timedelta(hours=12)
ANSWER_TIMEOUT: Final = timedelta(days=14)
TIMEZONE: Final = os.environ.get("POPBASE_TIMEZONE", "Asia/Shanghai")
CUT_OFF: Final = os.environ.get("POPBASE_CUT_OFF", "0 20 * * *")
DOC = f"""Links the records of all feeds into persons and publishes them.

Starts when every feed has brought something new, and at the cut-off (`{CUT_OFF}`, {TIMEZONE}) with the last accepted
batch of each; a feed that is late is a reservation in the report, not a wait. Where nothing is new, nothing is done.
Readers see a publication only after its audit; one that waits is released by the task `approval`.
"""


def _validated(feed: str) -> Asset:
    return Asset(name=f"validated/{feed}", uri=f"popbase://validated/{feed}")


def _step(name: str) -> Any:
    @task(task_id=name, execution_timeout=STEP_TIMEOUT)
    def run_one() -> dict[str, Any]:
        return run_step(name, settings_from_environment())

    return run_one()


@task.short_circuit(task_id=POPULATION_STEPS[0], execution_timeout=STEP_TIMEOUT)
def first_step() -> dict[str, Any]:
    """The first step; where it finds nothing new the rest is skipped."""
    outcome = run_step(POPULATION_STEPS[0], settings_from_environment())
    return outcome if outcome["run_id"] else {}


@task.branch
def verdict(published: dict[str, Any]) -> list[str]:
    """Ask a person, or fail; a released publication needs neither."""
    return {"waiting": ["approval"], "refused": ["refused"]}.get(published["decision"], [])


@task
def release(published: dict[str, Any], response: dict[str, Any]) -> dict[str, Any]:
    """Move the readers' pointer, on somebody's word."""
    by = response["responded_by_user"]["name"]
    reason = response["params_input"].get("reason") or "approved in Airflow"
    number = published["publication"]
    return run_step("release", settings_from_environment(), number=number, by=by, reason=reason)


@task
def report_released(published: dict[str, Any]) -> dict[str, Any]:
    """The page again, now that its verdict is another."""
    return run_step("report", settings_from_environment(), number=published["publication"])


@task
def refused(published: dict[str, Any]) -> None:
    """Turn the run red; readers stay on what they see."""
    stopped = PublicationStopped(published["publication"], tuple(published.get("rules", ())))
    raise AirflowFailException(str(stopped))


def population_dag() -> DAG:
    """The one DAG over all feeds."""
    contracts = load_contracts(settings_from_environment().contracts).values()
    with DAG(
        dag_id="population",
        dag_display_name="人口基础信息库 · population",
        description="Resolve, survive, publish, report",
        doc_md=DOC,
        schedule=AssetOrTimeSchedule(
            timetable=CronTriggerTimetable(CUT_OFF, timezone=TIMEZONE),
            assets=AssetAll(*(_validated(contract.feed) for contract in contracts)),
        ),
        catchup=False,
        max_active_runs=1,
        default_args={"owner": "data-office", **RETRIES},
        tags={"popbase", "population"},
    ) as dag:
        steps = {name: _step(name) for name in POPULATION_STEPS[1:]}
        published = steps["publish"]
        decided = verdict(published)
        chain(first_step(), *steps.values(), decided)
        approval: Any = ApprovalOperator(
            task_id="approval",
            subject="是否发布 / may it be released?",
            body="Publication {{ ti.xcom_pull(task_ids='publish')['publication'] }} waits; its report is built.",
            params={"reason": Param("", type="string", description="理由 / Why; kept in the ledger.")},
            response_timeout=ANSWER_TIMEOUT,
        )
        chain(decided, [approval, refused(published)])
        chain(release(published, approval.output), report_released(published))
    return dag


population = population_dag()
