"""Findings: what stands at fault, what a corrected delivery releases, and who sees the values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import PopbaseError
from pipelines.settings import Settings
from pipelines.stages.withdraw import withdraw
from pipelines.store.postgres import connect, execute, fetch
from tests.office import Office, batch_id, declare, open_office, suite

EQUAL = """
  - id: PB-OFF-004
    expectation: expect_column_pair_values_to_be_equal
    kwargs: {kwargs}
    severity: warn
    indicator: "0102"
    basis: none
    office: Office
    thresholds: {{warn: 1.0}}
    zh: 两列应一致
    en: Both columns agree
"""
STATES = "select column_name, kind, state, outcome, returns from feedback.finding order by finding_id"


@pytest.fixture
def office(fresh: Settings, tmp_path: Path) -> Office:
    return open_office(fresh, tmp_path)


def told(office: Office) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in office.ask(STATES)]


def test_a_row_set_aside_is_a_finding_with_its_reasons(office: Office) -> None:
    office.send(1, {"a": "one", "b": "odd", "c": "two"})
    office.take()
    (row,) = office.ask("select record_key, kind, reason_codes, state, value from feedback.finding")
    assert list(row.values()) == ["office/letters|b", "row", ["PB-OFF-002"], "raised", None]


def test_a_corrected_delivery_releases_it_and_a_relapse_raises_it_again(office: Office) -> None:
    office.send(1, {"a": "one", "b": "odd", "c": "two"})
    office.take()
    office.send(2, {"a": "one", "b": "three", "c": "two"})
    office.take()
    assert told(office) == [("", "row", "closed", "corrected", 0)]
    office.send(3, {"a": "one", "b": "odd", "c": "two"})
    office.take()
    assert told(office) == [("", "row", "raised", None, 1)]
    moves = office.ask("select to_state from feedback.event order by event_id")
    assert [move["to_state"] for move in moves] == ["raised", "closed", "raised"]


def test_a_value_that_breaks_a_rule_is_a_finding_and_released_when_it_is_mended(office: Office) -> None:
    office.send(1, {"a": "one", "b": "poor", "c": "two"})
    office.take()
    (row,) = office.ask(
        "select record_key, column_name, kind, reason_codes, state, value from feedback.finding"
    )
    assert list(row.values()) == ["office/letters|b", "VALUE", "value", ["PB-OFF-003"], "raised", "poor"]
    office.send(2, [("b", "three", "U")])
    office.take()
    assert [row[2:4] for row in told(office)] == [("closed", "corrected")]


def test_an_increment_moves_only_the_findings_of_the_rows_it_brings(office: Office) -> None:
    office.send(1, {"a": "poor", "b": "poor"})
    office.take()
    office.send(2, [("b", "poor", "U")])
    office.take()
    assert [row[2] for row in told(office)] == ["raised", "raised"]
    seen = office.ask("select last_seen - first_seen as days from feedback.finding order by finding_id")
    assert [row["days"] for row in seen] == [0, 1]


def test_a_rule_about_several_columns_shows_both_values(fresh: Settings, tmp_path: Path) -> None:
    office = open_office(fresh, tmp_path)
    pair = {"column_A": "letter", "column_B": "word", "ignore_row_if": "either_value_is_missing"}
    declare(tmp_path / "declared", rules=suite() + EQUAL.format(kwargs=json.dumps(pair)))
    office.send(1, {"a": "a", "b": "c"})
    office.take()
    (row,) = office.ask("select column_name, value, reason_codes from feedback.finding")
    assert list(row.values()) == ["KEY + VALUE", "b + c", ["PB-OFF-004"]]


def test_rows_of_a_rule_about_shares_are_no_findings(fresh: Settings, tmp_path: Path) -> None:
    office = open_office(fresh, tmp_path)
    declare(
        tmp_path / "declared", rules=suite().replace("severity: warn", "severity: warn\n    finding: false")
    )
    office.send(1, {"a": "poor", "b": "c"})
    office.take()
    assert told(office) == []


def test_an_increment_releases_the_row_it_brings_whole(office: Office) -> None:
    office.send(1, {"a": "one", "b": "odd", "c": "odd", "d": "two"})
    office.take()
    office.send(2, [("b", "whole", "U")])
    office.take()
    assert sorted(row[2] for row in told(office)) == ["closed", "raised"]


def test_a_withdrawn_correction_brings_the_finding_back(office: Office) -> None:
    office.send(1, {"a": "one", "b": "odd", "c": "two"})
    office.take()
    mended = {"a": "one", "b": "three", "c": "two"}
    office.send(2, mended)
    office.take()
    withdraw(office.settings, batch_id(2, mended), by="tester", reason="a test")
    assert [row[2] for row in told(office)] == ["raised"]


def test_values_are_seen_by_the_owning_department_alone(database: Any, copy: str) -> None:
    with connect(database.url(copy)) as conn:
        for number, department in enumerate(("labour", "police"), 1):
            one_finding(conn, number, department)
        execute(
            conn, "insert into feedback.sentence values ('PB-ID-001', '身份号码有误', 'e', '十八位', 'e')"
        )
    for department, seen in (("labour", ["标记1"]), ("police", ["标记2"]), ("education", [])):
        with connect(database.reader(copy, department)) as conn:
            rows = fetch(conn, "select value, said_zh from shared.finding order by 1")
            assert [row["value"] for row in rows] == seen
            assert {row["said_zh"] for row in rows} <= {"身份号码有误"}
            with pytest.raises(PopbaseError, match="permission denied"):
                fetch(conn, "select value from feedback.finding")
            conn.rollback()


def one_finding(conn: Any, number: int, department: str) -> None:
    execute(
        conn,
        "insert into ledger.batch (batch_id, feed, sequence, position, data_date, mode, content_sha256, manifest,"
        " rows_received, status, contract_sha256) values (%s, %s, 1, 1, '2026-01-01', 'full', 'x', '{}', 1,"
        " 'accepted', 'x')",
        (f"b{number}", f"{department}/test"),
    )
    execute(
        conn,
        "insert into feedback.finding (department, feed, kind, record_key, column_name, reason_codes, value,"
        " batch_id, row_number, first_batch, first_seen, last_seen)"
        " values (%s, %s, 'value', 'k', 'c', '{PB-ID-001}', %s, %s, 1, %s, '2026-01-01', '2026-01-01')",
        (department, f"{department}/test", f"标记{number}", f"b{number}", f"b{number}"),
    )
