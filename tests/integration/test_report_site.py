"""The report site: what it shows, what it leaves out, and that only what changed is written again."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from pipelines.settings import Settings
from pipelines.stages.report import report
from pipelines.store import signing
from pipelines.store.database import open_database
from tests.office import Office, batch_id, open_office

MARK = "标记李四11010519491231002X"
FIRST = {"a": "one", MARK: "odd", "c": MARK}
SECOND = {"a": "one", MARK: "three", "c": MARK}


@pytest.fixture
def office(fresh: Settings, tmp_path: Path) -> Office:
    made = open_office(fresh, tmp_path)
    made.send(1, FIRST)
    made.take()
    return made


def built(office: Office) -> Path:
    return Path(report(office.settings)["site"]).parent


def told(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return read


def test_a_delivery_has_a_page_with_its_rules_work_and_signatures(office: Office) -> None:
    with open_database(office.settings) as conn:
        signing.sign(conn, batch_id(1, FIRST), "preparer", by="审计甲", remark=f"看过 {MARK[4:]}")
    folder = built(office) / "deliveries" / batch_id(1, FIRST)
    sections = told(folder)["sections"]
    assert [(row["rule_id"], row["status"]) for row in sections["findings_by_rule"]] == [
        ("PB-OFF-002", "failed"), ("PB-OFF-001", "passed"), ("PB-OFF-003", "passed"),
    ]  # fmt: skip
    assert [(row["reason_code"], row["raised"]) for row in sections["work"]] == [("PB-OFF-002", 1)]
    assert [(row["signed_by"], row["remark"]) for row in sections["signatures"]] == [("审计甲", "看过 …")]
    assert {path.name for path in folder.glob("index*")} == {"index.html", "index.en.html"}


def test_the_history_of_a_rule_is_told_oldest_first(office: Office) -> None:
    office.send(2, SECOND)
    office.take()
    folder = built(office) / "deliveries" / batch_id(2, SECOND)
    (rule,) = [row for row in told(folder)["sections"]["findings_by_rule"] if row["rule_id"] == "PB-OFF-002"]
    assert (rule["history"], rule["share_before"]) == ([pytest.approx(1 / 3), 0.0], pytest.approx(1 / 3))


def test_only_what_changed_is_written_again(office: Office) -> None:
    site = built(office)
    pages = {path: path.stat().st_mtime_ns for path in site.rglob("*.html")}
    built(office)
    assert {path: path.stat().st_mtime_ns for path in pages} == pages
    office.send(2, SECOND)
    office.take()
    built(office)
    assert (site / "index.html").stat().st_mtime_ns != pages[site / "index.html"]


def test_no_page_and_no_twin_holds_a_persons_value(office: Office) -> None:
    files = [path for path in built(office).rglob("*") if path.is_file()]
    assert len(files) > 12
    for path in files:
        text = path.read_text(encoding="utf-8-sig")
        assert [word for word in (MARK, "李四", "11010519491231002X") if word in text] == [], path.name


def test_pages_lead_somewhere_and_ask_nobody_outside(office: Office) -> None:
    for page in built(office).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert re.findall(r"""(?:src|href)=["']?https?:""", text) == [], page
        links = [link for link in re.findall(r'href="([^"#]+)"', text) if not link.startswith("#")]
        assert [link for link in links if not (page.parent / link).exists()] == [], page
        assert page.stat().st_size < 3_000_000
        anchors = re.findall(r'href="#([^"]+)"', text)
        assert [anchor for anchor in anchors if f'id="{anchor}"' not in text] == [], page
