from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pipelines.report.basics import Feed, Language, Words
from pipelines.report.build import write_report
from pipelines.report.model import Report
from pipelines.report.page import PAGES, render_page

LANGUAGES: tuple[Language, ...] = ("zh", "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_element_is_closed(report: Report, language: Language, outline: Any) -> None:
    assert outline(render_page(report, language)).unmatched == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_outside_the_folder_is_referred_to(
    report: Report, language: Language, outline: Any, tmp_path: Path
) -> None:
    write_report(report, tmp_path)
    page = outline(render_page(report, language))
    ids = {attributes.get("id") for _, attributes in page.elements}
    targets = [a[name] for _, a in page.elements for name in ("href", "src", "xlink:href") if a.get(name)]
    for target in targets:
        inside = target == f"../{PAGES[language]}" or (target.startswith("#") and target[1:] in ids)
        assert inside or (tmp_path / target).is_file(), target
    assert page.every("script", "iframe", "object", "embed", "img", "link", "base", "form") == []
    text = render_page(report, language)
    assert "url(" not in text
    assert "@import" not in text
    assert "://" not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_table_has_a_caption_and_every_header_its_scope(
    report: Report, language: Language, outline: Any
) -> None:
    page = outline(render_page(report, language))
    assert len(page.every("table")) == len(page.every("caption")) > 10
    assert {a.get("scope") for a in page.every("th")} == {"col", "row"}
    rows = re.findall(r"<tbody.*?</tbody>", render_page(report, language), re.DOTALL)
    assert all(row.count("<tr") == row.count("<th ") for row in rows)


@pytest.mark.parametrize("language", LANGUAGES)
def test_headings_do_not_skip_a_level_and_ids_are_unique(
    report: Report, language: Language, outline: Any
) -> None:
    page = outline(render_page(report, language))
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ["有保留发布", "未通过", "未检查", "通过", "重复交付", "等待确认", "超期"]),
        ("en", ["Release with reservations", "Failed", "Not checked", "Passed", "Delivered again"]),
    ],
)
def test_states_are_said_in_words(report: Report, language: Language, words: list[str]) -> None:
    body = render_page(report, language).split("<main", 1)[1]
    assert [word for word in words if word not in body] == []


def test_reasons_are_sentences_with_what_to_do(report: Report) -> None:
    page = render_page(report, "zh")
    for text in ("文件摘要（SHA-256）与交接单不符", "请重新传送文件", "该行列数少于表头", "4, 17, 60"):
        assert text in page
    assert "The file&#39;s SHA-256 is not the manifest&#39;s" in render_page(report, "en")


def test_the_conservation_equation_stands_there_and_balances(report: Report) -> None:
    equation = re.search(r'<p class="equation">.*?</p>', render_page(report, "en"), re.DOTALL)
    assert equation is not None
    bare = " ".join(re.sub(r"<[^>]+>", " ", equation.group()).split())
    assert bare == (
        "Received 250 = Accepted 97 + Pending 97 + Quarantined 6 + Superseded 0 + Refused 50 Balanced"
    )


def test_the_same_report_is_the_same_page(report: Report) -> None:
    assert render_page(report, "zh") == render_page(report, "zh")
    assert 'lang="zh-CN"' in render_page(report, "zh")
    assert 'lang="en"' in render_page(report, "en")


def test_a_title_cannot_become_markup(report: Report) -> None:
    evil = Words("<script>alert(1)</script>", "<script>alert(1)</script>")
    feed = Feed("a/b", evil, evil, "monthly")
    states = tuple(replace(state, feed=feed) for state in report.feeds)
    flows = tuple(replace(flow, feed=feed) for flow in report.flows)
    incidents = tuple(replace(incident, feed=feed) for incident in report.incidents)
    sheets = tuple(replace(sheet, title=evil, owner=evil) for sheet in report.sheets)
    changed = replace(report, feeds=states, flows=flows, incidents=incidents, sheets=sheets)
    for language in LANGUAGES:
        page = render_page(changed, language)
        assert "<script" not in page
        assert "&lt;script&gt;" in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_report_says_that_there_is_nothing(report: Report, language: Language, outline: Any) -> None:
    nothing: dict[str, Any] = dict.fromkeys(
        ("remarks", "history", "feeds", "flows", "incidents", "sheets", "scores", "feed_scores", "faults",
         "quarantine", "links", "conflicts", "events", "changes", "audit", "unchecked", "seconds"), ()
    )  # fmt: skip
    page = render_page(replace(report, **nothing, deliveries={}, cut_off=None), language)
    assert outline(page).unmatched == []
    assert page.count('class="empty"') == 14
