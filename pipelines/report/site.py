"""The report site: a front page, and a page for every delivery, beside the pages of the publications.

A section is a query of sql/reports and a template of templates/site under one name; to add one, write the two and
name it in FRONT or DELIVERY. Each section's rows are the page's JSON and CSV twins too. A page is written again only
when its rows, the templates or the wording changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from pipelines.contract.model import Contract
from pipelines.report.names import codes_in, column_of, feed_of
from pipelines.report.page import PAGES, TEMPLATES, render_site
from pipelines.report.queries import SQL, Fetch, Row
from pipelines.report.site_rows import allowed, by_indicator, unanswered
from pipelines.report.texts import SITE_TEXTS, TEXTS
from pipelines.report.twins import csv_table

Params = Callable[[Mapping[str, Any]], tuple[object, ...]]


@dataclass(frozen=True)
class Section:
    """One section: `sql` names its query, `key` its template, texts and tables; `params` what the query is asked."""

    key: str
    sql: str
    params: Params = lambda _: ()


def _batch(about: Mapping[str, Any]) -> tuple[object, ...]:
    return (about["batch_id"],)


def _today(about: Mapping[str, Any]) -> tuple[object, ...]:
    return (about["today"],)


DELIVERY: Final = (
    Section("flow", "220_delivery_conservation", _batch),
    Section("findings_by_rule", "230_delivery_rules", _batch),
    Section("overlap", "240_delivery_overlap", _batch),
    Section("values", "250_delivery_faults", _batch),
    Section("drift", "290_delivery_drift", _batch),
    Section("schema", "300_delivery_schema", _batch),
    Section("work", "260_delivery_work", lambda about: (about["today"], about["batch_id"])),
    Section("waivers", "270_delivery_waivers", _batch),
    Section("signatures", "280_signatures", _batch),
)
FRONT: Final = (
    Section("feeds_now", "310_front_feeds"),
    Section("departments", "320_front_departments", _today),
    Section("publications", "340_front_publications"),
    Section("mending", "360_front_mending"),
    Section("waivers_now", "350_front_waivers", _today),
    Section("all_deliveries", "330_front_deliveries"),
)


def build_site(
    fetch: Fetch, folder: Path, contracts: Mapping[str, Contract], today: date, only: str | None = None
) -> Path:
    """Bring the site in `folder` up to date; returns its Chinese front page.

    `fetch(sql, params)` answers a SELECT with one mapping a row; `only` builds the page of that batch and the front.
    """
    about: dict[str, Any] = {"today": today}
    front = {section.key: _rows(fetch, section, about, None) for section in FRONT}
    for batch in front["all_deliveries"]:
        if only in (None, batch["batch_id"]):
            _delivery(fetch, folder / "deliveries" / batch["batch_id"], batch["batch_id"], contracts, today)
    _write(folder, "front", {"head": {"today": today}, "sections": front}, contracts)
    return folder / PAGES["zh"]


def _delivery(
    fetch: Fetch, folder: Path, batch_id: str, contracts: Mapping[str, Contract], today: date
) -> None:
    about = {"batch_id": batch_id, "today": today}
    head = fetch((SQL / "210_delivery_head.sql").read_text(encoding="utf-8"), (batch_id,))[0]
    head["reasons"] = list(codes_in(head["reasons"]))
    contract = contracts.get(head["feed"])
    sections = {section.key: _rows(fetch, section, about, contract) for section in DELIVERY}
    sections["by_indicator"] = by_indicator(sections["findings_by_rule"])
    sections["silent"] = unanswered(sections["findings_by_rule"])
    _write(folder, "delivery", {"head": head, "sections": sections}, contracts)


def _rows(fetch: Fetch, section: Section, about: Mapping[str, Any], contract: Contract | None) -> list[Row]:
    text = (SQL / f"{section.sql}.sql").read_text(encoding="utf-8")
    return [allowed(row, contract) for row in fetch(text, section.params(about))]


def _write(folder: Path, kind: str, facts: dict[str, Any], contracts: Mapping[str, Contract]) -> None:
    """Page in both languages, JSON and CSV; the JSON last, so that a broken build is made again."""
    told = json.dumps({"made_by": _made_by(), **facts}, ensure_ascii=False, indent=1, default=_plain) + "\n"
    twin = folder / "report.json"
    if twin.exists() and twin.read_text(encoding="utf-8") == told:
        return
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    for name, rows in facts["sections"].items():
        (folder / "tables" / f"{name}.csv").write_text(csv_table(rows), encoding="utf-8-sig", newline="")
    names = {row["feed"] for rows in facts["sections"].values() for row in rows if "feed" in row}
    names |= {facts["head"]["feed"]} if "feed" in facts["head"] else set(contracts)
    feeds = {name: feed_of(name, contracts) for name in names}
    owners = {c.owner.department: feed_of(c.feed, contracts).owner for c in contracts.values()}
    told_of = contracts.get(str(facts["head"].get("feed")))
    fields = {c.source: column_of(c.source, told_of) for c in told_of.columns} if told_of else {}
    for language, page in PAGES.items():
        text = render_site(kind, language, {**facts, "feeds": feeds, "owners": owners, "fields": fields})
        (folder / page).write_text(text, encoding="utf-8")
    twin.write_text(told, encoding="utf-8")


@cache
def _made_by() -> str:
    """A hash of what a page is made by, beside its facts."""
    files = sorted([*TEMPLATES.rglob("*.j2"), TEXTS, SITE_TEXTS, *Path(__file__).parent.glob("*.py")])
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
