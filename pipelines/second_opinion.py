"""`popbase second-opinion`: the audit of a publication again, by Great Expectations on PostgreSQL, compared rule by rule."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pipelines.errors import UsageError
from pipelines.store import publication, runs
from pipelines.store.database import database_url, open_database
from pipelines.store.postgres import Connection, fetch
from pipelines.store.versions import published_query

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from pipelines.quality.second import Opinion
    from pipelines.settings import Settings

CHANGED = "the suite was changed since"
Verdict = Literal["agrees", "differs", "not_compared"]


@dataclass(frozen=True)
class Compared:
    """One rule: what the audit counted, what PostgreSQL counts now, and whether that is the same."""

    table: str
    rule_id: str
    verdict: Verdict
    audit: int | None
    second: int | None
    reason: str | None = None


def second_opinion(settings: Settings, number: int | None = None) -> tuple[int, list[Compared]]:
    """The publication (by default the one readers see) and every rule of its audit, compared.

    Raises:
        UsageError: when there is no such publication, or none yet.
    """
    with open_database(settings) as conn:
        chosen = publication.pointer(conn) if number is None else number
        if chosen == 0:
            raise UsageError("readers see no publication yet", hint="popbase publications")
        run = fetch(conn, "select * from ledger.run where run_id = %s", (publication.run_of(conn, chosen),))[
            0
        ]
        today = runs.latest_data_date(conn, run)
        paths = sorted((settings.expectations / "published").glob("*.yml"))
        tables = [
            (path, published_query(conn, path.stem, chosen), _audit(conn, chosen, path.stem))
            for path in paths
        ]
    compared: list[Compared] = []
    for path, query, audit in tables:
        if query is not None and audit:
            compared += _compare(settings, path, query, audit, today)
    return chosen, compared


def _audit(conn: Connection, number: int, table: str) -> list[dict[str, Any]]:
    sql = (
        "select r.rule_id, r.status, r.failed, r.reason, v.suite_sha256 from quality.rule_result r"
        " join quality.verdict v using (subject) where subject = %s order by r.rule_id"
    )
    return fetch(conn, sql, (f"publication:{number}/{table}",))


def _compare(
    settings: Settings, path: Path, query: str, audit: list[dict[str, Any]], today: date
) -> Iterator[Compared]:
    from pipelines.quality.second import opinions  # noqa: PLC0415 - Great Expectations is dear
    from pipelines.quality.suite import load_suite  # noqa: PLC0415

    if hashlib.sha256(path.read_bytes()).hexdigest() != audit[0]["suite_sha256"]:
        for row in audit:
            yield Compared(path.stem, row["rule_id"], "not_compared", row["failed"], None, CHANGED)
        return
    told = {one.rule_id: one for one in opinions(database_url(settings), query, load_suite(path), today)}
    for row in audit:
        yield _one(path.stem, row, told[row["rule_id"]])


def _one(table: str, row: dict[str, Any], opinion: Opinion) -> Compared:
    if row["status"] == "not_checked" or opinion.reason is not None:
        reason = row["reason"] if row["status"] == "not_checked" else opinion.reason
        return Compared(table, row["rule_id"], "not_compared", row["failed"], None, reason)
    same = (row["status"] == "passed", row["failed"]) == (opinion.passed, opinion.failed)
    verdict: Verdict = "agrees" if same else "differs"
    return Compared(table, row["rule_id"], verdict, row["failed"], opinion.failed)
