"""Report: the auditor's page of the newest run."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from pipelines.contract.load import load_contracts
from pipelines.report.build import build_report
from pipelines.settings import Settings
from pipelines.store.database import open_database
from pipelines.store.ledger import record_time
from pipelines.store.postgres import fetch

STAGE = "report"


def report(settings: Settings, number: int | None = None) -> dict[str, Any]:
    """Build the report of a publication, by default the newest. Returns {"publication", "page"}."""
    started = time.monotonic()
    with open_database(settings) as conn:
        chosen = _chosen(
            fetch(conn, "select number, run_id from publication.publication order by number"), number
        )
        if chosen is None:
            return {"publication": None, "page": None}
        folder = settings.reports / f"{chosen['number']:06d}"
        page = build_report(
            partial(fetch, conn),
            number=chosen["number"],
            run_id=chosen["run_id"],
            folder=folder,
            contracts=load_contracts(settings.contracts),
        )
        record_time(conn, chosen["run_id"], STAGE, time.monotonic() - started, 0)
    return {"publication": chosen["number"], "page": str(page)}


def _chosen(publications: list[dict[str, Any]], number: int | None) -> dict[str, Any] | None:
    wanted = [p for p in publications if number is None or p["number"] == number]
    return wanted[-1] if wanted else None
