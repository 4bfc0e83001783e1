"""Columns that are not as agreed: accepted, accepted with a reservation, or refused, as the contract says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.settings import Settings
from pipelines.stages.report import report
from tests.office import CONTRACT, Office, declare, open_office

BATCH = "select batch_id from ledger.batch"
ADDED = b"KEY,VALUE,MORE\na,one,x\nb,two,y\n"
REORDERED = b"VALUE,KEY\none,a\ntwo,b\n"
REMOVED = b"KEY\na\nb\n"


@pytest.fixture
def office(fresh: Settings, tmp_path: Path) -> Office:
    return open_office(fresh, tmp_path)


def taken(office: Office, folder: Path, content: bytes, policy: str) -> dict[str, Any]:
    declare(folder / "declared", contract=f"{CONTRACT}schema_drift: {policy}\n")
    office.send(1, {"a": "one", "b": "two"}, content=content)
    return office.take()


@pytest.mark.parametrize(
    ("content", "change", "code"),
    [(ADDED, "added", "PB-HD-002"), (REORDERED, "reordered", "PB-HD-006"), (REMOVED, "removed", "PB-HD-004")],
)
def test_a_change_is_a_reservation_where_the_contract_says_so(
    office: Office, tmp_path: Path, content: bytes, change: str, code: str
) -> None:
    assert len(taken(office, tmp_path, content, f"{{{change}: reserve}}")["accepted"]) == 1
    (verdict,) = office.ask("select decision, reasons from quality.verdict")
    assert verdict == {"decision": "reservations", "reasons": [code]}


def test_a_change_that_the_contract_refuses_sends_the_delivery_back(office: Office, tmp_path: Path) -> None:
    told = taken(office, tmp_path, ADDED, "{added: refuse}")
    assert [refusal["code"] for refusal in told["refused"]] == ["PB-HD-013"]
    (seen,) = office.ask("select outcome, facts from ledger.delivery")
    assert seen == {"outcome": "refused", "facts": {"added": "1"}}
    assert office.batches() == {}


def test_what_the_contract_accepts_is_told_and_no_more(office: Office, tmp_path: Path) -> None:
    assert len(taken(office, tmp_path, ADDED, "{added: accept}")["accepted"]) == 1
    assert office.ask("select decision from quality.verdict") == [{"decision": "release"}]


def test_a_column_of_another_type_is_named_with_both_on_the_page(office: Office, tmp_path: Path) -> None:
    typed = CONTRACT.replace("removed: 0.5}", "removed: 0.5, judged_from: 2}")
    declare(tmp_path / "declared", contract=f"{typed}  - {{source: DAY, name: day_on, type: date}}\n")
    content = "KEY,VALUE,DAY\na,one,汉族\nb,two,回族\n".encode()
    office.send(1, {"a": "one", "b": "two"}, content=content)
    office.take()
    (told,) = office.ask("select column_name, agreed_type, found_look from quality.retyped")
    assert list(told.values()) == ["DAY", "date", "chinese"]
    page = Path(report(office.settings)["site"]).parent / "deliveries" / office.ask(BATCH)[0]["batch_id"]
    assert "DAY (日期 → 多为汉字)" in (page / "index.html").read_text(encoding="utf-8")
    assert "PB-HD-014,DAY,date,chinese,True" in (page / "tables/schema.csv").read_text(encoding="utf-8-sig")
