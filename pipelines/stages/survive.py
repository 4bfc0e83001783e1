"""Survive: from the records of each person to one golden record, and the domain tables beside it.

Where the publication that readers see was made by the same rules, only golden rows of persons whose records changed
since are made; the publisher leaves the others as they are. Making all anew gives the same.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from pipelines.code import code_sha256
from pipelines.contract.load import load_contracts
from pipelines.kernels.touched import SAID, heights, touched_persons
from pipelines.policy import load_survivorship
from pipelines.settings import Settings
from pipelines.store import runs
from pipelines.store import surviving as left
from pipelines.store.database import open_database
from pipelines.store.lake import Lake
from pipelines.store.ledger import batches_named, record_time
from pipelines.store.publication import is_after_rollback
from pipelines.store.records import state_name
from pipelines.surviving import Registers, make_golden, said_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.contract.model import Contract
    from pipelines.policy import Survivorship
    from pipelines.store.ledger import Batch
    from pipelines.store.postgres import Connection

STAGE = "survive"
DECIDED: Final = ("policies", "contracts", "version")
"""What of a run's inputs decides how golden rows are made."""
MOST: Final = 0.3
"""With more persons touched than this share, making all anew is quicker."""


def survive(settings: Settings) -> dict[str, Any]:
    """Make the golden tables of the newest resolved run.

    Returns {"run_id", "rows": {table: n}, "touched": persons whose rows were made, "reason": why all were}.
    """
    started = time.monotonic()
    contracts = load_contracts(settings.contracts)
    lake = Lake(settings.lake)
    with open_database(settings) as conn:
        run = runs.latest_run(conn, "resolved")
        if run is None:
            return {"run_id": None}
        run_id = str(run["run_id"])
        feeds = {feed: batches_named(conn, ids) for feed, ids in run["inputs"]["feeds"].items()}
        chains = {feed: feeds[feed] for feed in contracts if feeds.get(feed)}
        registers = Registers(lake, chains, contracts, lake.read(f"resolved/{run_id}"))
        policy = load_survivorship(settings.policies / "survivorship.yml")
        basis, reason = _basis(conn, lake, run)
        told = _made(run_id, registers, policy, basis, reason)
        left.record_surviving(conn, told)
        rows = _heights(lake, run_id, told.persons, contracts, chains)
        runs.set_stage(conn, run_id, "survived", persons=told.persons)
        record_time(conn, run_id, STAGE, time.monotonic() - started, sum(rows.values()))
    return {"run_id": run_id, "rows": rows, "touched": told.touched, "reason": told.reason}


def _made_with() -> str:
    return f"polars {pl.__version__}, code {code_sha256()[:16]}"


def _basis(conn: Connection, lake: Lake, run: Mapping[str, Any]) -> tuple[dict[str, Any] | None, str | None]:
    """The run whose golden rows readers see, if they may stand; or why not."""
    found = left.of_publication(conn, run["base_publication"])
    if found is None:
        return None, "first"
    if found["run_id"] is None or not lake.has(left.said_name(found["run_id"])):
        return None, "what the run before left is gone"
    changed = [name for name in DECIDED if found["inputs"].get(name) != run["inputs"].get(name)]
    if changed or found["made_with"] != _made_with():
        return None, f"other {', '.join(changed) or 'code or versions'}"
    if is_after_rollback(conn):
        return None, "after a rollback"
    return found, None


def _made(
    run_id: str,
    registers: Registers,
    policy: Survivorship,
    basis: Mapping[str, Any] | None,
    reason: str | None,
) -> left.Surviving:
    """Write the golden rows and what the next run follows."""
    lake, names = registers.lake, _names(registers.chains)
    before = lake.read(left.said_name(basis["run_id"])) if basis else SAID.to_frame()
    same = {feed for feed, name in names.items() if basis and basis["chains"].get(feed) == name}
    now = said_of(registers, policy, same, before)
    every = now["person_id"].unique().sort()
    touched = touched_persons(before, now) if basis else every
    if basis and touched.len() > MOST * every.len():
        basis, reason, touched = None, "many persons changed", every
    frames = registers.of_persons(touched) if basis else registers.whole()
    make_golden(lake, run_id, frames, registers.contracts, policy)
    lake.write(left.said_name(run_id), now)
    lake.write(left.touched_name(run_id), touched.to_frame())
    base = str(basis["run_id"]) if basis else None
    return left.Surviving(run_id, base, _made_with(), names, every.len(), touched.len(), reason)


def _names(chains: Mapping[str, list[Batch]]) -> dict[str, str]:
    return {feed: state_name(chain) for feed, chain in chains.items()}


def _heights(
    lake: Lake,
    run_id: str,
    persons: int,
    contracts: Mapping[str, Contract],
    chains: Mapping[str, list[Batch]],
) -> dict[str, int]:
    """How many rows each golden table has, with those that stand."""
    records = heights(lake.read(left.said_name(run_id)), list(chains))
    published = {feed: contract.publishes.table for feed, contract in contracts.items() if contract.publishes}
    return {"person": persons} | {published[feed]: n for feed, n in records.items() if feed in published}
