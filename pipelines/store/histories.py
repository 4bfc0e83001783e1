"""Both times for readers: rows as published at a number, about a day, and what changed between two publications.

For each table a view `shared.<table>_history` shows every version of the rows its reader may see, in the reader's own
forms; it alone decides who sees what. The functions `_as_of` and `_changes` select from it with the reader's rights, so
that the planner sees through them. Values that only a withdrawn publication showed are shown no more, their keys are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipelines.store.access import READERS, WATCHED, cell_as_shown, is_member, line_holds, reader_role
from pipelines.store.golden import GoldenTable, golden_tables, literal
from pipelines.store.matrix import EVERY, Access, Grant, grants_of
from pipelines.store.migrations import declare
from pipelines.store.postgres import fetch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipelines.contract.model import Contract
    from pipelines.store.postgres import Connection

TIMES: Final = {
    "valid_since": "自何日有效（部门日期）; First day on which it held, by the department's dates; null: unknown",
    "valid_until": "至何日有效（部门日期）; Last day on which it held; null: not told",
    "since_publication": "自该次发布起; The first publication it stood in",
    "until_publication": "至该次发布前; The first publication it no longer stood in, null while it stands",
    "is_withdrawn": "仅见于已撤回的发布; It stood in withdrawn publications only: its values are shown no more",
}
_KEYS: Final = {
    "row_key": "行标识; Key of the row",
    "person_id": "人员标识; Person, the same in all tables",
}
_WAS_RELEASED: Final = """
(g.from_publication in (select p.number from publication.publication as p where p.state = 'released')
    or exists (
        select from publication.publication as p
        where p.state = 'released' and p.number > g.from_publication and p.number < g.to_publication)
    or (g.to_publication is null and exists (
        select from publication.publication as p where p.state = 'released' and p.number > g.from_publication)))
"""
_STAGED: Final = "(select p.number from publication.publication as p where p.state = 'staged')"


def ensure_histories(conn: Connection, contracts: Mapping[str, Contract], access: Access) -> list[str]:
    """Make the views and functions of both times and grant them; return the names of what changed.

    Departments whose role does not exist yet get their grant when it does.
    """
    made = "select rolname from pg_roles where starts_with(rolname, %s) or rolname = %s"
    roles = {row["rolname"] for row in fetch(conn, made, (READERS, WATCHED))}
    return [
        table.name
        for table in golden_tables(contracts)
        if declare(conn, f"shared.{table.name}_history", _ddl(table, access, roles))
    ]


def _ddl(table: GoldenTable, access: Access, roles: set[str]) -> str:
    grants = grants_of(access, table)
    named = dict.fromkeys(READERS if grant.to == EVERY else reader_role(grant.to) for grant in grants)
    readers = [role for role in named if role in roles]
    view = f'shared."{table.name}_history"'
    title = f"{table.title.zh}：各行的各个版本; {table.title.en}: every version of its rows"
    told = _KEYS | {c.name: f"{c.title.zh}; {c.title.en}" for c in table.columns} | TIMES
    columns = (*table.keys, *(c.name for c in table.columns), *TIMES)
    lines = [
        _dropped(table),
        f"create view {view} with (security_barrier) as {_history(table, access, grants)};",
        f"comment on view {view} is {literal(title)};",
        *(f'comment on column {view}."{name}" is {literal(told[name])};' for name in columns),
        _as_of(table),
        _changes(table),
        *(f"grant select on {view} to {role};" for role in (*readers, *({WATCHED} & roles))),
        *(
            f"grant execute on function {_signature(table, kind)} to {role};"
            for kind in ("as_of", "changes")
            for role in readers
        ),
    ]
    return "\n".join(lines)


def _dropped(table: GoldenTable) -> str:
    functions = (f"drop function if exists {_signature(table, kind)};" for kind in ("as_of", "changes"))
    return " ".join([*functions, f'drop view if exists shared."{table.name}_history";'])


def _signature(table: GoldenTable, kind: str) -> str:
    return f'shared."{table.name}_{kind}"({"integer, date" if kind == "as_of" else "integer, integer"})'


def _history(table: GoldenTable, access: Access, grants: Sequence[Grant]) -> str:
    """Rows that are staged show to nobody, nor that a staged publication would end a row."""
    asked = ", ".join(f"{is_member(grant.to)} as grant_{n}" for n, grant in enumerate(grants))
    columns = ", ".join(
        f'case when w.was_released then {cell_as_shown(c, access, grants)} end as "{c.name}"'
        for c in table.columns
    )
    keys = ", ".join(f"g.{key}" for key in table.keys)
    shown = " or ".join(line_holds(n, grant, access) for n, grant in enumerate(grants)) or "false"
    inner = (
        f"select {keys}, {columns}, g.from_publication as since_publication,"
        " nullif(g.to_publication, reader.staged) as until_publication, not w.was_released as is_withdrawn"
        f' from golden."{table.name}" as g cross join reader'
        f" cross join lateral (select {_WAS_RELEASED} as was_released offset 0) as w"
        f" where g.from_publication is distinct from reader.staged and ({shown})"
    )
    reader = ", ".join(filter(None, [asked, f"{_STAGED} as staged"]))
    own = ", ".join(f'h."{name}"' for name in (*table.keys, *(c.name for c in table.columns)))
    since, until = table.holds.since.format(t="h"), table.holds.until.format(t="h")
    times = f"{since} as valid_since, {until} as valid_until"
    return (
        f"with reader as materialized (select {reader}) select {own}, {times},"
        f" h.since_publication, h.until_publication, h.is_withdrawn from ({inner}) as h"
    )


def _typed(table: GoldenTable) -> str:
    keys = ", ".join(f"{key} text" for key in table.keys)
    return ", ".join([keys, *(f'"{c.name}" {c.sql_type}' for c in table.columns)])


def _stands(row: str, number: str) -> str:
    return (
        f"{row}.since_publication <= {number}"
        f" and ({row}.until_publication is null or {row}.until_publication > {number})"
    )


def _as_of(table: GoldenTable) -> str:
    name = f'shared."{table.name}_as_of"'
    columns = ", ".join(f'h."{column}"' for column in (*table.keys, *(c.name for c in table.columns)))
    title = f"{table.title.zh}：某次发布中、关于某日; {table.title.en} as published at a number, about a day (null: any)"
    return (
        f"create function {name}(published integer, about date default null) returns table ({_typed(table)})"
        f' language sql stable as $$ select {columns} from shared."{table.name}_history" as h'
        f" where {_stands('h', '(select shared.released_publication($1))')}"
        " and ($2 is null or (coalesce(h.valid_since <= $2, true) and coalesce(h.valid_until >= $2, true))) $$;"
        f" comment on function {_signature(table, 'as_of')} is {literal(title)};"
    )


def _changes(table: GoldenTable) -> str:
    """Only versions that stand in one of the two publications are compared, cell by cell as the reader sees them."""
    name, key = f'shared."{table.name}_changes"', table.keys[0]
    first, last = "(select shared.seen_publication($1))", "(select shared.released_publication($2))"
    rows = f'select * from shared."{table.name}_history" as h where'
    told = [*table.keys[1:], *(c.name for c in table.columns)]
    cells = ", ".join(f'c."{column}"' for column in (c.name for c in table.columns))
    keys = ", ".join(f"coalesce(c.{k}, g.{k})" for k in table.keys)
    before, after = (", ".join(f'{row}."{column}"' for column in told) for row in ("g", "c"))
    title = f"{table.title.zh}：两次发布之间的变更; {table.title.en}: what changed between two publications"
    return (
        f"create function {name}(since integer, until integer) returns table (change text, {_typed(table)})"
        f" language sql stable as $$ with g as ({rows} {_stands('h', first)} and not ({_stands('h', last)})),"
        f" c as ({rows} {_stands('h', last)} and not ({_stands('h', first)}))"
        f" select case when g.{key} is null then 'inserted' when c.{key} is null then 'deleted' else 'updated' end,"
        f" {keys}, {cells} from g full join c on c.{key} = g.{key}"
        f" where g.{key} is null or c.{key} is null or g.is_withdrawn or ({before}) is distinct from ({after}) $$;"
        f" comment on function {_signature(table, 'changes')} is {literal(title)};"
    )
