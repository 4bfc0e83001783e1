"""Why the records of a person are one, and where each published value comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.errors import UsageError
from pipelines.explaining.claims import computed_of, frames_of, origins_of, values_of
from pipelines.explaining.made import WEIGHED, Made, made_by, named, told_link
from pipelines.linkage.explanation import explain_pairs, look_again
from pipelines.linkage.frame import USABLE
from pipelines.privacy import reference
from pipelines.report.explained import person_text
from pipelines.report.site_rows import allowed
from pipelines.store import judging, runs
from pipelines.store.database import open_database
from pipelines.store.person_erasing import find_person
from pipelines.store.postgres import fetch

if TYPE_CHECKING:
    from pipelines.explaining.pair import Pair
    from pipelines.report.basics import Language
    from pipelines.settings import Settings
    from pipelines.store.postgres import Connection

_NUMBERS = """
select from_publication as publication, citizen_id is not null as is_published,
    citizen_id is distinct from lag(citizen_id) over (order by from_publication) as is_other
from golden.person where person_id = %s and from_publication <= %s order by from_publication
"""


def explain_person(
    settings: Settings, person_id: str, *, number: int | None = None, language: Language = "zh"
) -> dict[str, Any]:
    """A person of a publication: records, links with their evidence, judgements, cases, numbers, events, values.

    Returns, beside `text`, `person_id`, `redirected_from`, `publication`, `records` (with the delivery and row each came
    in, and the domain table it is a row of), `links` (weighed ones with their `evidence`, see linkage.explanation),
    `refused`, `judgements`, `conflicts`, `numbers`, `number_history`, `events`, `values` and `computed`. An id that was merged away is followed to the one that holds.

    Raises:
        UsageError: when no person has that id, or nothing was published.
    """
    with open_database(settings) as conn:
        made = made_by(settings, conn, number)
        found, redirected = _follow(conn, made, person_id)
        keys = made.members.filter(pl.col("person_id") == found)["record_key"].sort().to_list()
        frames = frames_of(made, found)
        origins = origins_of(made, frames)
        told = {
            "person_id": found,
            "redirected_from": redirected,
            "publication": made.number,
            "records": [named(key) | origins.get(key, {}) for key in keys],
            "links": _links(made, keys),
            "refused": [_pair(row) | {"why": row["why"]} for row in _refused(made, keys)],
            "judgements": _judgements(conn, keys),
            "conflicts": _conflicts(conn, made.run_id, keys),
            "numbers": _numbers(made, keys),
            "number_history": fetch(conn, _NUMBERS, (found, made.number)),
            "events": [_event(row) for row in runs.events_of(conn, [found, person_id])],
            "values": values_of(made, found, frames),
            "computed": list(computed_of(frames)),
        }
    return told | {"text": person_text(told, language)}


def _follow(conn: Connection, made: Made, person_id: str) -> tuple[str, str | None]:
    """The id that held in the publication, and the one it was asked by where that was merged away."""
    asked, seen = person_id, set[str]()
    while person_id not in seen:
        seen.add(person_id)
        if made.members.select((pl.col("person_id") == person_id).any()).item():
            return person_id, asked if asked != person_id else None
        rows = fetch(conn, "select redirect_to from resolution.person where person_id = %s", (person_id,))
        if not rows:
            raise UsageError(f"no person has the id {person_id}", hint="ids are in shared.person")
        person_id = rows[0]["redirect_to"] or person_id
    find_person(conn, person_id)  # one who was erased is told so
    raise UsageError(
        f"{asked} is no person of publication {made.number}", hint="--publication N for another one"
    )


def _links(made: Made, keys: list[str]) -> list[dict[str, Any]]:
    links = made.links(keys)
    weighed = [link for link in links if link["method"] in WEIGHED]
    policy, summary = made.model
    pairs = [(link["record_a"], link["record_b"]) for link in weighed]
    told: dict[Pair, dict[str, Any]] = {}
    if pairs:
        records, by = made.records_about(keys), made.fitted
        found = explain_pairs(pairs, records, policy, summary, made.history, by)
        told = dict(zip(pairs, found, strict=True))
        told = look_again(told, made.weighed, records, policy, summary, made.history, by)
    return [told_link(link) | {"evidence": told.get((link["record_a"], link["record_b"]))} for link in links]


def _refused(made: Made, keys: list[str]) -> list[dict[str, Any]]:
    """Links of these records to others that a constraint forbade."""
    name = f"refused/{made.run_id}"
    if not made.lake.has(name):
        return []
    mine = pl.col("record_a").is_in(keys) | pl.col("record_b").is_in(keys)
    return made.lake.scan(name).filter(mine).sort("record_a", "record_b").collect().to_dicts()


def _pair(row: dict[str, Any]) -> dict[str, Any]:
    a, b = row["record_a"], row["record_b"]
    return {"a": a and reference(a), "b": b and reference(b)}


def _judgements(conn: Connection, keys: list[str]) -> list[dict[str, Any]]:
    """What people said about these records, taken back or not."""
    mine = set(keys)
    return [
        _pair(row)
        | {"verdict": row["verdict"], "by": row["judged_by"], "why": _shown(row["reason"]), "is_undone": row["undone_at"] is not None}
        for row in judging.judgements_on(conn, None)
        if {row["record_a"], row["record_b"]} & mine
    ]  # fmt: skip


def _shown(text: str) -> str:
    """Free text of a person, without numbers that could be somebody's."""
    return str(allowed({"reason": text}, None)["reason"])


def _conflicts(conn: Connection, run_id: str, keys: list[str]) -> list[str]:
    sql = (
        "select distinct reason_code from resolution.conflict where run_id = %s and record_keys && %s"
        " order by reason_code"
    )
    return [row["reason_code"] for row in fetch(conn, sql, (run_id, keys))]


def _numbers(made: Made, keys: list[str]) -> list[dict[str, Any]]:
    """Citizen IDs that the person's records carry, as 1, 2, …: never the number, but on which records it stands."""
    records = made.records_about(keys)
    if "citizen_id" not in records.columns:
        return []
    usable = pl.col("citizen_id_status").is_in(list(USABLE)) & pl.col("citizen_id").is_not_null()
    mine = records.filter(pl.col("record_key").is_in(keys) & usable)
    grouped = mine.group_by("citizen_id").agg(
        pl.col("record_key").sort(),
        pl.col("citizen_id_status").unique().sort(),
        authority=pl.col("authority").max(),
    )
    ordered = grouped.with_columns(first=pl.col("record_key").list.first()).sort(
        "authority", "first", descending=[True, False]
    )
    place = {number: n for n, number in enumerate(ordered["citizen_id"], 1)}
    corrected = {} if made.history is None else dict(made.history.select("old", "new").iter_rows())
    return [
        {
            "number": place[row["citizen_id"]],
            "statuses": row["citizen_id_status"],
            "records": [reference(key) for key in row["record_key"]],
            "corrected_to": place.get(corrected.get(row["citizen_id"], "")),
        }
        for row in ordered.iter_rows(named=True)
    ]


def _event(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "event": row["event_id"],
        "kind": row["kind"],
        "person_id": row["person_id"],
        "other_id": row["other_id"],
        "cause": row["cause"],
        **_pair(row),
        "undoes": row["undoes"],
        "publication": row["number"],
        "at": str(row["occurred_at"])[:16],
    }
