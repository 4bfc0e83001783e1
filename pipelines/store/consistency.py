"""Whether stored tables fit each other, whatever any certificate says: the pointer, memberships, rows nobody published.

Each check returns what does not fit, in words without a person's value, or None. In the caller's transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.store.postgres import compose, fetch
from pipelines.store.versions import PROVENANCE, golden_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.store.postgres import Connection

_MEMBERS = """
select count(*) as others from (
    select record_key, person_id, run_id,
        lead(person_id) over following is null as is_last, lead(person_id) over following = person_id as is_twice
    from resolution.assignment window following as (partition by record_key order by assignment_id)
) as a full join resolution.membership as m on m.record_key = a.record_key and a.is_last
where a.is_twice or (a.is_last is not false and (a.person_id, a.run_id) is distinct from (m.person_id, m.run_id))
"""
_REDIRECTS = """
select count(*) as others from resolution.person as p left join (
    select distinct on (other_id) other_id, case when kind = 'merged' then person_id end as person_id
    from resolution.event where kind in ('merged', 'restored') order by other_id, event_id desc
) as merged on merged.other_id = p.person_id
where p.redirect_to is distinct from merged.person_id
"""
_PERSONS = """
select count(*) as others from resolution.person as p
where number > %s and (
    not exists (
        select from resolution.assignment as a where a.person_id = p.person_id and a.run_id = p.first_run
    ) and not exists (select from ledger.person_erasure as e where p.person_id = any(e.person_ids))
    or exists (select from resolution.person as o where o.person_id = p.person_id and o.number < p.number)
)
"""
_RUNS = """
select count(*) as others from publication.publication as p left join ledger.run as r using (run_id)
where p.state = 'released' and (
    r.stage is distinct from 'released' or r.finished_at is distinct from p.released_at
    or r.started_at > r.finished_at
)
"""
_ORPHANS = """
select count(*) as others from (
    select subject from quality.rule_result union all select subject from quality.verdict
    union all select subject from quality.rule_waived
    union all select batch_id from ledger.conservation union all select batch_id from quality.quarantine
    union all select batch_id from quality.fault_count
) as told left join ledger.batch as b on b.batch_id = subject
left join publication.publication as p on 'publication:' || p.number = split_part(subject, '/', 1)
where b.batch_id is null and p.number is null
"""
_SAID = """
select count(*) as others from golden.row_provenance
where row_hash is distinct from golden.said_hash(table_name, row_key, attributes, record_keys, rules)
"""


def faults(conn: Connection, last_person: int = 0) -> Iterator[tuple[str, str | None]]:
    """Each check by name, and what is wrong; persons up to the last one are proven by a certificate."""
    yield "pointer", _pointer_fault(conn)
    yield "rows of no publication", _stray_fault(conn)
    yield (
        "memberships of today",
        _counted(conn, _MEMBERS, "{} records belong to other persons than any run said"),
    )
    new = _counted(conn, _PERSONS, "{} persons were made by no run, or are there twice", (last_person,))
    yield "persons since", new
    yield "runs", _counted(conn, _RUNS, "{} runs did not end as their publications did")
    yield "hashes of provenance", _counted(conn, _SAID, "{} rows say otherwise than their hashes")
    yield "rows of no delivery", _counted(conn, _ORPHANS, "{} counts or results belong to nothing that came")
    yield "redirects", _counted(conn, _REDIRECTS, "{} persons lead elsewhere than the merges say")


def _counted(conn: Connection, sql: str, sentence: str, params: Sequence[object] = ()) -> str | None:
    others = fetch(conn, sql, params)[0]["others"]
    return sentence.format(others) if others else None


def _pointer_fault(conn: Connection) -> str | None:
    """The pointer stands where its last movement led, and every publication is what the movements made of it."""
    moves = fetch(conn, "select * from publication.movement order by movement_id")
    broken = _movements_fault(moves)
    if broken is not None:
        return broken
    pointers = fetch(conn, "select is_only, number from publication.pointer")
    last = moves[-1]["to_number"] if moves else 0
    if pointers != [{"is_only": True, "number": last}]:
        return f"it stands elsewhere than its last movement led, to {last}"
    known = fetch(conn, "select * from publication.publication order by number")
    if [row["number"] for row in known] != list(range(1, len(known) + 1)):
        return "a publication is gone: numbers are given without a gap"
    told = (_state_fault(row, moves) for row in known)
    return next((fault for fault in told if fault is not None), None)


def _movements_fault(moves: Sequence[dict[str, Any]]) -> str | None:
    stood = 0
    for move in moves:
        if move["from_number"] != stood:
            return f"movement {move['movement_id']} begins elsewhere than the one before it ended"
        stood = move["to_number"]
    return None


def _state_fault(row: dict[str, Any], moves: Sequence[dict[str, Any]]) -> str | None:
    """Released when the pointer first came to it, withdrawn when the pointer went back behind it."""
    number = row["number"]
    first = next((m for m in moves if m["to_number"] == number and m["from_number"] < number), None)
    if first is None:
        is_quiet = row["state"] in ("staged", "refused") and row["released_at"] is None
        return None if is_quiet else f"publication {number} is {row['state']}, yet readers never came to it"
    went_back = any(m["to_number"] < number for m in moves if m["movement_id"] > first["movement_id"])
    if row["state"] != ("withdrawn" if went_back else "released"):
        return f"publication {number} is {row['state']}, which is not what the movements made of it"
    if (row["released_by"], row["released_at"]) != (first["moved_by"], first["moved_at"]):
        return (
            f"publication {number} was released by somebody else, or at another time, than the movement says"
        )
    return None


def _stray_fault(conn: Connection) -> str | None:
    """Every golden row begins and ends with a publication that there is."""
    sql = "select number from publication.publication where state <> 'refused'"
    known = [row["number"] for row in fetch(conn, sql)]
    strays = (
        "select from {t} where from_publication <> all(%s) or to_publication <> all(%s)"
        " or to_publication <= from_publication limit 1"
    )
    for name in (*golden_names(conn), PROVENANCE):
        if fetch(conn, compose(conn, strays, t=f"golden.{name}"), (known, known)):
            return f"golden.{name} has a row of a publication that there is not"
    return None
