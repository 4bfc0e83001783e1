"""A small ledger as the database would give it: two feeds, one of each thing a report shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from pipelines.contract.load import load_contracts
from pipelines.contract.model import Contract
from pipelines.report.gather import report_of
from pipelines.report.model import Report
from pipelines.report.queries import Facts

NOW = datetime(2026, 7, 31, 18, 0, tzinfo=UTC)
VOID = {"meta", "link", "br", "hr", "img", "input", "col"}
Row = dict[str, Any]


def batch(feed: str, sequence: int, day: date, **facts: Any) -> Row:
    name = f"{feed.replace('/', '-')}-{sequence:06d}-0a1b2c3d"
    plain = {
        "batch_id": name, "feed": feed, "sequence": sequence, "position": sequence,
        "data_date": day, "mode": "full", "status": "accepted", "rows_received": 100,
        "content_sha256": "a" * 64, "contract_sha256": "b" * 64, "suite_sha256": "c" * 64,
        "landed_at": NOW, "is_used": True, "is_new": True, "used_batches": 1, "is_latest": True,
    }  # fmt: skip
    return {**plain, **facts}


def delivery(feed: str, folder: str, outcome: str, **facts: Any) -> Row:
    plain = {
        "feed": feed, "folder": folder, "data_date": date(2026, 7, 31), "sequence": 9,
        "mode": "full", "rows_received": 50, "outcome": outcome, "reason_code": None,
        "facts": {}, "notes": [], "batch_id": None, "seen_at": NOW - timedelta(hours=1),
    }  # fmt: skip
    return {**plain, **facts}


def rule(subject: str, feed: str | None, rule_id: str, status: str, failed: int, **facts: Any) -> Row:
    plain = {
        "subject": subject, "feed": feed, "rule_id": rule_id, "severity": "warn",
        "status": status, "examined": 100, "failed": failed, "warn_at": 0.01, "reject_at": None,
        "indicator": "0301", "basis": "GB 11643-1999", "office": "数据局", "zh": "规则句",
        "en": "The rule holds", "reason": None,
    }  # fmt: skip
    return {**plain, **facts}


@pytest.fixture
def contracts() -> dict[str, Contract]:
    wanted = ("labour/employment", "residence/permit")
    return {feed: contract for feed, contract in load_contracts().items() if feed in wanted}


@pytest.fixture
def facts() -> Facts:
    labour = batch("labour/employment", 2, date(2026, 7, 31))
    waiting = batch(
        "labour/employment", 3, date(2026, 7, 31), status="waiting", is_used=False, is_latest=False
    )
    permit = batch("residence/permit", 1, date(2026, 1, 31), is_new=False)
    used = [labour, waiting, permit]
    stage = {"superseded": 0, "refused": 0}
    return Facts(
        run=_run(),
        deliveries=[
            delivery("labour/employment", "2026-07-31", "landed", batch_id=labour["batch_id"]),
            delivery("labour/employment", "again", "redelivered", notes=["PB-SQ-001"]),
            delivery("residence/permit", "bad", "refused", reason_code="PB-DL-004"),
        ],
        batches=used,
        conservation=[
            {"batch_id": b["batch_id"], "stage": name, "rows_in": rows, "rows_on": 97, "quarantined": rows - 97, **stage}
            for b in used
            for name, rows in (("land", 100), ("standardise", 97))
        ],
        verdicts=[_verdict(labour["batch_id"], "reservations"), _verdict("publication:2/person", "release")],
        rules=[
            rule(labour["batch_id"], "labour/employment", "PB-LAB-001", "failed", 7),
            rule(labour["batch_id"], "labour/employment", "PB-LAB-002", "passed", 0),
            rule(labour["batch_id"], "labour/employment", "PB-LAB-003", "not_checked", 0, reason="no answer"),
            rule(permit["batch_id"], "residence/permit", "PB-RES-001", "failed", 1, indicator="0201"),
            rule("publication:2/person", None, "PB-PER-001", "passed", 0, indicator="0304"),
        ],
        faults=[{"feed": "labour/employment", "column_name": "citizen_id", "reason_code": "PB-ID-032", "rows": 5}],
        quarantine=[
            {"feed": "labour/employment", "batch_id": labour["batch_id"], "sequence": 2,
             "reason_code": "PB-RW-001", "rows": 3, "first_rows": [4, 17, 60]}
        ],
        links=[{"method": "valid_id", "links": 900}, {"method": "new_method", "links": 4}],
        conflicts=[{"reason_code": "PB-LK-001", "cases": 2, "records": 5}],
        events=[{"kind": "merged", "cause": "judgement", "events": 1}],
        seconds=[{"stage": "resolve", "seconds": 2.0, "rows": 194, "subjects": 1}],
        publications=[
            {"number": 2, "state": "released", "staged_at": NOW, "released_at": NOW, "persons": 190, "records": 194}
        ],
    )  # fmt: skip


def _run() -> Row:
    return {
        "run_id": "run-0123456789ab", "stage": "released", "records": 194, "persons": 190,
        "inputs": {"contracts": "d" * 64, "policies": {"linkage": "e" * 64}}, "started_at": NOW,
        "finished_at": NOW, "number": 2, "state": "released", "content_hash": "f" * 64,
        "counts": {"person": {"opened": 12, "closed": 3, "unchanged": 178}}, "staged_at": NOW,
        "released_at": NOW, "released_by": None, "base": 1, "base_records": 180,
        "base_persons": 181, "server_version": "18.0",
        "base_inputs": {"contracts": "d" * 64, "policies": {"linkage": "a" * 64}},
        "linkage": {"link_weight": 6, "blocking": [["name", "birth"], ["local_number"]]},
        "base_linkage": {"link_weight": 7, "blocking": [["name", "birth"]]},
    }  # fmt: skip


def _verdict(subject: str, decision: str) -> Row:
    reasons: list[str] = []
    return {
        "subject": subject, "decision": decision, "reasons": reasons, "suite_sha256": "c" * 64, "judged_at": NOW,
    }  # fmt: skip


@pytest.fixture
def report(facts: Facts, contracts: dict[str, Contract]) -> Report:
    return report_of(facts, contracts, NOW)


@dataclass
class Outline:
    """What a page is built of: elements in order with their attributes, and tags that do not match."""

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)

    def every(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.outline, self.open = Outline(), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.outline.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.outline.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.outline.unmatched.append(tag)


@pytest.fixture
def outline() -> Callable[[str], Outline]:
    def read(page: str) -> Outline:
        reader = _Reader()
        reader.feed(page)
        reader.close()
        reader.outline.unmatched.extend(reader.open)
        return reader.outline

    return read
