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

FORMER = {"record_key": pl.String, "person_id": pl.String, "number": pl.Int64, "redirect_to": pl.String}
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


def members_of(conn: Connection, keys: list[str]) -> pl.DataFrame:
    """The same of some records."""
    sql = (
        "select record_key, person_id, number from resolution.membership join resolution.person using (person_id)"
        " where record_key = any(%s)"
    )
    return fetch_frame(conn, sql, (keys,), schema=MEMBERSHIP)


def members_by(conn: Connection, run_id: str) -> pl.DataFrame:
    """The same of the records that a run gave another person than before, or their first."""
    sql = (
        "select record_key, person_id, number from resolution.membership join resolution.person using (person_id)"
        " where run_id = %s"
    )
    return fetch_frame(conn, sql, (run_id,), schema=MEMBERSHIP)


def former_members(conn: Connection) -> pl.DataFrame:
    """Records of persons that were merged away, see linkage.persons.FORMER."""
    sql = (
        "select distinct a.record_key, p.person_id, p.number, p.redirect_to from resolution.person as p"
        " join resolution.assignment as a using (person_id) where p.redirect_to is not null"
    )
    return fetch_frame(conn, sql, schema=FORMER)


def next_number(conn: Connection) -> int:
    """The first person number never given."""
    rows = fetch(conn, "select coalesce(max(number), 0) + 1 as free from resolution.person")
    return int(rows[0]["free"])


def record_model(conn: Connection, run_id: str, summary: dict[str, Any], policy: dict[str, Any]) -> None:
    """Write down by what a run linked."""
    execute(
        conn,
        "insert into resolution.model (run_id, summary, policy) values (%s, %s, %s)"
        " on conflict (run_id) do update set summary = excluded.summary, policy = excluded.policy",
        (run_id, json.dumps(summary, ensure_ascii=False), json.dumps(policy, ensure_ascii=False)),
    )


def model_of(conn: Connection, run_id: str) -> dict[str, Any] | None:
    """`summary` and `policy` of a run; None of one that was made before models were kept."""
    rows = fetch(conn, "select summary, policy from resolution.model where run_id = %s", (run_id,))
    return rows[0] if rows else None


def record_resolution(conn: Connection, run_id: str, resolution: Resolution, members: pl.DataFrame) -> None:
    """Write persons, counts of links, conflicts and events of a run, and of memberships those that may be new."""
    _record_memberships(conn, run_id, members)
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
    quoted = pl.col("record_keys").list.eval(
        '"'
        + pl.element().str.replace_all("\\", "\\\\", literal=True).str.replace_all('"', '\\"', literal=True)
        + '"'
    )
    lines = conflicts.sort("conflict_id").select(
        pl.lit(run_id).alias("run_id"),
        "conflict_id",
        "reason_code",
        record_keys="{" + quoted.list.join(",") + "}",
    )
    copy_frame(conn, "resolution.conflict", lines)


_UNDOES = """
select event_id from resolution.event
where kind = 'merged' and other_id = %s order by event_id desc limit 1
"""


def _record_events(conn: Connection, run_id: str, events: pl.DataFrame) -> None:
    """Add what happened: a run that is repeated finds its merges and splits done, so it has no more to say of them."""
    for row in events.filter(pl.col("kind") != "created").iter_rows(named=True):
        undoes = fetch(conn, _UNDOES, (row["other_id"],)) if row["kind"] == "restored" else []
        (event,) = fetch(
            conn,
            "insert into resolution.event (run_id, kind, person_id, other_id) values (%s, %s, %s, %s)"
            " returning event_id",
            (run_id, row["kind"], row["person_id"], row["other_id"]),
        )
        execute(
            conn,
            "insert into resolution.event_cause (event_id, cause, record_a, record_b, undoes)"
            " values (%s, %s, %s, %s, %s)",
            (
                event["event_id"],
                row["cause"],
                row["record_a"],
                row["record_b"],
                undoes[0]["event_id"] if undoes else None,
            ),
        )
        _redirect(conn, row)


def _redirect(conn: Connection, event: dict[str, Any]) -> None:
    """A person that was merged away leads to whom it was merged into, until it is restored."""
    if event["kind"] in ("merged", "restored"):
        target = event["person_id"] if event["kind"] == "merged" else None
        sql = "update resolution.person set redirect_to = %s where person_id = %s"
        execute(conn, sql, (target, event["other_id"]))


def events_of(conn: Connection, person_ids: list[str]) -> list[dict[str, Any]]:
    """What became of these persons, oldest first, with causes; `number` is of the publication it was released in."""
    sql = (
        "select e.event_id, e.run_id, e.kind, e.person_id, e.other_id, e.occurred_at, c.cause, c.record_a, c.record_b,"
        " c.undoes, p.number from resolution.event e left join resolution.event_cause c using (event_id)"
        " left join publication.publication p on p.run_id = e.run_id and p.released_at is not null"
        " where e.person_id = any(%s) or e.other_id = any(%s) order by e.event_id"
    )
    return fetch(conn, sql, (person_ids, person_ids))
