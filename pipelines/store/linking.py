"""What runs left for those that follow them: rows in the ledger of runs, frames in the lake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from pipelines.code import code_sha256
from pipelines.store.postgres import execute, fetch

if TYPE_CHECKING:
    from pipelines.store.lake import Lake
    from pipelines.store.postgres import Connection

_EACH: Final = ("records", "doubles")
_LEFT: Final = ("values", "judged", "history", "conflicts", "cases", "quality")
_FOUND: Final = ("resolved", "links", "possible", "refused")
_NEWEST: Final = """
select l.*, r.inputs, r.base_publication, m.summary from resolution.linking l join ledger.run r using (run_id)
join resolution.model m using (run_id)
order by r.started_at desc, r.run_id limit 2
"""
_CHAIN: Final = """
with recursive chain as (
    select run_id, base_run, 0 as place from resolution.linking where run_id = %s
    union all select l.run_id, l.base_run, c.place + 1 from chain c join resolution.linking l on l.run_id = c.base_run)
select run_id from chain order by place desc
"""
_WRITTEN: Final = """
insert into resolution.linking (run_id, model, base_run, made_with, records, reached, changed, reason)
values (%s, %s, %s, %s, %s, %s, %s, %s)
on conflict (run_id) do update set model = excluded.model, base_run = excluded.base_run,
    made_with = excluded.made_with, records = excluded.records, reached = excluded.reached,
    changed = excluded.changed, reason = excluded.reason, linked_at = now()
"""


@dataclass(frozen=True)
class Linking:
    """How a run linked; see the comments of resolution.linking."""

    run_id: str
    model: str
    base_run: str | None
    records: int
    reached: int
    changed: int
    reason: str | None


def made_with() -> str:
    """What hashes contents and writes traces: another version of either is not read."""
    return f"polars {pl.__version__}, code {code_sha256()[:16]}"


def newest(conn: Connection) -> list[dict[str, Any]]:
    """The last two runs that left something, the newest first, with `inputs` and `base_publication`."""
    return fetch(conn, _NEWEST)


def linking_of(conn: Connection, run_id: str) -> dict[str, Any] | None:
    """How that run linked; None of one before this was written down."""
    rows = fetch(conn, "select * from resolution.linking where run_id = %s", (run_id,))
    return rows[0] if rows else None


def chain(conn: Connection, run_id: str) -> list[str]:
    """The run that linked everything and those that followed it, up to that one."""
    return [row["run_id"] for row in fetch(conn, _CHAIN, (run_id,))]


def followed(conn: Connection) -> set[str]:
    """Runs whose traces the next run needs."""
    rows = newest(conn)
    return set(chain(conn, rows[0]["run_id"])) if rows else set()


def record_linking(conn: Connection, linking: Linking) -> None:
    """Write down how a run linked; a run that is repeated writes it anew."""
    execute(
        conn,
        _WRITTEN,
        (
            linking.run_id, linking.model, linking.base_run, made_with(), linking.records, linking.reached,
            linking.changed, linking.reason,
        ),
    )  # fmt: skip


def left_name(run_id: str, what: str) -> str:
    """Where the lake keeps what a run left, or found."""
    return f"{what}/{run_id}" if what in (*_FOUND, "judged", "history") else f"linking/{run_id}/{what}"


def is_whole(lake: Lake, runs: list[str], model: str) -> bool:
    """Whether the lake still has all that the last of these runs left, and what those before it left for it."""
    names = [left_name(runs[-1], what) for what in (*_LEFT, *_FOUND)]
    names += [left_name(run, what) for run in runs for what in _EACH]
    has_keys = all(lake.has_mapped(left_name(run, "keys")) for run in runs)
    return has_keys and all(lake.has(name) for name in [*names, f"model/{model}"])
