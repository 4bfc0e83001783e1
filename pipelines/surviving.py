"""Survivorship as the stage, the replay and explanations do it: records become claims, claims golden rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.contract.model import PERSON_ATTRIBUTES, Contract
from pipelines.kernels.golden import domain_rows, golden_persons
from pipelines.kernels.surviving import Claims
from pipelines.kernels.touched import in_place, said
from pipelines.store.ledger import batches_named
from pipelines.store.records import scan_current

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pipelines.policy import Survivorship
    from pipelines.store.lake import Lake
    from pipelines.store.ledger import Batch
    from pipelines.store.postgres import Connection

CLAIMED = {"person_id": pl.String, "record_key": pl.String, "feed": pl.String, "recency": pl.Date}
"""What every claim has, where no contract ranks an attribute too."""


@dataclass(frozen=True)
class Registers:
    """A run's records of each feed that belong to a person: those that were resolved; what came since is the next run's.

    Attributes:
        lake: where they are.
        chains: by feed its batches, at least one.
        contracts: by feed.
        resolved: record_key, person_id.
    """

    lake: Lake
    chains: Mapping[str, list[Batch]]
    contracts: Mapping[str, Contract]
    resolved: pl.DataFrame
    _read: dict[str, pl.DataFrame] = field(default_factory=dict)

    def whole(self) -> dict[str, pl.DataFrame]:
        """All of them, by feed, with their `person_id`."""
        return {feed: self.of(feed) for feed in self.chains}

    def of(self, feed: str) -> pl.DataFrame:
        """All of one feed; they are read once."""
        if feed not in self._read:
            self._read[feed] = self._taken(feed, self.resolved)
        return self._read[feed]

    def of_persons(self, persons: pl.Series) -> dict[str, pl.DataFrame]:
        """Those of some persons, by feed; a feed that has none of them is there, empty."""
        mine = pl.col("person_id").is_in(persons.implode())
        members = self.resolved.filter(mine)
        return {
            feed: self._read[feed].filter(mine) if feed in self._read else self._taken(feed, members)
            for feed in self.chains
        }

    def _taken(self, feed: str, members: pl.DataFrame) -> pl.DataFrame:
        chain = self.chains[feed]
        records = scan_current(self.lake, chain)
        if len(chain) == 1:
            (batch,) = chain
            records = records.with_columns(batch_id=pl.lit(batch.batch_id), data_date=pl.lit(batch.data_date))
        return records.join(members.lazy(), on="record_key", how="inner").sort("record_key").collect()


def members(
    conn: Connection, lake: Lake, run: Mapping[str, Any], contracts: Mapping[str, Contract]
) -> dict[str, pl.DataFrame]:
    """The run's records of each feed that belong to a person, with their `person_id`."""
    found = {feed: batches_named(conn, run["inputs"]["feeds"].get(feed, [])) for feed in contracts}
    chains = {feed: chain for feed, chain in found.items() if chain}
    return Registers(lake, chains, contracts, lake.read(f"resolved/{run['run_id']}")).whole()


def said_of(
    registers: Registers, policy: Survivorship, same: Collection[str], before: pl.DataFrame
) -> pl.DataFrame:
    """touched.SAID of all records.

    Args:
        registers: of now.
        policy: how they become claims.
        same: feeds whose register is that of the run before.
        before: SAID of that run.
    """
    found = []
    for feed, contract in registers.contracts.items():
        if feed in same:
            kept = before.filter(pl.col("record_key").str.starts_with(f"{feed}|")).drop("person_id", "place")
            found.append(kept.join(registers.resolved, on="record_key", how="inner"))
        elif feed in registers.chains:
            found.append(said_by(registers.of(feed), contract, policy))
    return in_place(found)


def said_by(frame: pl.DataFrame, contract: Contract, policy: Survivorship) -> pl.DataFrame:
    """touched.SAID of the records of one feed, which have their `person_id`; without their places."""
    claims = frame.select(
        "person_id",
        "record_key",
        _recency(frame, policy).alias("recency"),
        *_attributes(frame, contract, policy),
    )
    columns = contract.publishes.columns if contract.publishes else []
    struck = [name for name in ("is_struck_off",) if name in frame.columns and name not in columns]
    return said(claims, frame.select(*columns, *struck))


def make_golden(
    lake: Lake,
    run_id: str,
    frames: Mapping[str, pl.DataFrame],
    contracts: Mapping[str, Contract],
    policy: Survivorship,
) -> dict[str, int]:
    """Write every golden table of the run; return their heights."""
    tables, provenance = golden_of(frames, contracts, policy)
    for name, frame in tables.items():
        lake.write(f"golden/{run_id}/{name}", frame)
    lake.write(f"provenance/{run_id}", provenance)
    return {name: frame.height for name, frame in tables.items()}


def golden_of(
    frames: Mapping[str, pl.DataFrame], contracts: Mapping[str, Contract], policy: Survivorship
) -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    """The golden tables that these records make, and the provenance of the persons' values."""
    persons, provenance = golden_persons(claims_of(frames, contracts, policy), frames)
    tables = {"person": persons}
    for feed, contract in contracts.items():
        if contract.publishes is not None and feed in frames:
            tables[contract.publishes.table] = domain_rows(frames[feed], contract)
    return tables, provenance


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
