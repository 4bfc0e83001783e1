"""One DAG for each contract: wait for a delivery, land, standardise, validate; ask a person where the gate asks.

DAG files import nothing from each other: not every loader can import from the folder they lie in.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import (
    DAG,
    Asset,
    AssetAlias,
    ExceptionRetryPolicy,
    Param,
    PokeReturnValue,
    RetryAction,
    RetryRule,
    chain,
    get_parsing_context,
    task,
)
from airflow.sdk.exceptions import AirflowFailException

from pipelines.contract.load import load_contracts
from pipelines.contract.model import Contract
from pipelines.errors import ConservationBroken, UsageError
from pipelines.settings import settings_from_environment
from pipelines.steps import FEED_STEPS, run_step

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
YES, NO = "Approve", "Reject"
STEP_TIMEOUT: Final = timedelta(hours=6)
ANSWER_TIMEOUT: Final = timedelta(days=14)
LONG_AGO: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""Without it the first two runs of a continuous DAG get the same date, and there is no second one."""
LOOK_EVERY: Final = float(os.environ.get("POPBASE_LOOK_EVERY", "60"))
OVERDUE: Final = {"daily": timedelta(days=4), "monthly": timedelta(days=40), "termly": timedelta(days=200)}
DOC = """{title_zh} / {title_en}

| | |
|---|---|
| feed | `{feed}` |
| owner | {owner_zh} / {owner_en} |
| basis | {basis_zh} / {basis_en} |
| cadence | {cadence} |

One run waits for the next delivery at any time, takes it through {steps}, and ends; the next run begins to wait.
A run fails when a delivery was refused (the others went on), and when none came for {days} days.
"""


def inbox() -> Path:
    """`$POPBASE_INBOX`, by default the folder `inbox` in `$POPBASE_HOME`."""
    told = os.environ.get("POPBASE_INBOX")
    return Path(told) if told else settings_from_environment().home / "inbox"


def validated(contract: Contract) -> Asset:
    """The asset that says: a batch of this feed took effect."""
    return Asset(name=f"validated/{contract.feed}", uri=f"popbase://validated/{contract.feed}")


def outlet(contract: Contract) -> AssetAlias:
    """Stands for the asset where a task may find that nothing took effect; then no event is sent."""
    return AssetAlias(name=f"popbase-{contract.slug}")


def feed_dag(contract: Contract) -> DAG:
    """The DAG of one feed; its id is the contract's slug."""
    with DAG(
        dag_id=contract.slug,
        dag_display_name=f"{contract.title.zh} · {contract.feed}",
        description=contract.title.en,
        doc_md=_doc(contract),
        schedule="@continuous",
        start_date=LONG_AGO,
        catchup=False,
        max_active_runs=1,
        default_args={"owner": contract.owner.department, **RETRIES},
        tags={"popbase", "feed", contract.department, contract.cadence},
    ) as dag:
        steps = {name: _step(name, contract) for name in FEED_STEPS}
        verdict = _verdict(steps["land"], steps["validate"])
        chain(_arrived(contract), *steps.values(), verdict)
        approval: Any = _approval(contract)
        chain(verdict, [approval, _refused(steps["land"], steps["validate"])])
        yes = _approve(contract, steps["validate"], approval.output)
        no = _reject(steps["validate"], approval.output)
        said: Any = answered(approval.output)
        chain(said, [yes, no])
    return dag


def _doc(contract: Contract) -> str:
    return DOC.format(
        feed=contract.feed,
        title_zh=contract.title.zh,
        title_en=contract.title.en,
        owner_zh=contract.owner.zh,
        owner_en=contract.owner.en,
        basis_zh=contract.legal_basis.zh,
        basis_en=contract.legal_basis.en,
        cadence=contract.cadence,
        steps=" → ".join(FEED_STEPS),
        days=OVERDUE[contract.cadence].days,
    )


def _arrived(contract: Contract) -> Any:
    feed = contract.feed

    @task.sensor(
        mode="reschedule", poke_interval=LOOK_EVERY, timeout=OVERDUE[contract.cadence].total_seconds()
    )
    def arrived() -> PokeReturnValue:
        """Whether the inbox holds a delivery that was not looked at yet; a folder without manifest does not count."""
        from pipelines.intake.manifest import find_deliveries  # noqa: PLC0415
        from pipelines.store.database import open_database  # noqa: PLC0415
        from pipelines.store.ledger import seen_deliveries  # noqa: PLC0415

        found = {(f.name, f.manifest_sha256) for f in find_deliveries(inbox(), feed)}
        if found:
            with open_database(settings_from_environment()) as conn:
                found -= seen_deliveries(conn, feed)
        return PokeReturnValue(is_done=bool(found), xcom_value={"deliveries": len(found)})

    return arrived()


def _step(name: str, contract: Contract) -> Any:
    """A step of the one list as a task of that name; the last one says when something took effect."""
    feed, alias, asset = contract.feed, outlet(contract), validated(contract)

    @task(task_id=name, execution_timeout=STEP_TIMEOUT, outlets=[alias] if name == FEED_STEPS[-1] else [])
    def run_one(*, outlet_events: Any = None) -> dict[str, Any]:
        outcome = run_step(name, settings_from_environment(), feed=feed, inbox=inbox())
        if outcome.get("accepted"):
            outlet_events[alias].add(asset, extra={"batches": len(outcome["accepted"])})
        return outcome

    return run_one()


def _verdict(landed: Any, validated_batches: Any) -> Any:
    @task.branch
    def verdict(landed: dict[str, Any], validated: dict[str, Any]) -> list[str]:
        """Ask a person, or fail; where all is well neither is needed."""
        waits = ["approval"] if validated["waiting"] else []
        return waits + (["refused"] if landed["refused"] or validated["refused"] else [])

    return verdict(landed, validated_batches)


def _refused(landed: Any, validated_batches: Any) -> Any:
    @task
    def refused(landed: dict[str, Any], validated: dict[str, Any]) -> None:
        """Turn the run red after everything else went on, so that somebody looks."""
        from pipelines.reasons import REASONS  # noqa: PLC0415

        lines = []
        for refusal in landed["refused"] + validated["refused"]:
            reason = REASONS.get(refusal["code"])
            said = f" {reason.zh} / {reason.en}" if reason else ""
            lines.append(f"{refusal.get('folder', refusal.get('batch_id'))}: {refusal['code']}{said}")
        raise AirflowFailException("refused, the rest went on: " + "; ".join(lines))

    return refused(landed, validated_batches)


def _approval(contract: Contract) -> HITLOperator:
    return HITLOperator(
        task_id="approval",
        options=[YES, NO],
        subject=f"{contract.title.zh} · {contract.title.en}: 是否生效 / may it take effect?",
        body=(
            f"More than {contract.thresholds.removed:.0%} of the register would leave it. Batches: "
            "{{ ti.xcom_pull(task_ids='validate')['waiting'] | join(', ') }}"
        ),
        params={"reason": Param("", type="string", description="理由 / Why; kept in the ledger.")},
        response_timeout=ANSWER_TIMEOUT,
    )


def _approve(contract: Contract, validated_batches: Any, response: Any) -> Any:
    alias, asset = outlet(contract), validated(contract)

    @task(outlets=[alias])
    def approve(
        validated: dict[str, Any], response: dict[str, Any], *, outlet_events: Any = None
    ) -> list[str]:
        """Let the waiting batches take effect, on somebody's word."""
        by = response["responded_by_user"]["name"]
        reason = response["params_input"].get("reason") or "approved in Airflow"
        for batch_id in validated["waiting"]:
            run_step("approve", settings_from_environment(), batch_id=batch_id, by=by, reason=reason)
        outlet_events[alias].add(asset, extra={"batches": len(validated["waiting"])})
        return list(validated["waiting"])

    return approve(validated_batches, response)


def _reject(validated_batches: Any, response: Any) -> Any:
    @task
    def reject(validated: dict[str, Any], response: dict[str, Any]) -> list[str]:
        """Withdraw the waiting batches, on somebody's word."""
        by = response["responded_by_user"]["name"]
        reason = response["params_input"].get("reason") or "rejected in Airflow"
        for batch_id in validated["waiting"]:
            run_step("withdraw", settings_from_environment(), batch_id=batch_id, by=by, reason=reason)
        return list(validated["waiting"])

    return reject(validated_batches, response)


@task.branch
def answered(response: dict[str, Any]) -> list[str]:
    """What a person said."""
    return ["approve" if response["chosen_options"] == [YES] else "reject"]


_wanted = get_parsing_context().dag_id
for _contract in load_contracts(settings_from_environment().contracts).values():
    if _wanted in {None, _contract.slug}:
        globals()[_contract.slug] = feed_dag(_contract)
