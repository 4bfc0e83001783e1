"""What validation found, as the ledger's tables. Every function runs in the caller's transaction."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.kernels.drift import PROFILE
from pipelines.kernels.overlap import overlap_of
from pipelines.store.postgres import copy_frame, execute, fetch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.kernels.schema_drift import Retyped
    from pipelines.store.postgres import Connection

RULE_RESULT = {
    "subject": pl.String, "rule_id": pl.String, "severity": pl.String, "status": pl.String,
    "examined": pl.Int64, "failed": pl.Int64, "share": pl.Float64, "warn_at": pl.Float64,
    "reject_at": pl.Float64, "warn_rows": pl.Int64, "reject_rows": pl.Int64, "change_at": pl.Float64,
    "usual": pl.Float64, "indicator": pl.String, "basis": pl.String, "office": pl.String,
    "zh": pl.String, "en": pl.String, "reason": pl.String,
}  # fmt: skip
"""Columns of quality.rule_result."""


USUAL = (
    "with last as (select batch_id from ledger.batch where feed = %s and position < %s"
    " and status not in ('landed', 'standardised', 'refused', 'withdrawn', 'replaced')"
    " order by position desc, arrival desc limit 12)"
    " select r.rule_id, percentile_cont(0.5) within group (order by r.share) as usual"
    " from quality.rule_result r join last on last.batch_id = r.subject where r.status <> 'not_checked'"
    " group by r.rule_id having count(*) >= 3 order by r.rule_id"
)
USUAL_PUBLISHED = (
    "with last as (select 'publication:' || number || '/' || %s as subject from publication.publication"
    " where number < %s and state = 'released' order by number desc limit 12)"
    " select r.rule_id, percentile_cont(0.5) within group (order by r.share) as usual"
    " from quality.rule_result r join last using (subject) where r.status <> 'not_checked'"
    " group by r.rule_id having count(*) >= 3 order by r.rule_id"
)
"""Fewer than three deliveries, or publications, say nothing of what is usual."""


def record_rule_results(conn: Connection, subject: str, results: Sequence[dict[str, Any]]) -> None:
    """Write one line a rule, in place of what the subject had before."""
    execute(conn, "delete from quality.rule_result where subject = %s", (subject,))
    lines = [{"subject": subject, **result} for result in results]
    copy_frame(conn, "quality.rule_result", pl.DataFrame(lines, schema=RULE_RESULT))


def usual_shares(conn: Connection, feed: str, position: int) -> dict[str, float]:
    """Each rule's median share in the last twelve deliveries before a place in the feed's order that were judged."""
    rows = fetch(conn, USUAL, (feed, position))
    return {row["rule_id"]: float(row["usual"]) for row in rows}


def usual_of_publications(conn: Connection, table: str, number: int) -> dict[str, float]:
    """Each rule's median share in the last twelve released publications of a table before this one."""
    rows = fetch(conn, USUAL_PUBLISHED, (table, number))
    return {row["rule_id"]: float(row["usual"]) for row in rows}


def past_profiles(conn: Connection, feed: str, mode: str, position: int) -> pl.DataFrame:
    """Profiles of the last twelve deliveries of that mode before a place in the feed's order, with `delivery`."""
    sql = (
        "with last as (select batch_id from ledger.batch b where feed = %s and mode = %s and position < %s"
        " and status not in ('landed', 'standardised', 'refused', 'withdrawn', 'replaced')"
        " and exists (select from quality.profile p where p.batch_id = b.batch_id)"
        " order by position desc, arrival desc limit 12)"
        " select batch_id as delivery, measure, column_name, category, value from quality.profile"
        " join last using (batch_id) order by 1, 2, 3, 4"
    )
    schema = {"delivery": pl.String, **PROFILE}
    return pl.DataFrame(fetch(conn, sql, (feed, mode, position)), schema=schema)


def record_profile(conn: Connection, batch_id: str, profile: pl.DataFrame) -> None:
    """Write a batch's profile with its limits, in place of what it had before."""
    execute(conn, "delete from quality.profile where batch_id = %s", (batch_id,))
    named = profile.select(pl.lit(batch_id).alias("batch_id"), *profile.columns)
    copy_frame(conn, "quality.profile", named)


def record_retyped(conn: Connection, batch_id: str, found: Sequence[Retyped]) -> None:
    """Write which columns are not of their agreed type, in place of what the batch had before."""
    execute(conn, "delete from quality.retyped where batch_id = %s", (batch_id,))
    for one in found:
        told = (batch_id, one.column, one.agreed, one.found)
        execute(conn, "insert into quality.retyped values (%s, %s, %s, %s)", told)


def record_overlap(conn: Connection, batch_id: str, faults: pl.DataFrame) -> None:
    """Write which reasons came together in the batch's rows: of values (row_number, code), and of rows set aside."""
    sql = "select row_number, unnest(reason_codes) as code from quality.quarantine where batch_id = %s"
    schema = {"row_number": pl.Int32, "code": pl.String}
    aside = pl.DataFrame(fetch(conn, sql, (batch_id,)), schema=schema)
    found = overlap_of(pl.concat([aside, faults.select(*schema)]))
    execute(conn, "delete from quality.reason_overlap where batch_id = %s", (batch_id,))
    copy_frame(
        conn, "quality.reason_overlap", found.select(pl.lit(batch_id).alias("batch_id"), *found.columns)
    )


def record_verdict(
    conn: Connection,
    subject: str,
    decision: str,
    reasons: Sequence[str],
    *,
    suite_sha256: str,
    code_sha256: str,
    document: dict[str, Any],
) -> None:
    """Write the gate's decision with the allow-listed document of Great Expectations."""
    execute(
        conn,
        "insert into quality.verdict (subject, decision, reasons, suite_sha256, code_sha256, document)"
        " values (%s, %s, %s, %s, %s, %s) on conflict (subject) do update set"
        " decision = excluded.decision, reasons = excluded.reasons,"
        " suite_sha256 = excluded.suite_sha256, code_sha256 = excluded.code_sha256, document = excluded.document, judged_at = now()",
        (
            subject,
            decision,
            list(reasons),
            suite_sha256,
            code_sha256,
            json.dumps(document, ensure_ascii=False),
        ),
    )
