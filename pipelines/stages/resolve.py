"""Resolve: which current records, over all feeds, are one person."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines import __version__
from pipelines.contract.load import load_contracts
from pipelines.policy import load_review
from pipelines.settings import Settings
from pipelines.store import judging, linkage_quality, runs
from pipelines.store.database import open_database
from pipelines.store.lake import Lake
from pipelines.store.ledger import Batch, batches_named, record_time
from pipelines.store.number_history import number_history
from pipelines.store.publication import pointer
from pipelines.store.records import accepted_chain, current_records

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.contract.model import Contract
    from pipelines.linkage.resolve import Resolution
    from pipelines.store.postgres import Connection

STAGE = "resolve"
KEEPING = ("retention", "review")
"""Policies that say how long scratch is kept, and in what order people look: no publication depends on them."""
SPEAKING = (
    "record_key", "citizen_id", "citizen_id_status", "citizen_id_cleaned", "citizen_id_born_on",
    "citizen_id_sex_code", "name", "name_key", "name_sound", "name_is_degraded", "former_name_key",
    "sex_code", "born_on", "telephone", "household_number", "registered_address",
    "residence_address", "employer_name", "guardian_citizen_id", "guardian_name_key",
    "guardian_telephone",
    "personal_number", "struck_off_on", "struck_off_reason_code", "ethnicity_code", "registered_division_code",
)  # fmt: skip
"""Standard columns that say who a record speaks of."""


def resolve(settings: Settings) -> dict[str, Any]:
    """Link the current records of all feeds into persons.

    Returns {"run_id", "records", "persons", "links": {method: n}, "conflicts"}; `run_id` is None when nothing
    changed since the publication that readers see.
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
        run_id = _run_id(inputs, base)
        if not inputs["feeds"] or runs.released_inputs(conn, base) == inputs:
            return {"run_id": None}
        frames = {feed: current_records(lake, chain) for feed, chain in chains.items() if chain}
        records = speaking_records({f: r for f, r in frames.items() if r is not None}, contracts)
        resolution = link(settings, records, contracts, _known(conn, judged, history))
        _keep(lake, run_id, resolution, judged, history)
        runs.begin_run(conn, run_id, base, inputs, records.height)
        runs.record_resolution(conn, run_id, resolution)
        runs.record_model(conn, run_id, resolution.model, _policy(settings))
        judging.record_cases(conn, run_id, _cases(settings, records, resolution, judged))
        on = max(batch.data_date for chain in chains.values() for batch in chain)
        linkage_quality.record_quality(conn, run_id, _quality(settings, records, resolution, on))
        record_time(conn, run_id, STAGE, time.monotonic() - started, records.height)
    return _summary(run_id, records, resolution)


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
        **({} if judged.is_empty() else {"judgements": hash_of(judged)}),
        **({} if history.is_empty() else {"number_history": hash_of(history)}),
    } | ({} if settings.estimator == "engine" else {"estimator": settings.estimator})


def hash_of(frame: pl.DataFrame) -> str:
    """SHA-256 of a frame's rows, as the inputs of a run name what it was made by."""
    spelled = json.dumps(frame.rows(), ensure_ascii=False)
    return hashlib.sha256(spelled.encode()).hexdigest()


def _run_id(inputs: Mapping[str, Any], base: int) -> str:
    spelled = json.dumps([inputs, base], sort_keys=True, ensure_ascii=False)
    return f"run-{hashlib.sha256(spelled.encode()).hexdigest()[:12]}"


def speaking_records(frames: Mapping[str, pl.DataFrame], contracts: Mapping[str, Contract]) -> pl.DataFrame:
    """Records that speak of a person, over all feeds, in one vocabulary, sorted by record key."""
    spoken = [
        frame.filter("is_person").select(
            *[name for name in SPEAKING if name in frame.columns],
            pl.lit(feed).alias("feed"),
            pl.lit(contracts[feed].authority).alias("authority"),
            *_active_on(contracts[feed]),
        )
        for feed, frame in sorted(frames.items())
    ]
    return pl.concat(spoken, how="diagonal").sort("record_key")


def records_of_run(
    conn: Connection, lake: Lake, inputs: Mapping[str, Any], contracts: Mapping[str, Contract]
) -> pl.DataFrame:
    """`speaking_records` of the batches a run was made of, whatever was withdrawn or has come since."""
    frames = {
        feed: current_records(lake, batches_named(conn, batch_ids))
        for feed, batch_ids in inputs["feeds"].items()
        if feed in contracts
    }
    return speaking_records({f: r for f, r in frames.items() if r is not None}, contracts)


def _active_on(contract: Contract) -> list[pl.Expr]:
    """The day a person last acted on; of a month its first."""
    if contract.active_on is None:
        return []
    told = pl.col(contract.active_on)
    is_month = contract.column(contract.active_on).type == "month"
    return [((told + "-01").str.to_date() if is_month else told).alias("active_on")]


@dataclass(frozen=True)
class Known:
    """What a run knows beside its records.

    Attributes:
        memberships: to whom each record last belonged.
        former: records of persons that were merged away.
        next_number: the first person number never given.
        judged: what people said of two records.
        undone: judgements that were taken back.
        history: numbers that took the place of others.
    """

    memberships: pl.DataFrame
    former: pl.DataFrame
    next_number: int
    judged: pl.DataFrame
    undone: pl.DataFrame
    history: pl.DataFrame


def _known(conn: Connection, judged: pl.DataFrame, history: pl.DataFrame) -> Known:
    return Known(
        runs.memberships(conn),
        runs.former_members(conn),
        runs.next_number(conn),
        judged,
        judging.undone(conn),
        history,
    )


def link(
    settings: Settings, records: pl.DataFrame, contracts: Mapping[str, Contract], known: Known
) -> Resolution:
    """Resolve records by the policy and what is known, with causes and what people should look at."""
    from pipelines.linkage.causes import with_causes  # noqa: PLC0415
    from pipelines.linkage.findings import findings  # noqa: PLC0415 - compiled loops are dear to import
    from pipelines.linkage.policy import load_linkage  # noqa: PLC0415
    from pipelines.linkage.residual import FellegiSunterEngine  # noqa: PLC0415
    from pipelines.linkage.resolve import resolve as link_records  # noqa: PLC0415

    policy = load_linkage(settings.policies / "linkage.yml")
    found = link_records(
        records,
        known.memberships,
        known.judged,
        policy,
        next_number=known.next_number,
        former=known.former,
        engine=FellegiSunterEngine(policy, settings.estimator),
        history=known.history,
    )
    once_each = [feed for feed, contract in contracts.items() if contract.once_each]
    told = pl.concat([found.conflicts, findings(records, found, once_each)]).sort("conflict_id")
    caused = with_causes(found, records, known.memberships, known.judged, known.undone)
    return replace(found, conflicts=told, events=caused)


def _policy(settings: Settings) -> dict[str, Any]:
    from pipelines.linkage.policy import load_linkage  # noqa: PLC0415

    return load_linkage(settings.policies / "linkage.yml").model_dump(mode="json")


def _cases(
    settings: Settings, records: pl.DataFrame, resolution: Resolution, judged: pl.DataFrame
) -> pl.DataFrame:
    from pipelines.linkage.cases import cases  # noqa: PLC0415

    return cases(records, resolution, judged, load_review(settings.policies / "review.yml").doubt)


def _quality(settings: Settings, records: pl.DataFrame, resolution: Resolution, on: date) -> pl.DataFrame:
    """What linking is worth where no number helps, by the run's own model."""
    from pipelines.linkage.hidden_quality import hidden_quality, traits_of  # noqa: PLC0415
    from pipelines.linkage.hiding import hidden_links  # noqa: PLC0415
    from pipelines.linkage.policy import load_linkage  # noqa: PLC0415
    from pipelines.linkage.residual import FellegiSunterEngine  # noqa: PLC0415

    policy = load_linkage(settings.policies / "linkage.yml")
    hidden = hidden_links(records, resolution.memberships, FellegiSunterEngine, policy, resolution.model)
    return hidden_quality(hidden, traits_of(records, resolution.memberships), on)


def _keep(
    lake: Lake, run_id: str, resolution: Resolution, judged: pl.DataFrame, history: pl.DataFrame
) -> None:
    """What explains the run later; the lake alone tells which judgements and corrected numbers it was made by."""
    lake.write(f"judged/{run_id}", judged)
    lake.write(f"history/{run_id}", history)
    lake.write(f"refused/{run_id}", resolution.refused)
    lake.write(f"resolved/{run_id}", resolution.memberships.select("record_key", "person_id"))
    lake.write(f"links/{run_id}", resolution.links)
    lake.write(f"possible/{run_id}", resolution.possible)


def _summary(run_id: str, records: pl.DataFrame, resolution: Resolution) -> dict[str, Any]:
    methods = resolution.links.group_by("method").len().sort("method").rows()
    return {
        "run_id": run_id,
        "records": records.height,
        "persons": resolution.memberships["person_id"].n_unique(),
        "links": dict(methods),
        "conflicts": resolution.conflicts.height,
    }
