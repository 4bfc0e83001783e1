"""What a certificate says, computed from what is stored now: hashes, versions and counts, no value of a person.

Certificates of form 1 say less; they are compared by what they say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pipelines.store import audit
from pipelines.store.digests import digest, golden_digest
from pipelines.store.ledger import FLAG_NOTES
from pipelines.store.linkage_quality import quality_of
from pipelines.store.postgres import fetch
from pipelines.store.versions import content_hash, golden_names, row_hashes, rows_at, seen_condition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.store.postgres import Connection

Row = dict[str, Any]

FORM: Final = 2
GROWING: Final = {
    "memberships": ("resolution.assignment", "assignment_id", "assignment_id, record_key, person_id, run_id"),
    "person_ids": ("resolution.person", "number", "person_id, number, first_run"),
    "merges": ("resolution.event", "event_id", "event_id, run_id, kind, person_id, other_id, occurred_at"),
    "movements": (
        "publication.movement", "movement_id", "movement_id, from_number, to_number, moved_by, reason, moved_at",
    ),
}  # fmt: skip
"""What is only ever added to: its table, the column that numbers it, and what is said of each row."""
OF_THE_RUN: Final = ("records", "persons", "base_publication", "started_at", "inputs_sha256")
"""What is known of the run that made it; one that is made again, after a rollback, begins anew."""
_PROVENANCE = (
    "select row(table_name, row_key, attribute, record_key, rule)::text as told from golden.provenance"
)
_DELIVERIES = """
select batch_id, feed, sequence, position, data_date::text, mode, rows_received, content_sha256, version
from ledger.batch where batch_id = any(%s) order by feed, position, batch_id
"""
_MORE_OF_DELIVERIES = """
select batch_id, encode(sha256(convert_to(manifest::text, 'UTF8')), 'hex') as manifest_sha256,
    contract_sha256, suite_sha256, arrival, landed_at::text,
    (select count(*) from ledger.replay as r where r.batch_id = b.batch_id) as replays,
    (select count(*) from ledger.delivery as d where d.batch_id = b.batch_id and d.outcome = 'landed') as landings
from ledger.batch as b where batch_id = any(%s)
"""
_WITHHELD = """
select batch_id, cardinality(row_numbers) as rows, raw_sha256 from ledger.redaction where batch_id = any(%s)
"""
_CONSERVED = """
select batch_id, stage, rows_in, rows_on, quarantined, superseded, refused
from ledger.conservation where batch_id = any(%s) order by batch_id, stage
"""
_JUDGED = """
select indicator, status, count(*) as rules from quality.rule_result
where subject = any(%s) or subject like %s group by indicator, status order by indicator, status
"""
_OF_EACH = """
select subject, encode(sha256(string_agg(sha256(convert_to(told, 'UTF8')), ''::bytea
    order by sha256(convert_to(told, 'UTF8')))), 'hex') as sha256
from ({rows}) as told_rows group by subject
"""
_QUALITY: Final = {
    "rules": "select subject, rtrim(q::text, ',)') as told from quality.rule_result as q where {chosen}",
    "verdict": "select subject, rtrim(q::text, ',)') as told from quality.verdict as q where {chosen}",
    "waived": "select subject, rtrim(q::text, ',)') as told from quality.rule_waived as q where {chosen}",
}
_OF_ROWS: Final = {
    "quarantine": "select batch_id as subject, rtrim(q::text, ',)') as told from quality.quarantine as q where {chosen}",
    "faults": "select batch_id as subject, rtrim(q::text, ',)') as told from quality.fault_count as q"
    " where {chosen} and reason_code <> all(%s)",
}
# What a register says of the flags of increments is said anew when an earlier delivery changes, so it is left out.


def facts(
    conn: Connection, number: int, form: int = FORM, until: Mapping[str, int] | None = None
) -> dict[str, Any]:
    """Facts of a publication; empty when it, or the run it was made by, is not there just once.

    Args:
        conn: the transaction.
        number: the publication.
        form: of the certificate.
        until: of what is only added to, the last number that counts; default: all there is.
    """
    rows = fetch(
        conn,
        "select p.number, p.base, p.run_id, p.content_hash, p.released_by, p.released_at::text, p.counts,"
        " p.staged_at::text, r.started_at::text, r.inputs, r.records, r.persons, r.base_publication, encode(sha256(convert_to(r.inputs::text, 'UTF8')), 'hex')"
        " as inputs_sha256 from publication.publication as p join ledger.run as r using (run_id)"
        " where p.number = %s",
        (number,),
    )
    if len(rows) != 1:
        return {}
    (found,) = rows
    inputs = found.pop("inputs")
    try:
        return _told(conn, found, inputs, form, until or {})
    except (AttributeError, KeyError, TypeError):  # somebody wrote other inputs
        return {}


def _told(conn: Connection, found: Row, inputs: Row, form: int, until: Mapping[str, int]) -> Row:
    number = int(found["number"])
    batch_ids = sorted(batch for feed in inputs["feeds"].values() for batch in feed)
    shared = {
        "form": form,
        "judged_by": inputs["judged_by"],
        "policies": inputs["policies"],
        "contracts": inputs["contracts"],
        "judgements": inputs.get("judgements"),
        "code": inputs["version"],
        "conservation": fetch(conn, _CONSERVED, (batch_ids,)),
        "linkage_quality": quality_of(conn, found["run_id"]),
        "validation": fetch(conn, _JUDGED, (batch_ids, f"publication:{number}/%")),
    }
    if form == 1:
        first = ("number", "base", "run_id", "content_hash", "records")
        told = {name: found[name] for name in first} | {"tables": _tables_of_form_1(conn, number)}
        return shared | told | {"deliveries": fetch(conn, _DELIVERIES, (batch_ids,))}
    run = {name: found.pop(name) for name in OF_THE_RUN}
    return shared | found | {"run": run} | _more(conn, number, batch_ids, until)


def _more(conn: Connection, number: int, batch_ids: list[str], until: Mapping[str, int]) -> dict[str, Any]:
    seen = seen_condition(number)
    tables = {name: golden_digest(conn, name, seen) for name in golden_names(conn)}
    return {
        "tables": {name: told for name, told in tables.items() if told["rows"]},
        "provenance": digest(conn, f"{_PROVENANCE} where {seen}"),
        "deliveries": _deliveries(conn, batch_ids),
        "audit": _of_each(conn, _QUALITY, "subject like %s", (f"publication:{number}/%",)),
        **{name: _grown(conn, name, until.get(name)) for name in GROWING},
        "events": audit.head(conn, until.get("events")),
    }


def _grown(conn: Connection, name: str, until: int | None) -> dict[str, Any]:
    """Of what is only ever added to: up to which number, and the digest of all up to it."""
    table, key, columns = GROWING[name]
    last = until
    if last is None:
        last = int(fetch(conn, f"select coalesce(max({key}), 0) as last from {table}")[0]["last"])  # noqa: S608 - names above
    rows = f"select row({columns})::text as told from {table} where {key} <= %s"  # noqa: S608
    return {"until": last, **digest(conn, rows, (last,))}


def _deliveries(conn: Connection, batch_ids: list[str]) -> list[dict[str, Any]]:
    """Each delivery: what the ledger knows of it, and hashes of what was found wrong with it."""
    more = {row["batch_id"]: row for row in fetch(conn, _MORE_OF_DELIVERIES, (batch_ids,))}
    found = _of_each(conn, _QUALITY, "subject = any(%s)", (batch_ids,))
    for batch_id, told in _of_each(conn, _OF_ROWS, "batch_id = any(%s)", (batch_ids,)).items():
        found.setdefault(batch_id, {}).update(told)
    deliveries = fetch(conn, _DELIVERIES, (batch_ids,))
    withheld = {row.pop("batch_id"): {"withheld": row} for row in fetch(conn, _WITHHELD, (batch_ids,))}
    return [
        row
        | more[row["batch_id"]]
        | {"found": found.get(row["batch_id"], {})}
        | withheld.get(row["batch_id"], {})
        for row in deliveries
    ]


def _of_each(
    conn: Connection, queries: Mapping[str, str], chosen: str, params: tuple[object, ...]
) -> dict[str, dict[str, str]]:
    """By subject: of each query the digest of its rows, where it has any."""
    told: dict[str, dict[str, str]] = {}
    for name, query in queries.items():
        more = (list(FLAG_NOTES),) if "all(%s)" in query else ()
        for row in fetch(conn, _OF_EACH.format(rows=query.format(chosen=chosen)), (*params, *more)):
            told.setdefault(row["subject"], {})[name] = row["sha256"]
    return told


def _tables_of_form_1(conn: Connection, number: int) -> dict[str, dict[str, Any]]:
    told = {}
    for name in golden_names(conn):
        frame = rows_at(conn, name, number)
        if frame is not None and frame.height:
            told[name] = {"rows": frame.height, "sha256": content_hash({name: row_hashes(frame)})}
    return told
