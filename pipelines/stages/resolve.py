"""Resolve: which current records, over all feeds, are one person.

Where the run before left what it takes, only what changed since is linked; linking everything anew by the same model
gives the same persons.
"""

from __future__ import annotations

import hashlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines import __version__, linking, predecessors
from pipelines.contract.load import load_contracts
from pipelines.settings import Settings
from pipelines.speaking import Speaking
from pipelines.store import judging, linkage_quality, runs
from pipelines.store import linking as left
from pipelines.store.database import open_database
from pipelines.store.lake import Lake
from pipelines.store.ledger import Batch, record_time
from pipelines.store.number_history import number_history
from pipelines.store.publication import pointer
from pipelines.store.records import accepted_chain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.linkage.following import Known
    from pipelines.store.postgres import Connection

STAGE = "resolve"
KEEPING = ("retention", "review")
"""Policies that say how long scratch is kept, and in what order people look: no publication depends on them."""


def resolve(settings: Settings) -> dict[str, Any]:
    """Link the current records of all feeds into persons.

    Returns {"run_id", "records", "reached", "persons", "links": {method: n}, "conflicts"}; `run_id` is None when
    nothing changed since the publication that readers see. `reached` are the records that were looked at.
    """
    started = time.monotonic()
    contracts = load_contracts(settings.contracts)
    lake = Lake(settings.lake)
    with open_database(settings) as conn:
        chains = {feed: accepted_chain(conn, feed) for feed in contracts}
        base = pointer(conn)
        judged = judging.verdicts(conn)
        history = number_history(conn, lake, contracts, chains)
        inputs = _inputs(settings, {feed: chain for feed, chain in chains.items() if chain}, judged, history)
        if not inputs["feeds"] or predecessors.same_inputs(runs.released_inputs(conn, base), inputs):
            return {"run_id": None}
        speaking = Speaking(lake, {feed: chain for feed, chain in chains.items() if chain}, contracts)
        on = max(batch.data_date for chain in chains.values() for batch in chain)
        earlier, reason = predecessors.earlier_of(settings, conn, lake, inputs, base)
        asked = linking.Asked(settings, conn, speaking, inputs, _known(conn, judged, history), on)
        linked = linking.linked(asked, earlier, reason)
        named = inputs if linked.base_run is None else {**inputs, predecessors.MODEL: linked.model}
        run_id = _run_id(named, base)
        with ThreadPoolExecutor(1) as beside:
            kept = beside.submit(linking.keep, lake, run_id, linked, asked.known)
            runs.begin_run(conn, run_id, base, named, linked.records)
            _record(conn, run_id, linked, predecessors.linkage_policy(settings).model_dump(mode="json"))
            kept.result()  # before anything is committed
        record_time(conn, run_id, STAGE, time.monotonic() - started, linked.records)
    return _summary(run_id, linked)


def _record(conn: Connection, run_id: str, linked: linking.Linked, policy: dict[str, Any]) -> None:
    """What the database keeps of it."""
    runs.record_resolution(conn, run_id, linked.resolution, linked.members)
    runs.record_model(conn, run_id, linked.resolution.model, policy)
    left.record_linking(conn, linked.told(run_id))
    judging.record_cases(conn, run_id, linked.cases)
    linkage_quality.record_quality(conn, run_id, linked.quality)


def _inputs(
    settings: Settings, chains: dict[str, list[Batch]], judged: pl.DataFrame, history: pl.DataFrame
) -> dict[str, Any]:
    """All a publication depends on: the batches, what the data office decided, what people judged, the code."""
    decided = {
        path.stem: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(settings.policies.glob("*.yml"))
        if path.stem not in KEEPING
    }
    declared = hashlib.sha256()
    for path in sorted(settings.contracts.rglob("*.yml")):
        declared.update(path.read_bytes())
    return {
        "feeds": {feed: [batch.batch_id for batch in chain] for feed, chain in chains.items()},
        "judged_by": {
            batch.batch_id: [batch.contract_sha256, batch.suite_sha256]
            for chain in chains.values()
            for batch in chain
        },
        "policies": decided,
        "contracts": declared.hexdigest(),
        "version": __version__,
        **({} if judged.is_empty() else {"judgements": linking.hash_of(judged)}),
        **({} if history.is_empty() else {"number_history": linking.hash_of(history)}),
    } | ({} if settings.estimator == "engine" else {"estimator": settings.estimator})


def _run_id(inputs: Mapping[str, Any], base: int) -> str:
    spelled = json.dumps([inputs, base], sort_keys=True, ensure_ascii=False)
    return f"run-{hashlib.sha256(spelled.encode()).hexdigest()[:12]}"


def _known(conn: Connection, judged: pl.DataFrame, history: pl.DataFrame) -> Known:
    """All but who belonged to whom."""
    from pipelines.linkage.following import Known  # noqa: PLC0415 - compiled loops are dear to import

    former, free = runs.former_members(conn), runs.next_number(conn)
    return Known(runs.members_of(conn, []), former, free, judged, judging.undone(conn), history)


def _summary(run_id: str, linked: linking.Linked) -> dict[str, Any]:
    found = linked.resolution
    return {
        "run_id": run_id,
        "records": linked.records,
        "reached": linked.reached,
        "persons": found.memberships["number"].n_unique(),
        "links": dict(found.links.group_by("method").len().sort("method").rows()),
        "conflicts": found.conflicts.height,
    }
