"""Population runs and what they resolved. Every function runs in the caller's transaction."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.store.postgres import copy_frame, execute, fetch, fetch_frame

if TYPE_CHECKING:
    from pipelines.linkage.resolve import Resolution
    from pipelines.store.postgres import Connection

MEMBERSHIP = {"record_key": pl.String, "person_id": pl.String, "number": pl.Int64}


def begin_run(conn: Connection, run_id: str, base: int, inputs: dict[str, Any], records: int) -> None:
    """Write down a run that resolved; a run that is repeated starts anew."""
    execute(
        conn,
        "insert into ledger.run (run_id, base_publication, inputs, records, stage)"
        " values (%s, %s, %s, %s, 'resolved') on conflict (run_id) do update set"
        " stage = 'resolved', started_at = now(), finished_at = null, records = excluded.records",
        (run_id, base, json.dumps(inputs, ensure_ascii=False), records),
    )


def latest_run(conn: Connection, stage: str) -> dict[str, Any] | None:
    """The newest run, when that is the stage it has come to."""
    rows = fetch(conn, "select * from ledger.run order by started_at desc, run_id limit 1")
    return rows[0] if rows and rows[0]["stage"] == stage else None


def set_stage(conn: Connection, run_id: str, stage: str, persons: int | None = None) -> None:
    """Move a run on."""
    execute(
        conn,
        "update ledger.run set stage = %s, persons = coalesce(%s, persons),"
        " finished_at = case when %s in ('released', 'refused') then now() end where run_id = %s",
        (stage, persons, stage, run_id),
    )


def latest_data_date(conn: Connection, run: dict[str, Any]) -> date:
    """The newest data date among the run's batches: the day its publication speaks of."""
    batch_ids = [batch_id for feed in run["inputs"]["feeds"].values() for batch_id in feed]
    sql = "select max(data_date) as newest from ledger.batch where batch_id = any(%s)"
    newest: date = fetch(conn, sql, (batch_ids,))[0]["newest"]
    return newest


def released_inputs(conn: Connection, number: int) -> dict[str, Any] | None:
    """What the publication of that number was made of."""
    sql = (
        "select r.inputs from ledger.run r join publication.publication p using (run_id) where p.number = %s"
    )
    rows = fetch(conn, sql, (number,))
    return rows[0]["inputs"] if rows else None


def memberships(conn: Connection) -> pl.DataFrame:
    """record_key, person_id, number: to whom each record last belonged."""
    sql = "select record_key, person_id, number from resolution.membership join resolution.person using (person_id)"
    return fetch_frame(conn, sql, schema=MEMBERSHIP)


def next_number(conn: Connection) -> int:
    """The first person number never given."""
    rows = fetch(conn, "select coalesce(max(number), 0) + 1 as free from resolution.person")
    return int(rows[0]["free"])


def record_resolution(conn: Connection, run_id: str, resolution: Resolution) -> None:
    """Write persons, memberships, counts of links, conflicts and events of a run."""
    _record_memberships(conn, run_id, resolution.memberships)
    _record_counts(conn, run_id, resolution.links)
    _record_conflicts(conn, run_id, resolution.conflicts)
    _record_events(conn, run_id, resolution.events)


def _record_memberships(conn: Connection, run_id: str, members: pl.DataFrame) -> None:
    execute(
        conn, "create temp table incoming (record_key text, person_id text, number bigint) on commit drop"
    )
    copy_frame(conn, "incoming", members.select("record_key", "person_id", "number"))
    execute(conn, "analyze incoming")
    execute(
        conn,
        "insert into resolution.person (person_id, number, first_run)"
        " select distinct person_id, number, %s from incoming on conflict do nothing",
        (run_id,),
    )
    execute(
        conn,
        "insert into resolution.membership (record_key, person_id, run_id)"
        " select record_key, person_id, %s from incoming on conflict (record_key) do update"
        " set person_id = excluded.person_id, run_id = excluded.run_id"
        " where membership.person_id <> excluded.person_id",
        (run_id,),
    )
    execute(conn, "drop table incoming")


def _record_counts(conn: Connection, run_id: str, links: pl.DataFrame) -> None:
    execute(conn, "delete from resolution.link_count where run_id = %s", (run_id,))
    counts = links.group_by("method").agg(pl.len().cast(pl.Int64).alias("links")).sort("method")
    lines = counts.select(pl.lit(run_id).alias("run_id"), "method", "links")
    copy_frame(conn, "resolution.link_count", lines)


def _record_conflicts(conn: Connection, run_id: str, conflicts: pl.DataFrame) -> None:
    execute(conn, "delete from resolution.conflict where run_id = %s", (run_id,))
    for row in conflicts.sort("conflict_id").iter_rows(named=True):
        execute(
            conn,
            "insert into resolution.conflict (run_id, conflict_id, reason_code, record_keys)"
            " values (%s, %s, %s, %s)",
            (run_id, row["conflict_id"], row["reason_code"], row["record_keys"]),
        )


def _record_events(conn: Connection, run_id: str, events: pl.DataFrame) -> None:
    """Add what happened: a run that is repeated finds its merges and splits done, so it has no more to say of them."""
    for row in events.filter(pl.col("kind") != "created").iter_rows(named=True):
        execute(
            conn,
            "insert into resolution.event (run_id, kind, person_id, other_id) values (%s, %s, %s, %s)",
            (run_id, row["kind"], row["person_id"], row["other_id"]),
        )
        if row["kind"] == "merged":
            execute(
                conn,
                "update resolution.person set redirect_to = %s where person_id = %s",
                (row["person_id"], row["other_id"]),
            )
