"""Withdraw: a batch that was landed is taken out of effect, as if it had never come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.contract.load import load_contracts
from pipelines.errors import UsageError
from pipelines.settings import Settings
from pipelines.store import effect, feedback, ledger
from pipelines.store.database import open_database
from pipelines.store.lake import Lake
from pipelines.store.postgres import execute
from pipelines.store.records import accepted_chain, count_current

if TYPE_CHECKING:
    from pipelines.store.postgres import Connection


def withdraw(settings: Settings, batch_id: str, *, by: str, reason: str) -> dict[str, Any]:
    """Take a batch out of effect and write down who did it, when and why.

    What came after it is applied again; what it had replaced is in effect again; of a full delivery the register
    falls back to the full one before it and the increments after that. It is also the answer to a batch that waits
    for a yes and shall have none. The next run publishes accordingly.

    Returns {"batch_id", "was", "accepted", "waiting": batches that have their turn now, "chain": batches the register
    is made of now, "records": how many it has}.

    Raises:
        UsageError: when there is no such batch, it is not in effect nor on its way, or nobody gave a name or reason.
    """
    if not by.strip() or not reason.strip():
        raise UsageError("a withdrawal needs a name and a reason", hint="--by NAME --reason WHY")
    lake = Lake(settings.lake)
    with open_database(settings) as conn:
        batch = ledger.find_batch(conn, batch_id)
        if batch.status in ("refused", "withdrawn"):
            raise UsageError(f"{batch_id} is {batch.status}", hint="there is nothing to withdraw")
        contract = load_contracts(settings.contracts).get(batch.feed)
        if contract is None:
            raise UsageError(f"there is no contract for {batch.feed}", hint="see contracts/")
        effect.withdraw(conn, lake, contract, batch)
        _write_down(conn, batch, by, reason)
        decided = effect.take_turns(conn, lake, contract)
        feedback.settle(conn, lake, contract)
        chain = accepted_chain(conn, batch.feed)
        return {
            "batch_id": batch_id,
            "was": batch.status,
            "accepted": [b for b, status in decided.items() if status == "accepted"],
            "waiting": [b for b, status in decided.items() if status == "waiting"],
            "chain": [b.batch_id for b in chain],
            "records": count_current(lake, chain),
        }


def _write_down(conn: Connection, batch: ledger.Batch, by: str, reason: str) -> None:
    execute(
        conn,
        "insert into ledger.withdrawal (batch_id, was, withdrawn_by, reason) values (%s, %s, %s, %s)",
        (batch.batch_id, batch.status, by, reason),
    )
