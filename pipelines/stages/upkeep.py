"""Upkeep: what waits for a person's yes, and scratch that nobody needs any more."""

from __future__ import annotations

import time
from typing import Any

from pipelines.errors import UsageError
from pipelines.settings import Settings
from pipelines.store import ledger
from pipelines.store.database import open_database
from pipelines.store.lake import Lake
from pipelines.store.postgres import execute, fetch

SCRATCH_DAYS = 7


def approve(settings: Settings, batch_id: str, *, by: str, reason: str) -> dict[str, Any]:
    """Let a batch take effect that waited because it removes much of its register.

    Raises:
        UsageError: when the batch does not wait.
    """
    with open_database(settings) as conn:
        rows = fetch(conn, "select status from ledger.batch where batch_id = %s for update", (batch_id,))
        if not rows or rows[0]["status"] != "waiting":
            raise UsageError(f"{batch_id} does not wait for approval", hint="popbase status lists what waits")
        ledger.set_status(conn, batch_id, "accepted")
        execute(
            conn,
            "insert into ledger.approval (subject, approved_by, reason) values (%s, %s, %s)",
            (batch_id, by, reason),
        )
    return {"batch_id": batch_id, "status": "accepted"}


def upkeep(settings: Settings) -> dict[str, Any]:
    """Delete scratch files of broken runs and registers that are kept only for speed."""
    root = Lake(settings.lake).root
    oldest = time.time() - SCRATCH_DAYS * 86_400
    scratch = [*root.rglob("*.part"), *root.glob("state/*.parquet")]
    stale = [path for path in scratch if path.stat().st_mtime < oldest]
    for path in stale:
        path.unlink(missing_ok=True)
    return {"deleted": len(stale)}
