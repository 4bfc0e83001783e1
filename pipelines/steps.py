"""The one list of steps. `popbase run` walks it in this process; the DAGs make a task of each step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.contract.load import load_contracts
from pipelines.contract.model import Contract
from pipelines.errors import UsageError
from pipelines.privacy import without_values
from pipelines.settings import Settings


@dataclass(frozen=True)
class Step:
    """One stage as a step of a run.

    Attributes:
        name: the stage's verb.
        reads: stored tables it finds its work in.
        writes: stored tables it leaves its work in.
    """

    name: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]


FEED: tuple[Step, ...] = (
    Step("land", ("inbox",), ("lake:bytes", "lake:raw", "ledger.delivery", "ledger.batch")),
    Step(
        "standardise", ("ledger.batch", "lake:raw"), ("lake:standard", "lake:faults", "quality.fault_count")
    ),
    Step(
        "validate",
        ("ledger.batch", "lake:standard"),
        ("lake:accepted", "lake:failing", "quality.rule_result", "quality.verdict", "quality.profile"),
    ),
)
POPULATION: tuple[Step, ...] = (
    Step(
        "resolve", ("ledger.batch", "lake:accepted"), ("lake:resolved", "lake:links", "resolution.membership")
    ),
    Step("survive", ("ledger.run", "lake:resolved"), ("lake:golden", "lake:provenance")),
    Step("publish", ("ledger.run", "lake:golden"), ("golden.*", "publication.publication")),
    Step("report", ("publication.publication", "quality.*", "ledger.*"), ("reports",)),
)
FEED_STEPS = tuple(step.name for step in FEED)
POPULATION_STEPS = tuple(step.name for step in POPULATION)
OTHER_STEPS = ("release", "approve", "withdraw", "upkeep")


def run_step(
    name: str,
    settings: Settings,
    *,
    feed: str | None = None,
    inbox: Path | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Run one step and return its counts, ids and verdicts as JSON values, never a person's.

    Steps of one feed take turns, and so do the steps of the population, whoever runs them.

    Raises:
        UsageError: an unknown step, or a feed step without its feed.
    """
    from pipelines.store.turns import turn  # noqa: PLC0415 - a DAG file parses lightly

    with without_values():
        if name in FEED_STEPS:
            contract = _contract(settings, feed)
            with turn(settings, f"feed {contract.feed}"):
                return _feed_step(name)(settings, contract, inbox)
        if name in POPULATION_STEPS:
            with turn(settings, "population"):
                return _population_step(name)(settings, **options)
        if name in OTHER_STEPS:
            return _population_step(name)(settings, **options)
    raise UsageError(f"there is no step {name!r}", hint=f"one of {' '.join(FEED_STEPS + POPULATION_STEPS)}")


def _contract(settings: Settings, feed: str | None) -> Contract:
    contracts = load_contracts(settings.contracts)
    if feed not in contracts:
        raise UsageError(f"there is no contract for {feed!r}", hint=f"one of {' '.join(contracts)}")
    return contracts[feed]


def _feed_step(name: str) -> Callable[[Settings, Contract, Path | None], dict[str, Any]]:
    """The stage's function; stages are imported when they run, so that a DAG file parses lightly."""
    if name == "land":
        from pipelines.stages.land import land  # noqa: PLC0415

        return lambda settings, contract, inbox: land(settings, contract, inbox or settings.home / "inbox")
    if name == "standardise":
        from pipelines.stages.standardise import standardise  # noqa: PLC0415

        return lambda settings, contract, _: standardise(settings, contract)
    from pipelines.stages.validate import validate  # noqa: PLC0415

    return lambda settings, contract, _: validate(settings, contract)


def _population_step(name: str) -> Callable[..., dict[str, Any]]:
    from importlib import import_module  # noqa: PLC0415

    module = {"release": "publish", "approve": "upkeep"}.get(name, name)
    step: Callable[..., dict[str, Any]] = getattr(import_module(f"pipelines.stages.{module}"), name)
    return step
