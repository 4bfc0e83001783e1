"""What survivorship leaves for the run that follows: a row in the ledger, and what it read of every record in the lake."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pipelines.store.postgres import execute, fetch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.store.postgres import Connection

_OF_PUBLICATION: Final = """
select s.*, r.inputs from publication.publication as p join ledger.run as r using (run_id)
left join ledger.surviving as s using (run_id) where p.number = %s
"""
_WRITTEN: Final = """
insert into ledger.surviving (run_id, base_run, made_with, chains, persons, touched, reason)
values (%s, %s, %s, %s, %s, %s, %s)
on conflict (run_id) do update set base_run = excluded.base_run, made_with = excluded.made_with,
    chains = excluded.chains, persons = excluded.persons, touched = excluded.touched, reason = excluded.reason,
    survived_at = now()
"""


@dataclass(frozen=True)
class Surviving:
    """Of whom a run made golden rows; see the comments of ledger.surviving."""

    run_id: str
    base_run: str | None
    made_with: str
    chains: Mapping[str, str]
    persons: int
    touched: int
    reason: str | None


def of_publication(conn: Connection, number: int) -> dict[str, Any] | None:
    """The row of the run that made a publication, with `inputs`; `run_id` is None of one before this was kept."""
    rows = fetch(conn, _OF_PUBLICATION, (number,))
    return rows[0] if rows else None


def record_surviving(conn: Connection, told: Surviving) -> None:
    """Write down of whom a run made golden rows; a run that is repeated writes it anew."""
    facts = (told.base_run, told.made_with, json.dumps(dict(told.chains)), told.persons, told.touched)
    execute(conn, _WRITTEN, (told.run_id, *facts, told.reason))


def follows(conn: Connection, run_id: str) -> bool:
    """Whether the golden rows of a run are only those of the touched."""
    rows = fetch(conn, "select base_run from ledger.surviving where run_id = %s", (run_id,))
    return bool(rows and rows[0]["base_run"])


def said_name(run_id: str) -> str:
    """Where the lake keeps what a run read of every record."""
    return f"said/{run_id}"


def touched_name(run_id: str) -> str:
    """Where the lake keeps whose golden rows a run made."""
    return f"touched/{run_id}"


def needed(conn: Connection) -> set[str]:
    """Names of what the next run follows: of what readers see, and of the newest run, which may come next."""
    rows = fetch(
        conn,
        "select p.run_id, p.content_hash from publication.publication as p"
        " where p.state = 'staged' or p.number = (select number from publication.pointer)"
        " union all (select run_id, '' from ledger.run order by started_at desc, run_id limit 1)",
    )
    return {row["run_id"] for row in rows} | {row["content_hash"] for row in rows}
