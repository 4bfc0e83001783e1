"""What the demo prints at its end, out of the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines.settings import Settings
from pipelines.steps import FEED_STEPS, POPULATION_STEPS
from pipelines.store.database import open_database
from pipelines.store.postgres import fetch

_CONSERVATION = """
with stages as (
    select batch_id, sum(quarantined) as quarantined, sum(superseded) as superseded, sum(refused) as refused,
           max(rows_on) filter (where stage = 'validate') as accepted
    from ledger.conservation group by batch_id
)
select d.feed,
       coalesce(sum(d.rows_received) filter (where d.outcome <> 'redelivered'), 0)::bigint as received,
       coalesce(sum(s.accepted) filter (where d.outcome = 'landed'), 0)::bigint as accepted,
       coalesce(sum(s.quarantined) filter (where d.outcome = 'landed'), 0)::bigint as quarantined,
       coalesce(sum(s.superseded) filter (where d.outcome = 'landed'), 0)::bigint as superseded,
       (coalesce(sum(s.refused) filter (where d.outcome = 'landed'), 0)
        + coalesce(sum(d.rows_received) filter (where d.outcome = 'refused'), 0))::bigint as refused
from ledger.delivery d left join stages s on s.batch_id = d.batch_id
group by d.feed order by d.feed
"""
_NOT_TAKEN = """
select outcome, feed, folder, reason_code from ledger.delivery where outcome <> 'landed' order by outcome, feed, folder
"""
_RUNS = """
select p.number, p.state, r.records, r.persons, left(p.content_hash, 16) as content_hash
from publication.publication p join ledger.run r on r.run_id = p.run_id order by p.number
"""
_LINKS = """
select l.method, l.links from resolution.link_count l
join publication.publication p on p.run_id = l.run_id
where p.number = (select max(number) from publication.publication) order by l.links desc, l.method
"""
_SECONDS = (
    "select stage, sum(seconds) as seconds, sum(rows)::bigint as rows from ledger.stage_time group by stage"
)


def print_tables(settings: Settings, console: Console) -> None:
    """Conservation by feed, publications, links by method, seconds by stage; counts only.

    Raises:
        RuntimeError: when received rows are not all accounted for.
    """
    with open_database(settings) as conn:
        feeds, not_taken = fetch(conn, _CONSERVATION), fetch(conn, _NOT_TAKEN)
        publications, links = fetch(conn, _RUNS), fetch(conn, _LINKS)
        stages = {row["stage"]: row for row in fetch(conn, _SECONDS)}
    _print(console, "rows received = accepted + quarantined + superseded + refused", feeds)
    for row in not_taken:
        console.print(f"{row['outcome']}: {row['feed']} {row['folder']} {row['reason_code'] or ''}")
    _print(console, "publications", publications)
    _print(console, "links of the last publication", links)
    order = [name for name in (*FEED_STEPS, *POPULATION_STEPS) if name in stages]
    _print(console, "work by stage", [stages[name] for name in order])
    astray = [row["feed"] for row in feeds if row["received"] != _accounted(row)]
    if astray:
        raise RuntimeError(f"rows not accounted for: {', '.join(astray)}")


def _accounted(row: dict[str, Any]) -> int:
    return sum(int(row[name]) for name in ("accepted", "quarantined", "superseded", "refused"))


def _print(console: Console, title: str, rows: Iterable[dict[str, Any]]) -> None:
    rows = list(rows)
    table = Table(title=title, title_justify="left")
    for name, value in rows[0].items() if rows else ():
        table.add_column(name, justify="left" if isinstance(value, str) else "right", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    console.print(table)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value if value is not None else "")
