"""What linking shows about records: cases with the keys of the records they are about."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from pipelines.linkage.findings import findings
from pipelines.linkage.frame import CONFLICTS, LINKS
from pipelines.linkage.persons import EVENTS
from pipelines.linkage.resolve import Resolution

RECORDS = {
    "record_key": pl.String,
    "feed": pl.String,
    "struck_off_on": pl.Date,
    "struck_off_reason_code": pl.String,
    "active_on": pl.Date,
}
REGISTER, WORK = "a/register", "b/work"


def told(
    rows: list[dict[str, Any]],
    persons: dict[str, str],
    links: tuple[Any, ...] = (),
    possible: tuple[Any, ...] = (),
) -> list[tuple[str, list[str]]]:
    memberships = pl.DataFrame(
        {"record_key": list(persons), "person_id": list(persons.values()), "number": [1] * len(persons)}
    )
    links_frame, possible_frame = (
        pl.DataFrame(list(one), schema=LINKS, orient="row") for one in (links, possible)
    )
    resolution = Resolution(
        memberships,
        links_frame,
        possible_frame,
        CONFLICTS.to_frame(),
        EVENTS.to_frame(),
        {},
        refused=links_frame.clear(),
        next_number=2,
    )
    found = findings(pl.DataFrame(rows, schema=RECORDS), resolution, [REGISTER])
    return sorted(found.select("reason_code", "record_keys").rows())


def row(key: str, feed: str = WORK, **facts: Any) -> dict[str, Any]:
    return dict.fromkeys(RECORDS) | {"record_key": key, "feed": feed} | facts


def test_a_repaired_number_and_an_uncertain_link_are_told_with_both_records() -> None:
    rows = [row(key) for key in "abc"]
    repaired, doubtful = ("a", "b", "id_repair", 20.0, 1.0), ("b", "c", "probabilistic", 2.0, 0.8)
    found = told(rows, {"a": "P1", "b": "P1", "c": "P2"}, (repaired,), (doubtful,))
    assert found == [("PB-LK-004", ["a", "b"]), ("PB-LK-006", ["b", "c"])]


def test_a_person_twice_in_a_register_is_told_but_not_one_with_two_jobs() -> None:
    rows = [row("a", REGISTER), row("b", REGISTER), row("c"), row("d")]
    assert told(rows, dict.fromkeys("abcd", "P1")) == [("PB-LK-008", ["a", "b"])]


def test_activity_after_a_death_is_told_with_who_says_so() -> None:
    dead = {"struck_off_on": date(2026, 1, 20), "struck_off_reason_code": "1"}
    rows = [
        row("a", REGISTER, **dead),
        row("b", active_on=date(2026, 3, 1)),
        row("c", active_on=date(2026, 2, 28)),
    ]
    assert told(rows, dict.fromkeys("abc", "P1")) == [("PB-LK-007", ["a", "b"])]
    assert told(rows, {"a": "P1", "b": "P2", "c": "P1"}) == []


def test_who_moved_away_may_go_on_acting() -> None:
    moved = {"struck_off_on": date(2026, 1, 20), "struck_off_reason_code": "2"}
    rows = [row("a", REGISTER, **moved), row("b", active_on=date(2026, 6, 1))]
    assert told(rows, dict.fromkeys("ab", "P1")) == []
