"""Erase: a delivery that is not in effect any more is destroyed by order; that it was stays on record."""

from __future__ import annotations

from typing import Any

from pipelines.errors import UsageError
from pipelines.settings import Settings
from pipelines.store import erasing, ledger
from pipelines.store.database import open_database
from pipelines.store.lake import Lake


def erase(settings: Settings, batch_id: str, *, order: str, by: str, reason: str) -> dict[str, Any]:
    """Record the erasure, then remove the delivery's bytes, its rows, and what runs of the past kept of it.

    Returns {"batch_id", "content_sha256", "files": how many files and folders were removed}. Killed in between, the
    same command, or the next upkeep, goes on with it.

    Raises:
        UsageError: without order, name or reason; there is no such batch; a register, or the publication that
            readers see, is made of it.
    """
    if not (order.strip() and by.strip() and reason.strip()):
        raise UsageError(
            "an erasure needs an order, a name and a reason", hint="--order REF --by NAME --reason WHY"
        )
    with open_database(settings) as conn:
        batch = ledger.find_batch(conn, batch_id)
        if batch_id not in erasing.erased(conn):
            held = erasing.holding(conn, batch)
            if held is not None:
                hint = "popbase withdraw takes it out of effect; then popbase run publishes without it"
                raise UsageError(f"{batch_id} cannot be erased: {held}", hint=hint)
            why = erasing.Erasure("order", by.strip(), reason.strip(), order.strip())
            erasing.record_erasure(conn, batch, why)
    with open_database(settings) as conn:
        files = erasing.wipe(conn, Lake(settings.lake))
    return {"batch_id": batch_id, "content_sha256": batch.content_sha256, "files": files}
