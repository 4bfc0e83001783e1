"""Report: the auditor's page of the newest run, and the site around it."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipelines.contract.load import load_contracts
from pipelines.report.build import build_report
from pipelines.report.page import CERTIFICATES, render_certificate
from pipelines.report.site import build_site
from pipelines.settings import Settings
from pipelines.store import feedback
from pipelines.store.certificates import certificate
from pipelines.store.database import open_database
from pipelines.store.lake import Lake
from pipelines.store.ledger import record_time
from pipelines.store.postgres import fetch

if TYPE_CHECKING:
    from pipelines.store.postgres import Connection

STAGE = "report"
CHINA: Final = timezone(timedelta(hours=8))


def report(settings: Settings, number: int | None = None) -> dict[str, Any]:
    """Build the report of a publication, by default the newest. Returns {"publication", "page": its page, "site": the front page}.

    The site's other pages are written again where something changed; one of a publication that is missing is made.
    """
    started = time.monotonic()
    contracts = load_contracts(settings.contracts)
    with open_database(settings) as conn:
        for contract in contracts.values():
            feedback.settle(conn, Lake(settings.lake), contract)
        ask = partial(fetch, conn)
        known = fetch(conn, "select number, run_id from publication.publication order by number")
        chosen = _chosen(known, number)
        site = build_site(ask, settings.reports, contracts, datetime.now(CHINA).date())
        if chosen is None:
            return {"publication": None, "page": None, "site": str(site)}
        page = settings.reports
        missing = [p for p in known if not (_folder(settings, p["number"]) / "report.json").exists()]
        for publication in [*(p for p in missing if p != chosen), chosen]:
            _keep_certificate(conn, _folder(settings, publication["number"]), publication["number"])
            page = build_report(  # the chosen one is the last
                ask,
                number=publication["number"],
                run_id=publication["run_id"],
                folder=_folder(settings, publication["number"]),
                contracts=contracts,
            )
        record_time(conn, chosen["run_id"], STAGE, time.monotonic() - started, 0)
    return {"publication": chosen["number"], "page": str(page), "site": str(site)}


def _keep_certificate(conn: Connection, folder: Path, number: int) -> None:
    """The certificate as a file, for the auditor to take away; a publication that nobody released has none."""
    made = certificate(conn, number)
    if made is not None:
        told = {name: made[name] for name in ("number", "sha256", "previous_sha256", "body", "signature")}
        text = json.dumps(told, ensure_ascii=False, indent=1)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "certificate.json").write_text(text + "\n", encoding="utf-8")
        for language, page in CERTIFICATES.items():
            html = render_certificate(language, json.loads(made["body"]), made["sha256"], made["signature"])
            (folder / page).write_text(html, encoding="utf-8")


def _folder(settings: Settings, number: int) -> Path:
    return settings.reports / f"{number:06d}"


def _chosen(publications: list[dict[str, Any]], number: int | None) -> dict[str, Any] | None:
    wanted = [p for p in publications if number is None or p["number"] == number]
    return wanted[-1] if wanted else None
