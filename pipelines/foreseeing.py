"""`popbase what-if`: what another linkage policy would make of the records of now. Nothing is written.

Both policies link all current records from scratch, with what people judged; the persons of the second are numbered after
those of the first, so that what merges and splits between them is what the change of policy does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.contract.load import load_contracts
from pipelines.errors import UsageError
from pipelines.kernels.differences import differences
from pipelines.linking import link, quality_without_labels
from pipelines.predecessors import linkage_policy
from pipelines.speaking import Speaking
from pipelines.store import judging, runs
from pipelines.store.database import open_database
from pipelines.store.lake import Lake
from pipelines.store.number_history import number_history
from pipelines.store.records import accepted_chain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date
    from pathlib import Path

    from pipelines.contract.model import Contract
    from pipelines.linkage.following import Known
    from pipelines.linkage.policy import LinkagePolicy
    from pipelines.linkage.resolve import Resolution
    from pipelines.settings import Settings

_SHOWN = ("hidden", "precision", "precision_low", "precision_high", "recall", "recall_low", "recall_high")


@dataclass(frozen=True)
class Outlook:
    """What one policy makes of the records.

    Attributes:
        persons: how many.
        links: {method: how many}.
        review: pairs that people would be asked about.
        pairs: candidate pairs that were weighed.
        quality: precision and recall without labels, with 95 % intervals (see hidden_quality); None of too few records.
    """

    persons: int
    links: dict[str, int]
    review: int
    pairs: int
    quality: dict[str, float] | None


@dataclass(frozen=True)
class Foresight:
    """What would change.

    Attributes:
        settings: (place, now, then) of what the two policies say differently.
        now, then: by the policy in force, and by the other.
        merged, split: how many persons would be joined to another, and parted from one.
        moved: records that would be another person's.
    """

    settings: list[tuple[str, Any, Any]]
    now: Outlook
    then: Outlook
    merged: int
    split: int
    moved: int


@dataclass(frozen=True)
class _Asked:
    records: pl.DataFrame
    contracts: Mapping[str, Contract]
    known: Known
    on: date


def what_if(settings: Settings, policy: Path, told: Callable[[str], None] = lambda _: None) -> Foresight:
    """Compare the linkage policy in force with another one.

    Args:
        settings: where records and policies are.
        policy: a file like policies/linkage.yml.
        told: is told what is being linked: `now`, `then`.

    Raises:
        ContractError: the file is no linkage policy.
        UsageError: nothing is in effect yet.
    """
    from pipelines.linkage.policy import load_linkage  # noqa: PLC0415 - compiled loops are dear to import

    other, mine = load_linkage(policy), linkage_policy(settings)
    asked = _asked(settings)
    told("now")
    found, now = _outlook(mine, asked)
    told("then")
    known = replace(asked.known, memberships=found.memberships, next_number=found.next_number)
    changed, then = _outlook(other, replace(asked, known=known))
    kinds = changed.events["kind"].value_counts()
    events = dict(kinds.iter_rows())
    both = found.memberships.join(changed.memberships, on="record_key", suffix="_then")
    moved = both.filter(pl.col("person_id") != pl.col("person_id_then")).height
    return Foresight(
        differences(mine.model_dump(mode="json"), other.model_dump(mode="json")),
        now,
        then,
        events.get("merged", 0),
        events.get("split", 0),
        moved,
    )


def _asked(settings: Settings) -> _Asked:
    from pipelines.linkage.following import Known  # noqa: PLC0415

    contracts, lake = load_contracts(settings.contracts), Lake(settings.lake)
    with open_database(settings) as conn:
        every = {feed: accepted_chain(conn, feed) for feed in contracts}
        chains = {feed: chain for feed, chain in every.items() if chain}
        if not chains:
            raise UsageError("no delivery is in effect yet", hint="popbase run --inbox DIR")
        history = number_history(conn, lake, contracts, chains)
        known = Known(
            runs.memberships(conn), runs.former_members(conn), runs.next_number(conn), judging.verdicts(conn),
            judging.undone(conn), history,
        )  # fmt: skip
    on = max(batch.data_date for chain in chains.values() for batch in chain)
    return _Asked(Speaking(lake, chains, contracts).records(), contracts, known, on)


def _outlook(policy: LinkagePolicy, asked: _Asked) -> tuple[Resolution, Outlook]:
    found = link(policy, asked.records, asked.contracts, asked.known)
    quality = quality_without_labels(policy, asked.records, found, asked.on)
    whole = quality.filter(pl.col("grouping") == "all").select(_SHOWN).to_dicts()
    links = dict(found.links.group_by("method").len().sort("method").iter_rows())
    persons = found.memberships["person_id"].n_unique()
    pairs = int(found.model.get("pairs", 0))
    return found, Outlook(persons, links, found.possible.height, pairs, whole[0] if whole else None)
