"""Records that speak of a person, over all feeds, in one vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.store.ledger import batches_named
from pipelines.store.records import current_records, scan_current

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.contract.model import Contract
    from pipelines.store.lake import Lake
    from pipelines.store.ledger import Batch
    from pipelines.store.postgres import Connection

SPEAKING = (
    "record_key", "citizen_id", "citizen_id_status", "citizen_id_cleaned", "citizen_id_born_on",
    "citizen_id_sex_code", "name", "name_key", "name_sound", "name_is_degraded", "former_name_key",
    "sex_code", "born_on", "telephone", "household_number", "registered_address",
    "residence_address", "property_address", "employer_name", "guardian_citizen_id", "guardian_name_key",
    "guardian_telephone",
    "personal_number", "struck_off_on", "struck_off_reason_code", "ethnicity_code", "registered_division_code",
)  # fmt: skip
"""Standard columns that say who a record speaks of."""


def speaking_records(frames: Mapping[str, pl.DataFrame], contracts: Mapping[str, Contract]) -> pl.DataFrame:
    """Records that speak of a person, over all feeds, in one vocabulary, sorted by record key."""
    spoken = [_spoken(frame.lazy(), contracts[feed]).collect() for feed, frame in sorted(frames.items())]
    return pl.concat(spoken, how="diagonal").sort("record_key")


def _spoken(frame: pl.LazyFrame, contract: Contract) -> pl.LazyFrame:
    there = frame.collect_schema().names()
    return frame.filter("is_person").select(
        *[name for name in SPEAKING if name in there],
        pl.lit(contract.feed).alias("feed"),
        pl.lit(contract.authority).alias("authority"),
        *_active_on(contract),
    )


@dataclass(frozen=True)
class Speaking:
    """The records of now, read by feed and as far as they are asked for.

    Attributes:
        lake: where they are.
        chains: by feed the batches in effect, at least one.
        contracts: by feed.
    """

    lake: Lake
    chains: Mapping[str, list[Batch]]
    contracts: Mapping[str, Contract]

    def records(self) -> pl.DataFrame:
        """All of them, see speaking_records."""
        frames = {feed: current_records(self.lake, chain) for feed, chain in self.chains.items()}
        return speaking_records({f: r for f, r in frames.items() if r is not None}, self.contracts)

    def of(self, feed: str) -> pl.DataFrame:
        """Those of one feed."""
        return _spoken(scan_current(self.lake, self.chains[feed]), self.contracts[feed]).collect()

    def take(self, keys: pl.Series) -> pl.DataFrame:
        """Those of some keys, sorted by record key."""
        asked = pl.col("record_key").is_in(
            keys.implode()
        )  # a filter, so that the other columns are read where it holds
        said = set(keys.str.split("|").list.first().unique())
        feeds = [feed for feed in sorted(self.chains) if feed in said] or sorted(self.chains)[:1]
        found = [
            _spoken(scan_current(self.lake, self.chains[feed]).filter(asked), self.contracts[feed])
            for feed in feeds
        ]
        return pl.concat(pl.collect_all(found), how="diagonal").sort("record_key")


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
