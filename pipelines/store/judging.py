"""Clerical review in the database: cases, judgements, what of them holds. In the caller's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from pipelines.store.postgres import copy_frame, execute, fetch, fetch_frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.store.postgres import Connection

VERDICT: Final = {"record_a": pl.String, "record_b": pl.String, "verdict": pl.String}
_INCOMING: Final = """
create temp table incoming_case (
    record_a text, record_b text, reason_code text, is_joined boolean, method text, weight double precision,
    probability double precision, stake bigint, value double precision
) on commit drop
"""
_NUMBERED: Final = """
insert into resolution.review_case (record_a, record_b, first_run)
select record_a, record_b, %s from incoming_case order by record_a collate "C", record_b collate "C"
on conflict (record_a, record_b) do nothing
"""
_FOUND: Final = """
insert into resolution.review_item
    (run_id, case_id, reason_code, is_joined, method, weight, probability, stake, value)
select %s, c.case_id, i.reason_code, i.is_joined, i.method, i.weight, i.probability, i.stake, i.value
from incoming_case i join resolution.review_case c using (record_a, record_b)
"""
_LISTED: Final = """
select c.case_id, c.record_a, c.record_b, i.reason_code, i.is_joined, i.method, i.weight, i.probability,
    i.stake, i.value, v.verdict, coalesce(v.reviewers, 0) as reviewers, s.seed,
    case when v.verdict is not null then (ma.person_id = mb.person_id) = (v.verdict = 'positive') end as is_in_effect,
    case when v.reviewers is null then case when u.unsure then 'unsure' else 'waiting' end
        when v.verdict is null then 'disagreement' else 'decided' end as state
from resolution.review_case c
left join resolution.review_item i on i.case_id = c.case_id and i.run_id = %s
left join resolution.verdict v on (v.record_a, v.record_b) = (c.record_a, c.record_b)
left join resolution.membership ma on ma.record_key = c.record_a
left join resolution.membership mb on mb.record_key = c.record_b
left join lateral (
    select min(x.seed) as seed from resolution.review_sample x where x.case_id = c.case_id and x.run_id = %s) s on true
left join lateral (
    select true as unsure from resolution.judgement j
    where (j.record_a, j.record_b) = (c.record_a, c.record_b) and j.verdict = 'unsure'
        and not exists (select from resolution.judgement_undo d where d.judgement_id = j.judgement_id)
    limit 1) u on true
where case when %s::bigint is not null then c.case_id = %s
    else i.case_id is not null or s.seed is not null or v.reviewers is not null
        or not exists (select from resolution.review_item o where o.case_id = c.case_id) end
order by (v.reviewers is not null and v.verdict is null) desc, i.value desc nulls last, c.case_id
"""
_SAID: Final = """
select j.judgement_id, c.case_id, j.record_a, j.record_b, j.verdict, j.judged_by, j.reason, j.judged_at,
    j.is_settling, u.undone_by, u.reason as undone_why, u.undone_at
from resolution.judgement j
left join resolution.judgement_undo u using (judgement_id)
left join resolution.review_case c using (record_a, record_b)
where (%s::bigint is null or c.case_id = %s)
order by j.judgement_id
"""


def record_cases(conn: Connection, run_id: str, cases: pl.DataFrame) -> None:
    """Write down the cases of a run, see linkage.cases; a pair keeps the number it once got."""
    execute(conn, "delete from resolution.review_item where run_id = %s", (run_id,))
    execute(conn, _INCOMING)
    copy_frame(conn, "incoming_case", cases)
    execute(conn, "analyze incoming_case")
    execute(conn, _NUMBERED, (run_id,))
    execute(conn, _FOUND, (run_id,))
    execute(conn, "drop table incoming_case")


def case_of(conn: Connection, record_a: str, record_b: str, run_id: str) -> int:
    """The number of a pair of records; a new one when it has none."""
    pair = (min(record_a, record_b), max(record_a, record_b))
    execute(
        conn,
        "insert into resolution.review_case (record_a, record_b, first_run) values (%s, %s, %s)"
        " on conflict (record_a, record_b) do nothing",
        (*pair, run_id),
    )
    sql = "select case_id from resolution.review_case where record_a = %s and record_b = %s"
    return int(fetch(conn, sql, pair)[0]["case_id"])


def listed_cases(conn: Connection, run_id: str, case_id: int | None = None) -> list[dict[str, Any]]:
    """Cases of the run, and those drawn, judged or opened by hand; disagreements first, then by value. Or one case."""
    return fetch(conn, _LISTED, (run_id, run_id, case_id, case_id))


def judgements_on(conn: Connection, case_id: int | None) -> list[dict[str, Any]]:
    """What was said of a case, or of all, oldest first, with what was taken back."""
    return fetch(conn, _SAID, (case_id, case_id))


def judge(
    conn: Connection,
    pair: tuple[str, str],
    verdict: str,
    *,
    by: str,
    reason: str,
    is_settling: bool = False,
) -> int:
    """Add a judgement on two records; returns its number."""
    rows = fetch(
        conn,
        "insert into resolution.judgement (record_a, record_b, verdict, judged_by, reason, is_settling)"
        " values (%s, %s, %s, %s, %s, %s) returning judgement_id",
        (min(pair), max(pair), verdict, by, reason, is_settling),
    )
    return int(rows[0]["judgement_id"])


def undo(conn: Connection, judgement_id: int, *, by: str, reason: str) -> None:
    """Take a judgement back; it stays on record."""
    execute(
        conn,
        "insert into resolution.judgement_undo (judgement_id, undone_by, reason) values (%s, %s, %s)",
        (judgement_id, by, reason),
    )


def verdicts(conn: Connection) -> pl.DataFrame:
    """What holds of each judged pair, see resolution.verdict; sorted. Pairs in dispute are left out."""
    sql = "select record_a, record_b, verdict from resolution.verdict where verdict is not null"
    return fetch_frame(conn, sql, schema=VERDICT).sort("record_a", "record_b")


def undone(conn: Connection) -> pl.DataFrame:
    """Judgements that were taken back: record_a, record_b, verdict, the last on each pair."""
    sql = (
        "select distinct on (record_a, record_b) record_a, record_b, verdict from resolution.judgement"
        " join resolution.judgement_undo using (judgement_id) order by record_a, record_b, judgement_id desc"
    )
    return fetch_frame(conn, sql, schema=VERDICT)


def standing(conn: Connection, pair: tuple[str, str]) -> list[dict[str, Any]]:
    """Each reviewer's word on a pair that stands: judged_by, verdict, is_settling."""
    sql = (
        "select judged_by, verdict, is_settling from resolution.standing_judgement"
        " where record_a = %s and record_b = %s order by judgement_id"
    )
    return fetch(conn, sql, pair)


def record_sample(
    conn: Connection, run_id: str, seed: int, drawn: Sequence[tuple[int, str, int]], by: str
) -> None:
    """Write down links drawn for estimation: (case_id, stratum, links of the stratum); a draw that is repeated stays as it was."""
    for case_id, stratum, links in drawn:
        execute(
            conn,
            "insert into resolution.review_sample (run_id, seed, case_id, stratum, stratum_links, drawn_by)"
            " values (%s, %s, %s, %s, %s, %s) on conflict do nothing",
            (run_id, seed, case_id, stratum, links, by),
        )


def samples(conn: Connection) -> list[dict[str, Any]]:
    """Drawn links of all samples with what holds of each: run_id, seed, stratum, stratum_links, verdict."""
    sql = (
        "select s.run_id, s.seed, s.stratum, s.stratum_links, s.case_id, v.verdict from resolution.review_sample s"
        " join resolution.review_case c using (case_id)"
        " left join resolution.verdict v on (v.record_a, v.record_b) = (c.record_a, c.record_b)"
        " order by s.run_id, s.seed, s.stratum, s.case_id"
    )
    return fetch(conn, sql)
