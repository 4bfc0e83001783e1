"""`popbase run`: all steps in this process, in the order of the one list."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.contract.load import load_contracts
from pipelines.intake.manifest import unknown_feeds
from pipelines.settings import Settings
from pipelines.status import quarantined_rows, standing_publication
from pipelines.steps import FEED_STEPS, POPULATION_STEPS, run_step
from pipelines.store.turns import turn

Told = Callable[[str, str, int, int], None]
"""Told(step, feed, done, all): called before and after each piece of work."""


@dataclass
class Summary:
    """What a run did, as `popbase run --json` prints it."""

    publication: int | None = None
    decision: str = "nothing new"
    accepted: list[str] = field(default_factory=list)
    records: int = 0
    quarantined: int = 0
    persons: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    unknown: dict[str, int] = field(default_factory=dict)
    links: dict[str, int] = field(default_factory=dict)
    rules: list[str] = field(default_factory=list)
    page: str | None = None
    site: str | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    peak_rss_mib: int = 0


def run_all(settings: Settings, inbox: Path, told: Told) -> Summary:
    """Take in everything the inbox holds and publish the population; another run on the database is waited for.

    Returns the summary; refused deliveries are listed in it, the rest went on.
    """
    with turn(settings, "run", waiting=lambda: told("wait", "another run is under way", 0, 1)):
        return _run_steps(settings, inbox, told)


def _run_steps(settings: Settings, inbox: Path, told: Told) -> Summary:
    summary = Summary()
    feeds = list(load_contracts(settings.contracts))
    for step in FEED_STEPS:
        for done, feed in enumerate(feeds):
            told(step, feed, done, len(feeds))
            with _timed(summary, step):
                _note(summary, run_step(step, settings, feed=feed, inbox=inbox), feed)
        told(step, "", len(feeds), len(feeds))
    for step in POPULATION_STEPS:
        told(step, "", 0, 1)
        with _timed(summary, step):
            _note(summary, run_step(step, settings), None)
        told(step, "", 1, 1)
    if summary.publication is None:
        _tell_standing(settings, summary)
    summary.unknown = unknown_feeds(inbox, feeds)
    summary.quarantined = quarantined_rows(settings, summary.accepted)
    summary.peak_rss_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return summary


def _tell_standing(settings: Settings, summary: Summary) -> None:
    """Nothing was new: the summary names the publication that readers see, and what it was made of."""
    standing = standing_publication(settings)
    if standing is not None:
        summary.publication = standing["number"]
        summary.records, summary.persons = standing["records"], standing["persons"]


def _note(summary: Summary, outcome: dict[str, Any], feed: str | None) -> None:
    summary.accepted += outcome.get("accepted", [])
    summary.waiting += outcome.get("waiting", [])
    summary.refused += [{"feed": feed, **refusal} for refusal in outcome.get("refused", ())]
    for name in ("records", "persons", "links", "publication", "decision", "rules", "page", "site"):
        if outcome.get(name) is not None:
            setattr(summary, name, outcome[name])


@contextmanager
def _timed(summary: Summary, step: str) -> Iterator[None]:
    """Add the seconds spent inside to a step's total."""
    started = time.monotonic()
    try:
        yield
    finally:
        before = summary.seconds.get(step, 0.0)
        summary.seconds[step] = round(before + time.monotonic() - started, 3)
