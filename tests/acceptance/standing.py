"""What a home holds, without clock times and without the numbers of publications that nobody saw."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import polars as pl

from pipelines.settings import Settings
from pipelines.store.database import open_database
from pipelines.store.postgres import Connection, fetch
from pipelines.store.publication import content_hash_of, pointer
from pipelines.store.versions import golden_names

RANKED = (
    "with seen as (select number, row_number() over (order by number) as rank from publication.publication"
    " where state in ('released', 'withdrawn')) "
)
FACTS: Mapping[str, str] = {
    "deliveries": "select feed, folder, manifest_sha256, outcome, reason_code, facts, notes, batch_id"
    " from ledger.delivery order by 1, 2, 3",
    "batches": "select batch_id, position, status, contract_sha256, suite_sha256, rows_received"
    " from ledger.batch order by 1",
    "conservation": "select * from ledger.conservation order by 1, 2",
    "quarantine": "select * from quality.quarantine order by 1, 2",
    "faults": "select * from quality.fault_count order by 1, 2, 3",
    "rules": "select regexp_replace(subject, ':[0-9]+/', '/'), rule_id, status, examined, failed"
    " from quality.rule_result order by subject, rule_id",
    "findings": "select feed, record_key, column_name, kind, reason_codes, value, batch_id, row_number, first_batch,"
    " first_seen, last_seen, state, outcome, returns from feedback.finding order by 1, 2, 3",
    "finding_events": "select f.feed, f.record_key, f.column_name, e.from_state, e.to_state, e.done_by, e.remark"
    " from feedback.event e join feedback.finding f using (finding_id) order by 1, 2, 3, event_id",
    "verdicts": "select regexp_replace(subject, ':[0-9]+/', '/'), decision, reasons, suite_sha256"
    " from quality.verdict order by subject",
    "runs": "select run_id, stage, records, persons from ledger.run order by 1",
    "persons": "select person_id, number, first_run, redirect_to from resolution.person order by 1",
    "members": "select record_key, person_id, run_id from resolution.membership order by 1",
    "links": "select * from resolution.link_count order by 1, 2",
    "conflicts": "select * from resolution.conflict order by 1, 2",
    "events": "select run_id, kind, person_id, other_id from resolution.event order by 1, 2, 3, 4",
    "publications": RANKED  # noqa: S608 - a constant
    + "select rank, run_id, state, content_hash, counts from seen join"
    " publication.publication using (number) order by 1",
    "moves": RANKED  # noqa: S608 - a constant
    + "select coalesce(a.rank, 0) as earlier, b.rank from publication.movement m"
    " left join seen a on a.number = m.from_number join seen b on b.number = m.to_number order by movement_id",
}
VERSIONS = (
    RANKED  # noqa: S608 - names of our own tables
    + "select a.rank as first, b.rank as last, count(*) as rows, md5(string_agg(md5(g::text), ',' order"
    " by g::text)) as content from (select {columns}, from_publication, to_publication from golden.{table}) v"
    " cross join lateral (select {columns}) g left join seen a on a.number = v.from_publication"
    " left join seen b on b.number = v.to_publication group by 1, 2 order by 1, 2"
)


def standing(settings: Settings) -> dict[str, Any]:
    """Everything that a second attempt must leave as one undisturbed attempt leaves it."""
    with open_database(settings) as conn:
        facts: dict[str, Any] = {name: fetch(conn, sql) for name, sql in FACTS.items()}
        facts |= {f"golden.{name}": _versions(conn, name) for name in (*golden_names(conn), "provenance")}
        facts["content"] = content_hash_of(conn, pointer(conn))
        facts["undecided"] = fetch(conn, "select number from publication.publication where state = 'staged'")
    return facts | {"lake": _lake(settings)}


def _versions(conn: Connection, table: str) -> list[dict[str, Any]]:
    """Rows by the publications between which they stand; a rank that is null would be a leftover."""
    columns = fetch(
        conn,
        "select string_agg(quote_ident(column_name), ', ' order by column_name) as names"
        " from information_schema.columns where table_schema = 'golden' and table_name = %s"
        " and column_name not in ('from_publication', 'to_publication')",
        (table,),
    )[0]["names"]
    return fetch(conn, VERSIONS.format(columns=columns, table=table))


def _lake(settings: Settings) -> dict[str, str]:
    """Names and content of what the lake holds; scratch files of the killed are not looked at by anybody."""
    root = settings.lake
    return {
        str(path.relative_to(root)): _content(path)
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.suffix != ".part"
    }


def _content(path: Any) -> str:
    if path.suffix != ".parquet":
        return hashlib.sha256(path.read_bytes()).hexdigest()
    frame = pl.read_parquet(path)
    return hashlib.sha256(
        frame.write_csv().encode() if not _nested(frame) else str(frame.rows()).encode()
    ).hexdigest()


def _nested(frame: pl.DataFrame) -> bool:
    return any(dtype.is_nested() or dtype == pl.Binary for dtype in frame.dtypes)


def numbers_given(settings: Settings) -> list[dict[str, Any]]:
    """Every number of a publication with the run it was given to."""
    with open_database(settings) as conn:
        return fetch(
            conn, "select number, run_id, state, content_hash from publication.publication order by 1"
        )
