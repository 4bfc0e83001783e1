"""The report of a ledger that is really in PostgreSQL: the SELECTs of sql/reports, and what they leave out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pipelines.contract.load import load_contracts
from pipelines.report.build import build_report
from pipelines.settings import Settings
from pipelines.store.database import open_database
from pipelines.store.embedded import stop_server
from pipelines.store.postgres import Connection, execute, fetch

MARK = "标记张三11010519491231002X"
"""Stands wherever a department's own words stand; must not stand in a report."""
FEED = "labour/employment"
FIRST, SECOND, REFUSED = (
    "labour-employment-000001-aa",
    "labour-employment-000002-bb",
    "labour-employment-000003-cc",
)
MADE_AT = datetime(2026, 8, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    with open_database(settings) as conn:
        _fill(conn)
    yield settings
    stop_server(settings)


def _insert(conn: Connection, table: str, **values: Any) -> None:
    names, places = ", ".join(values), ", ".join(["%s"] * len(values))
    execute(conn, f"insert into {table} ({names}) values ({places})", tuple(values.values()))  # noqa: S608 - names above


def _fill(conn: Connection) -> None:
    """Two publications: a full delivery, then an incremental one beside one that its rules refused."""
    _batch(conn, FIRST, 1, "full", "2026-07-01", rows=100, accepted=98)
    _publication(conn, 1, "run-000000000001", base=0, at="2026-07-02", used=[FIRST], persons=90)
    _batch(conn, SECOND, 2, "incremental", "2026-08-01", rows=20, accepted=20)
    _batch(conn, REFUSED, 3, "full", "2026-08-01", rows=50, accepted=0, status="refused")
    _delivery(conn, f"{MARK}", "refused", "2026-08-01", reason_code="PB-DL-005",
              facts=json.dumps({"stated": "7", "column": MARK}))  # fmt: skip
    _publication(conn, 2, "run-000000000002", base=1, at="2026-08-02", used=[FIRST, SECOND], persons=97)
    _insert(conn, "resolution.link_count", run_id="run-000000000002", method="valid_id", links=70)
    for case in ("c1", "c2"):
        _insert(conn, "resolution.conflict", run_id="run-000000000002", conflict_id=case,
                reason_code="PB-LK-001", record_keys=[f"{FEED}|{MARK}", f"{FEED}|{case}"])  # fmt: skip


def _delivery(conn: Connection, folder: str, outcome: str, at: str, **facts: Any) -> None:
    plain = {"feed": FEED, "folder": folder, "manifest_sha256": folder, "data_date": date(2026, 7, 31),
             "notes": [f"PB-SQ-002 {MARK}"], "seen_at": at, "outcome": outcome, "sender": MARK}  # fmt: skip
    _insert(conn, "ledger.delivery", **(plain | facts))


def _batch(
    conn: Connection, name: str, sequence: int, mode: str, at: str, *, rows: int, accepted: int,
    status: str = "accepted",
) -> None:  # fmt: skip
    _insert(conn, "ledger.batch", batch_id=name, feed=FEED, sequence=sequence, position=sequence, data_date=at,
            mode=mode, content_sha256=name, manifest=json.dumps({"sender": MARK}), rows_received=rows,
            status=status, contract_sha256="c", suite_sha256="s", landed_at=at)  # fmt: skip
    _delivery(conn, name, "landed", at, batch_id=name, sequence=sequence, mode=mode, rows_received=rows)
    on = accepted if status == "accepted" else rows - 2
    refused = 0 if status == "accepted" else on
    aside = rows - on
    for stage, before in (("land", rows), ("validate", on)):
        last = stage == "validate"
        _insert(conn, "ledger.conservation", batch_id=name, stage=stage, rows_in=before,
                rows_on=on - refused if last else on, quarantined=0 if last else aside,
                refused=refused if last else 0)  # fmt: skip
    for row in range(1, aside + 1):
        _insert(
            conn,
            "quality.quarantine",
            batch_id=name,
            row_number=row,
            reason_codes=["PB-RW-001", "PB-RW-003"],
            stage="land",
        )
    _insert(
        conn, "quality.fault_count", batch_id=name, column_name="citizen_id", reason_code="PB-ID-032", rows=2
    )
    _rules(conn, name, failed=0 if status == "accepted" else 30)
    _insert(conn, "ledger.stage_time", subject=name, stage="land", seconds=0.5, rows=rows)


def _rules(conn: Connection, subject: str, failed: int) -> None:
    plain = {"subject": subject, "severity": "reject_batch", "examined": 50, "warn_at": 0.01, "reject_at": 0.2,
             "indicator": "0301", "basis": "GB 11643", "office": "县数据局", "zh": "规则句", "en": "It holds"}  # fmt: skip
    status = "failed" if failed else "passed"
    _insert(
        conn,
        "quality.rule_result",
        rule_id="PB-TST-001",
        status=status,
        failed=failed,
        share=failed / 50,
        **plain,
    )
    decision = "stop" if failed else "release"
    _insert(conn, "quality.verdict", subject=subject, decision=decision, reasons=["PB-TST-001"] if failed else [],
            suite_sha256="s", document=json.dumps({"mark": MARK}))  # fmt: skip


def _publication(
    conn: Connection, number: int, run_id: str, *, base: int, at: str, used: list[str], persons: int
) -> None:
    inputs = {"feeds": {FEED: used}, "contracts": "d" * 64, "policies": {"linkage": "e" * 64}}
    _insert(conn, "ledger.run", run_id=run_id, base_publication=base, inputs=json.dumps(inputs), records=110,
            persons=persons, stage="released", started_at=at)  # fmt: skip
    counts = {"person": {"opened": persons, "closed": 0, "unchanged": 0}}
    _insert(conn, "publication.publication", number=number, run_id=run_id, base=base, state="released",
            content_hash="f" * 64, counts=json.dumps(counts), staged_at=at, released_at=at)  # fmt: skip
    _rules(conn, f"publication:{number}/person", failed=0)


def _report(settings: Settings, folder: Path, **which: Any) -> dict[str, Any]:
    named = {"number": None, "run_id": None} | which
    with open_database(settings) as conn:
        page = build_report(
            partial(fetch, conn), **named, folder=folder, contracts=load_contracts(), made_at=MADE_AT
        )
    assert page == folder / "index.html"
    told: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return told


def test_the_newest_publication_speaks_of_what_came_since_the_one_before(
    settings: Settings, tmp_path: Path
) -> None:
    told = _report(settings, tmp_path)
    assert told["publication"]["number"] == 2
    assert [told["publication"][name] for name in ("persons", "base_persons")] == [97, 90]
    (flow,) = told["flows"]
    assert [line["sequence"] for line in flow["lines"]] == [None, 2, 3]
    assert flow["total"] == {
        "received": 70, "accepted": 20, "pending": 0, "quarantined": 2, "superseded": 0, "refused": 48,
    }  # fmt: skip
    assert told["deliveries"] == {"landed": 2, "refused": 1}
    assert [(line["code"], line["rows"], line["first_rows"]) for line in told["quarantine"]] == [
        ("PB-RW-001", 2, [1, 2]), ("PB-RW-003", 2, [1, 2]),
    ]  # fmt: skip


def test_a_refused_delivery_and_a_stopped_one_say_why(settings: Settings, tmp_path: Path) -> None:
    told = _report(settings, tmp_path, number=2)
    assert [(one["outcome"], one["code"], one["facts"]) for one in told["incidents"]] == [
        ("refused", "PB-DL-005", [["stated", "7"]]), ("refused", "PB-TST-001", []),
    ]  # fmt: skip
    assert told["decision"] == "reservations"
    assert [(line["cases"], line["records"]) for line in told["conflicts"]] == [(2, 4)]
    assert [sheet["scope"] for sheet in told["audit"]] == ["person"]


def test_an_older_publication_can_be_reported_again(settings: Settings, tmp_path: Path) -> None:
    told = _report(settings, tmp_path, run_id="run-000000000001")
    assert told["publication"]["number"] == 1
    assert [line["rows"]["accepted"] for line in told["flows"][0]["lines"]] == [98]
    assert [past["number"] for past in told["history"]] == [1]
    assert told["links"] == []


def test_nothing_a_department_wrote_itself_is_in_the_report(settings: Settings, tmp_path: Path) -> None:
    _report(settings, tmp_path)
    written = [path for path in tmp_path.rglob("*.*") if path.is_file()]
    assert len(written) > 10
    for path in written:
        text = path.read_text(encoding="utf-8-sig")
        assert [word for word in (MARK, "张三", "11010519491231002X") if word in text] == [], path.name


def test_the_same_ledger_gives_the_same_bytes(settings: Settings, tmp_path: Path) -> None:
    for name in ("a", "b"):
        _report(settings, tmp_path / name)
    for path in sorted((tmp_path / "a").rglob("*.*")):
        twin = tmp_path / "b" / path.relative_to(tmp_path / "a")
        assert path.read_bytes() == twin.read_bytes(), path.name
