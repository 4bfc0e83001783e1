from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.contract.model import Contract
from pipelines.report.basics import Rows, Words, added
from pipelines.report.flows import incidents_of, rows_of
from pipelines.report.gather import batches_of
from pipelines.report.model import Report
from pipelines.report.pictures import stacked
from pipelines.report.queries import Facts

COUNTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("status", "place"),
    [
        ("accepted", "accepted"), ("landed", "pending"), ("waiting", "pending"), ("refused", "refused"),
        ("replaced", "superseded"), ("withdrawn", "superseded"),
    ],
)  # fmt: skip
def test_rows_that_went_on_stand_where_their_batch_stands(status: str, place: str) -> None:
    stages = [
        {"rows_on": 98, "quarantined": 2, "superseded": 0, "refused": 0},
        {"rows_on": 95, "quarantined": 0, "superseded": 3, "refused": 0},
    ]
    rows = rows_of({"rows_received": 100, "status": status}, stages)
    assert rows.is_balanced
    assert getattr(rows, place) == (98 if place == "superseded" else 95)


def test_a_batch_refused_by_the_gate_is_counted_once() -> None:
    stages = [{"rows_on": 0, "quarantined": 1, "superseded": 0, "refused": 99}]
    assert rows_of({"rows_received": 100, "status": "refused"}, stages) == Rows(100, 0, 0, 1, 0, 99)


def test_rows_nobody_accounts_for_stop_the_report(report: Report) -> None:
    lost = Rows(received=10, accepted=9)
    assert not lost.is_balanced
    assert not added([lost, Rows(5, 5)]).is_balanced
    assert report.total.is_balanced


def test_a_delivery_stopped_by_a_rule_says_which(facts: Facts, contracts: dict[str, Contract]) -> None:
    labour = {**facts.batches[0], "status": "refused"}
    stopping = {**facts.rules[0], "severity": "reject_batch", "reject_at": 0.05}
    changed = replace(facts, batches=[labour], rules=[stopping, *facts.rules[1:]])
    batches = batches_of(changed)
    rules = {"PB-LAB-001": Words("规则句", "Rule")}
    found = [i for i in incidents_of(batches, changed, contracts, rules) if i.outcome == "refused"]
    assert [(i.code, i.sentence.zh if i.sentence else "") for i in found] == [
        ("PB-LAB-001", "规则句"),
        ("PB-DL-004", "文件摘要（SHA-256）与交接单不符"),
    ]


@given(COUNTS)
def test_a_bar_is_as_wide_as_its_parts(values: list[int]) -> None:
    picture = str(stacked((f"p{i}", value) for i, value in enumerate(values)))
    widths = [float(width) for width in re.findall(r' width="([\d.]+)%"', picture)]
    assert len(widths) == sum(value > 0 for value in values)
    assert not widths or abs(sum(widths) - 100) < 0.1
    assert all(width >= 1.19 for width in widths)
