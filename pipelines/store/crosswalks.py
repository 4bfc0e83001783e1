"""A department's crosswalk: to which person each record of its own feeds belongs, by the key it sent itself.

`shared.crosswalk_<department>` shows what was so in the publication that is seen: the last assignment that the run of
that publication, or one before it, made. Keys of a department are shown to nobody else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipelines.store.access import IS_SEEN, WATCHED, departments, is_member, reader_role
from pipelines.store.golden import literal
from pipelines.store.migrations import declare
from pipelines.store.postgres import fetch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.contract.model import Contract
    from pipelines.store.postgres import Connection

_TITLE: Final = "本部门记录与人员编号对照; Its own records and the persons they belong to"
_COLUMNS: Final = {
    "feed": "数据项; Feed",
    "record_key": "记录主键（数据约定 key 各列，以 | 相连，重复者加 #2）; "
    "Key as sent: the columns of the contract's key joined by |, #2 where it repeats",
    "person_id": "人员标识; Person, the same in all tables",
}
_CROSSWALK: Final = """
with run as materialized (
    select r.run_id from ledger.run as r where r.started_at <= (
        select s.started_at from ledger.run as s join publication.publication as p using (run_id)
        where p.number = (select number from publication.pointer))
), given as (
    select distinct on (a.record_key collate "C") a.record_key, a.person_id
    from resolution.assignment as a
    where ({its_own}) and a.run_id in (select run_id from run)
    order by a.record_key collate "C", a.assignment_id desc
)
select split_part(record_key, '|', 1) as feed, substr(record_key, strpos(record_key, '|') + 1) as record_key, person_id
from given
where (select {is_member})
    and exists (select from golden.person as g where g.person_id = given.person_id and {is_seen})
"""


def ensure_crosswalks(conn: Connection, contracts: Mapping[str, Contract]) -> list[str]:
    """Make the crosswalk of every department that sends a feed; return the departments whose changed.

    A department whose role does not exist yet gets its grant when it does.
    """
    made = "select rolname from pg_roles where starts_with(rolname, %s) or rolname = %s"
    roles = {row["rolname"] for row in fetch(conn, made, (reader_role(""), WATCHED))}
    owners = {contract.owner.department for contract in contracts.values()}
    return [
        name
        for name in departments(contracts)
        if name in owners and declare(conn, f"shared.crosswalk_{name}", _ddl(name, contracts, roles))
    ]


def _ddl(department: str, contracts: Mapping[str, Contract], roles: set[str]) -> str:
    view, role = f'shared."crosswalk_{department}"', reader_role(department)
    feeds = [feed for feed, contract in contracts.items() if contract.owner.department == department]
    its_own = " or ".join(f"starts_with(a.record_key, {literal(f'{feed}|')})" for feed in feeds)
    select = _CROSSWALK.format(its_own=its_own, is_member=is_member(department), is_seen=IS_SEEN)
    lines = [
        f"drop view if exists {view};",
        f"create view {view} with (security_barrier) as {select};",
        f"comment on view {view} is {literal(_TITLE)};",
        *(f"comment on column {view}.{name} is {literal(told)};" for name, told in _COLUMNS.items()),
        *(f"grant select on {view} to {one};" for one in (role, WATCHED) if one in roles),
    ]
    return "\n".join(lines)
