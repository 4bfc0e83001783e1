from __future__ import annotations

from typing import Any

from pipelines.contract.model import Contract
from pipelines.report.linkage import quality_lines
from pipelines.report.model import Report
from pipelines.report.page import render_page
from pipelines.report.pictures import interval


def row(grouping: str, member: str, recall: float, high: float) -> dict[str, Any]:
    return {
        "grouping": grouping, "member": member, "hidden": 90, "linkable": 80, "right": 70, "wrong": 1,
        "precision": 0.99, "precision_low": 0.9, "precision_high": 1.0,
        "recall": recall, "recall_low": recall - 0.1, "recall_high": high,
    }  # fmt: skip


ROWS = [row("all", "all", 0.97, 0.98), row("home", "migrant", 0.8, 0.9), row("ethnicity", "07", 0.95, 0.99)]


def test_a_group_whose_interval_ends_below_all_is_marked(contracts: dict[str, Contract]) -> None:
    lines = quality_lines(ROWS, contracts)
    assert [line.below for line in lines] == [False, True, False]
    assert [line.title.zh for line in lines] == ["全部", "外地户籍", "彝族"]


def test_the_page_shows_it_and_does_without(report: Report, contracts: dict[str, Contract]) -> None:
    from dataclasses import replace

    page = render_page(replace(report, quality=quality_lines(ROWS, contracts)), "zh")
    assert page.count("明显低于总体") == 1
    assert "有号码的记录太少" in render_page(report, "zh")


def test_an_interval_is_a_band_with_a_mark() -> None:
    drawn = str(interval(0.9, 0.8, 0.95))
    assert 'class="part-plain" x="80.00%"' in drawn
    assert 'class="axis" x="90.00%"' in drawn
    assert str(interval(None, None, None)) == ""
