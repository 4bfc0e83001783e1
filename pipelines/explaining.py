"""`popbase explain` and `popbase link`: why records are one person, or are not.

What is printed names records, methods, weights and rules. Values of a person are for readers with a role in the
database, not for a terminal's scroll-back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.errors import UsageError
from pipelines.privacy import reference
from pipelines.store.database import open_database
from pipelines.store.lake import Lake
from pipelines.store.postgres import fetch, fetch_frame

if TYPE_CHECKING:
    from pipelines.settings import Settings
    from pipelines.store.postgres import Connection

LINK = {"record_a": pl.String, "record_b": pl.String, "method": pl.String}
SAID_BY = {"attribute": pl.String, "record_key": pl.String, "rule": pl.String}


def explain_person(settings: Settings, person_id: str) -> dict[str, Any]:
    """Records, links, conflicts and provenance of a person.

    Raises:
        UsageError: when no person has that id.
    """
    with open_database(settings) as conn:
        person_id, redirected = _follow(conn, person_id)
        run_id = _newest_run(conn)
        keys = _records_of(conn, person_id)
        provenance = _provenance(conn, person_id)
    links = _links(Lake(settings.lake), run_id, keys)
    names = {key: reference(key) for key in keys}
    told = {
        "person_id": person_id,
        "redirected_from": redirected,
        "records": [{"record": names[key], "feed": key.split("|", 1)[0]} for key in keys],
        "links": [_told_link(link, names) for link in links],
        "values": [
            {"attribute": row["attribute"], "record": reference(row["record_key"]), "rule": row["rule"]}
            for row in provenance
        ],
    }
    return told | {"text": _text(told)}


def explain_pair(settings: Settings, record_a: str, record_b: str) -> dict[str, Any]:
    """The link between two records, named as `explain_person` names them, and whether they are one person.

    Raises:
        UsageError: when a record is not known.
    """
    with open_database(settings) as conn:
        rows = fetch(conn, "select record_key, person_id from resolution.membership")
        run_id = _newest_run(conn)
    known = {reference(row["record_key"]): row for row in rows}
    for name in (record_a, record_b):
        if name not in known:
            raise UsageError(f"no record is named {name}", hint="popbase explain PERSON_ID names its records")
    a, b = known[record_a], known[record_b]
    together = a["person_id"] == b["person_id"]
    links = _links(Lake(settings.lake), run_id, [a["record_key"], b["record_key"]])
    names = {row["record_key"]: name for name, row in known.items() if name in (record_a, record_b)}
    told: dict[str, Any] = {
        "one_person": together,
        "persons": sorted({a["person_id"], b["person_id"]}),
        "links": [_told_link(link, names) for link in links],
    }
    verdict = f"one person, {a['person_id']}" if together else "two persons, " + " and ".join(told["persons"])
    direct = [f"  directly by {link['method']}, weight {link['weight']}" for link in told["links"]]
    indirect = ["  through other records of the person"] if together and not direct else []
    return told | {"text": "\n".join([f"{record_a} and {record_b}: {verdict}", *direct, *indirect])}


def _follow(conn: Connection, person_id: str) -> tuple[str, str | None]:
    """The id that holds today, and the one it was asked by where that was merged away."""
    asked, seen = person_id, set[str]()
    while person_id not in seen:
        seen.add(person_id)
        rows = fetch(conn, "select redirect_to from resolution.person where person_id = %s", (person_id,))
        if not rows:
            raise UsageError(f"no person has the id {person_id}", hint="ids are in shared.person")
        person_id = rows[0]["redirect_to"] or person_id
    return person_id, asked if asked != person_id else None


def _newest_run(conn: Connection) -> str:
    rows = fetch(conn, "select run_id from ledger.run order by started_at desc limit 1")
    if not rows:
        raise UsageError("nothing was resolved yet", hint="popbase run --inbox DIR")
    return str(rows[0]["run_id"])


def _records_of(conn: Connection, person_id: str) -> list[str]:
    sql = "select record_key from resolution.membership where person_id = %s order by record_key"
    return [row["record_key"] for row in fetch(conn, sql, (person_id,))]


def _provenance(conn: Connection, person_id: str) -> list[dict[str, Any]]:
    sql = (
        "select attribute, record_key, rule from golden.provenance, publication.pointer p"
        " where table_name = 'person' and row_key = %s and from_publication <= p.number"
        " and (to_publication is null or to_publication > p.number) order by attribute"
    )
    return fetch_frame(conn, sql, (person_id,), schema=SAID_BY).to_dicts()


def _links(lake: Lake, run_id: str, keys: list[str]) -> list[dict[str, Any]]:
    inside = pl.col("record_a").is_in(keys) & pl.col("record_b").is_in(keys)
    return lake.scan(f"links/{run_id}").filter(inside).sort("record_a", "record_b").collect().to_dicts()


def _told_link(link: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    weight = link["weight"]
    return {
        "a": names[link["record_a"]],
        "b": names[link["record_b"]],
        "method": link["method"],
        "weight": None if weight is None else round(weight, 2),
    }


def _text(told: dict[str, Any]) -> str:
    lines = [f"{told['person_id']}: {len(told['records'])} records"]
    if told["redirected_from"]:
        lines.append(f"  ({told['redirected_from']} was merged into it)")
    lines += [f"  {record['record']}  {record['feed']}" for record in told["records"]]
    lines.append("linked by")
    lines += [
        f"  {link['a']} — {link['b']}  {link['method']}"
        + ("" if link["weight"] is None else f"  weight {link['weight']}")
        for link in told["links"]
    ]
    lines.append("published values come from")
    lines += [f"  {v['attribute']:<26}{v['record']}  ({v['rule']})" for v in told["values"]]
    return "\n".join(lines)
