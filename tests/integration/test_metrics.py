"""Metrics of an office whose state is known: figures, names in labels only, a file written at once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipelines.metrics import metrics, write_metrics
from pipelines.settings import Settings
from pipelines.status import feed_states
from tests.office import FEED, Office, open_office
from tests.unit.test_exposition import read

ALLOWED = {"feed", "status", "state", "severity", "department", "stage", "bound"}
WORD = "keepsake"


@pytest.fixture
def office(fresh: Settings, tmp_path: Path) -> Office:
    """One delivery in effect with a row set aside, one refused by its gate."""
    made = open_office(fresh, tmp_path)
    made.send(1, {"a": WORD, "b": "odd", "c": WORD})
    made.send(2, {"a": "bad", "b": "bad", "c": "bad"})
    made.take()
    return made


def figures(office: Office, today: date) -> dict[tuple[str, str], float]:
    """Values by metric and the labels' texts."""
    told = read(metrics(office.settings, today))
    assert {label for _, labels, _ in told for label in labels} <= ALLOWED
    return {(name, " ".join(labels.values())): value for name, labels, value in told}


def test_the_figures_are_those_of_the_office(office: Office) -> None:
    told = figures(office, date(2026, 1, 9))
    assert told["popbase_publication_number", ""] == 0
    assert told["popbase_batches", f"{FEED} accepted"] == 1
    assert told["popbase_batches", f"{FEED} refused"] == 1
    assert told["popbase_quarantined_rows", FEED] == 1
    assert told["popbase_feed_records", FEED] == 2
    assert told["popbase_feed_refusals", FEED] == 1
    assert told["popbase_feed_state", f"{FEED} late"] == 1
    assert told["popbase_feed_state", f"{FEED} on time"] == 0
    assert told["popbase_feed_days_behind", FEED] == 6
    assert told["popbase_findings_open", "office"] == 1
    assert told["popbase_audit_events", ""] > 3


def test_the_text_is_the_same_whoever_asks_and_holds_no_value(office: Office) -> None:
    text = metrics(office.settings, date(2026, 1, 9))
    assert text == metrics(office.settings, date(2026, 1, 9))
    assert WORD not in text
    assert "|" not in text


def test_a_file_is_written_wholly_and_may_be_read(tmp_path: Path) -> None:
    path = tmp_path / "popbase.prom"
    write_metrics(path, "first 1\n")
    write_metrics(path, "second 2\n")
    assert path.read_text() == "second 2\n"
    assert path.stat().st_mode & 0o777 == 0o644
    assert [p.name for p in tmp_path.iterdir()] == ["popbase.prom"]


def test_the_status_says_what_is_overdue_and_when_the_last_backup_was(office: Office) -> None:
    told = feed_states(office.settings, date(2026, 1, 9))
    assert (told["publication"], told["released_at"], told["overdue"], told["backed_up_at"]) == (
        0,
        None,
        0,
        None,
    )
