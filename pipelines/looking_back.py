"""`popbase as-of`: what readers saw on a day, about a day; `popbase changes`: how much changed between publications."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

from pipelines.contract.load import load_contracts
from pipelines.errors import UsageError
from pipelines.store import publication
from pipelines.store.database import open_database
from pipelines.store.golden import golden_tables
from pipelines.store.matrix import EVERY, grants_of, load_access
from pipelines.store.postgres import fetch
from pipelines.store.readers import reading_as
from pipelines.store.versions import count_at, golden_names, seen_condition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipelines.settings import Settings

CHINA: Final = timezone(timedelta(hours=8))


def seen_on(settings: Settings, day: date, about: date | None = None) -> dict[str, Any]:
    """The publication readers saw at the end of that day in China, and which of its rows held on the day `about`.

    Returns {"publication": n (0: none yet), "tables": {golden table: rows}, "where": true of its golden rows, in SQL},
    with `about` also {"about": day, "holds": {golden table: true of rows that held that day, in SQL}}; a table that no
    contract makes any more has no dates, so all its rows count.
    """
    end = datetime.combine(day + timedelta(days=1), time(), CHINA) - timedelta(microseconds=1)
    with open_database(settings) as conn:
        number = int(fetch(conn, "select publication.seen_on(%s) as number", (end,))[0]["number"])
        names = golden_names(conn) if number else []
        holds = {} if about is None else _holding(settings, about, names)
        tables = {name: count_at(conn, name, number, holds.get(name, "true")) for name in names}
    told = {"publication": number, "tables": tables, "where": seen_condition(number)}
    return told if about is None else told | {"about": about, "holds": holds}


def _holding(settings: Settings, about: date, names: Sequence[str]) -> dict[str, str]:
    tables = golden_tables(load_contracts(settings.contracts))
    day = f"date '{about.isoformat()}'"
    return {
        table.name: table.holds.on(day, f'golden."{table.name}"') for table in tables if table.name in names
    }


def changes(settings: Settings, department: str, table: str, since: int, until: int | None) -> dict[str, Any]:
    """How many rows of a shared table changed for a department between two publications, as its reader sees them.

    Returns {"table", "since", "until", "inserted", "updated", "deleted", "sql": by which the reader fetches them}.

    Raises:
        UsageError: when the department does not read the table, or cannot look at one of the publications.
    """
    with open_database(settings) as conn:
        last = publication.pointer(conn) if until is None else until
        states = {row["number"]: row["state"] for row in publication.publications(conn)}
    _check(settings, department, table, states, since, last)
    sql = f'select * from shared."{table}_changes"({int(since)}, {int(last)})'  # noqa: S608 - a known table
    with reading_as(settings, department) as conn:
        rows = fetch(conn, f"select change, count(*) as rows from ({sql}) as c group by change")  # noqa: S608
    counted = dict.fromkeys(("inserted", "updated", "deleted"), 0) | {r["change"]: r["rows"] for r in rows}
    return {"table": table, "since": since, "until": last, **counted, "sql": sql}


def _check(
    settings: Settings, department: str, table: str, states: Mapping[int, str], since: int, until: int
) -> None:
    access = load_access(settings.policies / "access.yml")
    read = [
        one.name
        for one in golden_tables(load_contracts(settings.contracts))
        if any(grant.to in (EVERY, department) for grant in grants_of(access, one))
    ]
    if table not in read:
        raise UsageError(f"{department} does not read shared.{table}", hint=f"it reads {', '.join(read)}")
    if states.get(until) != "released":
        raise UsageError(f"publication {until} is not released", hint="popbase publications lists them")
    if since and states.get(since) not in ("released", "withdrawn"):
        raise UsageError(f"readers never saw publication {since}", hint="0 is before the first")
