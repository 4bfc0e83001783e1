"""Building the report of a publication: pages, JSON and CSV in one folder."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from pipelines.contract.model import Contract
from pipelines.report.gather import report_of
from pipelines.report.model import Report
from pipelines.report.page import CERTIFICATES, PAGES, render_page
from pipelines.report.queries import Fetch, query_facts
from pipelines.report.twins import report_json, report_tables


def build_report(
    fetch: Fetch,
    *,
    number: int | None,
    run_id: str | None,
    folder: Path,
    contracts: Mapping[str, Contract],
    made_at: datetime | None = None,
) -> Path:
    """Write the report of a publication or run into `folder`; returns its Chinese page.

    `fetch(sql, params)` answers a SELECT with one mapping a row. With neither `number` nor `run_id`
    the newest run is meant. `made_at` is the time the page bears, now by default.
    """
    facts = query_facts(fetch, number, run_id)
    return write_report(report_of(facts, contracts, made_at or datetime.now(UTC)), folder)


def write_report(report: Report, folder: Path) -> Path:
    """index.html, index.en.html, report.json and tables/*.csv (UTF-8 with a mark, for spreadsheets)."""
    tables = folder / "tables"
    tables.mkdir(parents=True, exist_ok=True)
    for name, text in report_tables(report).items():
        (tables / f"{name}.csv").write_text(text, encoding="utf-8-sig", newline="")
    (folder / "report.json").write_text(report_json(report), encoding="utf-8")
    certified = (folder / CERTIFICATES["zh"]).exists()
    for language, page in PAGES.items():
        text = render_page(report, language, has_certificate=certified)
        (folder / page).write_text(text, encoding="utf-8")
    return folder / PAGES["zh"]
