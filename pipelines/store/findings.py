"""What validation found, as the ledger's tables. Every function runs in the caller's transaction."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.store.postgres import copy_frame, execute, fetch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.store.postgres import Connection

RULE_RESULT = {
    "subject": pl.String, "rule_id": pl.String, "severity": pl.String, "status": pl.String,
    "examined": pl.Int64, "failed": pl.Int64, "share": pl.Float64, "warn_at": pl.Float64,
    "reject_at": pl.Float64, "indicator": pl.String, "basis": pl.String, "office": pl.String,
    "zh": pl.String, "en": pl.String, "reason": pl.String,
}  # fmt: skip
"""Columns of quality.rule_result."""


def record_rule_results(conn: Connection, subject: str, results: Sequence[dict[str, Any]]) -> None:
    """Write one line a rule, in place of what the subject had before."""
    execute(conn, "delete from quality.rule_result where subject = %s", (subject,))
    lines = [{"subject": subject, **result} for result in results]
    copy_frame(conn, "quality.rule_result", pl.DataFrame(lines, schema=RULE_RESULT))


def record_verdict(
    conn: Connection,
    subject: str,
    decision: str,
    reasons: Sequence[str],
    *,
    suite_sha256: str,
    document: dict[str, Any],
) -> None:
    """Write the gate's decision with the allow-listed document of Great Expectations."""
    execute(
        conn,
        "insert into quality.verdict (subject, decision, reasons, suite_sha256, document)"
        " values (%s, %s, %s, %s, %s) on conflict (subject) do update set"
        " decision = excluded.decision, reasons = excluded.reasons,"
        " suite_sha256 = excluded.suite_sha256, document = excluded.document, judged_at = now()",
        (subject, decision, list(reasons), suite_sha256, json.dumps(document, ensure_ascii=False)),
    )


def decision_on(conn: Connection, subject: str) -> str | None:
    """The gate's last decision on a subject."""
    rows = fetch(conn, "select decision from quality.verdict where subject = %s", (subject,))
    return rows[0]["decision"] if rows else None
