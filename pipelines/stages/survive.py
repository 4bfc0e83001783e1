"""Survive: from the records of each person to one golden record, and the domain tables beside it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.contract.load import load_contracts
from pipelines.contract.model import PERSON_ATTRIBUTES, Contract
from pipelines.kernels.golden import domain_rows, golden_persons
from pipelines.kernels.surviving import Claims
from pipelines.policy import Survivorship, load_survivorship
from pipelines.settings import Settings
from pipelines.store import runs
from pipelines.store.database import open_database
from pipelines.store.lake import Lake
from pipelines.store.ledger import batches_named, record_time
from pipelines.store.records import current_records

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.store.postgres import Connection

STAGE = "survive"
CLAIMED = {"person_id": pl.String, "record_key": pl.String, "feed": pl.String, "recency": pl.Date}
"""What every claim has, where no contract ranks an attribute too."""


def survive(settings: Settings) -> dict[str, Any]:
    """Make the golden tables of the newest resolved run. Returns {"run_id", "rows": {table: n}}."""
    started = time.monotonic()
    contracts = load_contracts(settings.contracts)
    lake = Lake(settings.lake)
    with open_database(settings) as conn:
        run = runs.latest_run(conn, "resolved")
        if run is None:
            return {"run_id": None}
        run_id = str(run["run_id"])
        frames = members(conn, lake, run, contracts)
        policy = load_survivorship(settings.policies / "survivorship.yml")
        rows = make_golden(lake, run_id, frames, contracts, policy)
        runs.set_stage(conn, run_id, "survived", persons=rows["person"])
        record_time(conn, run_id, STAGE, time.monotonic() - started, sum(rows.values()))
    return {"run_id": run_id, "rows": rows}


def members(
    conn: Connection, lake: Lake, run: Mapping[str, Any], contracts: Mapping[str, Contract]
) -> dict[str, pl.DataFrame]:
    """The run's records of each feed that belong to a person, with their `person_id`.

    They are those that were resolved: what is withdrawn or comes in between is the next run's.
    """
    resolved = lake.read(f"resolved/{run['run_id']}")
    frames: dict[str, pl.DataFrame] = {}
    for feed in contracts:
        chain = batches_named(conn, run["inputs"]["feeds"].get(feed, []))
        records = current_records(lake, chain)
        if records is not None:
            frames[feed] = records.join(resolved, on="record_key", how="inner").sort("record_key")
    return frames


def make_golden(
    lake: Lake,
    run_id: str,
    frames: Mapping[str, pl.DataFrame],
    contracts: Mapping[str, Contract],
    policy: Survivorship,
) -> dict[str, int]:
    """Write every golden table of the run; return their heights."""
    persons, provenance = golden_persons(claims_of(frames, contracts, policy), frames)
    tables = {"person": persons}
    for feed, contract in contracts.items():
        if contract.publishes is not None and feed in frames:
            tables[contract.publishes.table] = domain_rows(frames[feed], contract)
    for name, frame in tables.items():
        lake.write(f"golden/{run_id}/{name}", frame)
    lake.write(f"provenance/{run_id}", provenance)
    return {name: frame.height for name, frame in tables.items()}


def claims_of(
    frames: Mapping[str, pl.DataFrame], contracts: Mapping[str, Contract], policy: Survivorship
) -> Claims:
    """All records as claims about the attributes their contracts rank."""
    said = [
        frame.select(
            "person_id",
            "record_key",
            pl.lit(feed).alias("feed"),
            _recency(frame, policy).alias("recency"),
            *_attributes(frame, contracts[feed], policy),
        )
        for feed, frame in frames.items()
    ]
    ranks = {
        attribute: {
            feed: contracts[feed].attributes[attribute]
            for feed in frames
            if attribute in contracts[feed].attributes
        }
        for attribute in PERSON_ATTRIBUTES
    }
    return Claims(pl.concat([pl.DataFrame(schema=CLAIMED), *said], how="diagonal"), ranks)


def _recency(frame: pl.DataFrame, policy: Survivorship) -> pl.Expr:
    """When the department last touched the record; else the delivery's date."""
    dates = [pl.col(c).cast(pl.Date) for c in policy.recency if c in frame.columns]
    return pl.coalesce(*dates, pl.col("data_date"))


def _attributes(frame: pl.DataFrame, contract: Contract, policy: Survivorship) -> list[pl.Expr]:
    """The ranked attributes; values that mean `unknown` or are degraded say nothing."""
    claims = []
    for attribute in contract.attributes:
        value = pl.col(attribute)
        unknown = policy.unknown.get(attribute, ())
        if unknown:
            value = pl.when(~value.is_in(list(unknown))).then(value)
        if f"{attribute}_is_degraded" in frame.columns:
            value = pl.when(~pl.col(f"{attribute}_is_degraded").fill_null(value=False)).then(value)
        claims.append(value.alias(attribute))
    return claims
