"""Upkeep: what waits for a person's yes, and what the lake need not keep."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.contract.load import load_contracts
from pipelines.errors import ContractError, Fault, UsageError
from pipelines.settings import Settings
from pipelines.store import effect, erasing, feedback, ledger, linking, redacting, signing, surviving
from pipelines.store.database import open_database
from pipelines.store.lake import Lake
from pipelines.store.postgres import fetch
from pipelines.store.records import accepted_chain

if TYPE_CHECKING:
    from pipelines.store.postgres import Connection

DAY = 86_400


class Retention(BaseModel):
    """Policy of retention, policies/retention.yml: days the lake keeps what can be made again.

    Attributes:
        scratch_days: broken writes, and registers that are kept only for speed.
        gone_days: raw and standardised rows of batches that are not in effect.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    scratch_days: int = Field(default=7, ge=1)
    gone_days: int = Field(default=90, ge=1)


def approve(settings: Settings, batch_id: str, *, by: str, reason: str) -> dict[str, Any]:
    """Let a batch take effect that waited because it removes much of its register, and what waited behind it.

    Returns {"batch_id", "status", "accepted": batches that followed, "waiting": the one that waits now}.

    Raises:
        UsageError: when the batch does not wait.
    """
    lake = Lake(settings.lake)
    with open_database(settings) as conn:
        batch = ledger.find_batch(conn, batch_id)
        contract = load_contracts(settings.contracts).get(batch.feed)
        if batch.status != "waiting" or batch.redo is not None or contract is None:
            raise UsageError(f"{batch_id} does not wait for approval", hint="popbase status lists what waits")
        effect.accept(conn, lake, contract, batch)
        signing.approve(conn, batch_id, by=by, reason=reason)
        decided = effect.take_turns(conn, lake, contract)
        feedback.settle(conn, lake, contract)
    return {"batch_id": batch_id, "status": "accepted"} | {
        told: [b for b, status in decided.items() if status == told] for told in ("accepted", "waiting")
    }


def upkeep(settings: Settings) -> dict[str, Any]:
    """Delete what the lake need not keep, by policies/retention.yml, and deliveries whose retention is over.

    Of the latter, not in effect any more, bytes and rows are destroyed and an erasure is recorded, by the contract's
    `retention_years`. Returns {"deleted": files, "erased": deliveries}.
    """
    retention = load_retention(settings.policies / "retention.yml")
    lake = Lake(settings.lake)
    with open_database(settings) as conn:
        gone = set(_gone(conn))
        known = {row["batch_id"] for row in fetch(conn, "select batch_id from ledger.batch")}
        followed = linking.followed(conn)
        kept = set(redacting.redacted(conn))
        needed = surviving.needed(conn)
    scratch = [*lake.root.rglob("*.part"), *lake.root.glob("state/*.parquet")]
    rows = [*lake.root.glob("raw/*.parquet"), *lake.root.glob("standard/*.parquet")]
    scratch += [path for path in rows if path.stem not in known]
    scratch += [path for path in lake.root.glob("linking/*/*") if path.parent.name not in followed]
    left = [*lake.root.glob("said/*.parquet"), *lake.root.glob("contents/*")]
    scratch += [path for path in left if path.stem not in needed]
    stale = [path for path in scratch if _is_older(path, retention.scratch_days)]
    stale += [path for path in rows if path.stem in gone - kept and _is_older(path, retention.gone_days)]
    for path in stale:
        path.unlink(missing_ok=True)
    return {"deleted": len(stale), "erased": _erase_overdue(settings, lake)}


def _erase_overdue(settings: Settings, lake: Lake) -> int:
    """A transaction each; files that an erasure left behind when it was killed go too."""
    with open_database(settings) as conn:
        overdue = list(erasing.overdue(conn, load_contracts(settings.contracts)))
        for batch, years in overdue:
            why = erasing.Erasure("retention", "upkeep", f"retention_years: {years}")
            erasing.record_erasure(conn, batch, why)
            conn.commit()
        erasing.wipe(conn, lake)
        redacting.finish(conn, lake)
    return len(overdue)


def load_retention(path: Path) -> Retention:
    """The retention policy, or its defaults without a file; ContractError with every fault."""
    try:
        declared: Any = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
        return Retention.model_validate(declared)
    except yaml.YAMLError:
        raise ContractError([Fault(path.name, "file", "is not YAML")]) from None
    except ValidationError as error:
        faults = [Fault(path.name, ".".join(map(str, e["loc"])) or "file", e["msg"]) for e in error.errors()]
        raise ContractError(faults) from None


def _gone(conn: Connection) -> Iterator[str]:
    """Batches that are decided and not part of their register: replay reads their bytes, nothing else needs them."""
    for row in fetch(conn, "select distinct feed from ledger.batch"):
        used = {batch.batch_id for batch in accepted_chain(conn, row["feed"])}
        for batch in ledger.batches(conn, row["feed"]):
            if batch.status not in ledger.UNDECIDED and batch.redo is None and batch.batch_id not in used:
                yield batch.batch_id


def _is_older(path: Path, days: int) -> bool:
    try:
        return path.stat().st_mtime < time.time() - days * DAY
    except FileNotFoundError:
        return False
