"""Certificates: what a released publication was made of, chained and signed. In the caller's transaction."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from pipelines.store.keys import signed, signing_key
from pipelines.store.postgres import execute, fetch
from pipelines.store.versions import content_hash, golden_names, row_hashes, rows_at

if TYPE_CHECKING:
    from pipelines.settings import Settings
    from pipelines.store.postgres import Connection

FORM = 1
_CONSERVED = """
select batch_id, stage, rows_in, rows_on, quarantined, superseded, refused
from ledger.conservation where batch_id = any(%s) order by batch_id, stage
"""
_JUDGED = """
select indicator, status, count(*) as rules from quality.rule_result
where subject = any(%s) or subject like %s group by indicator, status order by indicator, status
"""


def certify(settings: Settings, conn: Connection, number: int) -> str:
    """Write the certificate of a publication that was just released; one that has it keeps it. Returns its hash."""
    known = certificate(conn, number)
    if known is not None:
        return str(known["sha256"])
    previous = fetch(
        conn,
        "select sha256 from publication.certificate where number < %s order by number desc limit 1",
        (number,),
    )
    previous_sha256 = previous[0]["sha256"] if previous else None
    body = spelled(facts(conn, number) | {"previous": previous_sha256})
    sha256 = hashlib.sha256(body.encode()).hexdigest()
    execute(
        conn,
        "insert into publication.certificate (number, body, sha256, previous_sha256, signature)"
        " values (%s, %s, %s, %s, %s)",
        (number, body, sha256, previous_sha256, signed(signing_key(settings), body)),
    )
    return sha256


def certificate(conn: Connection, number: int) -> dict[str, Any] | None:
    """The certificate of a publication, as it is stored."""
    rows = fetch(conn, "select * from publication.certificate where number = %s", (number,))
    return rows[0] if rows else None


def certificates(conn: Connection) -> list[dict[str, Any]]:
    """All certificates, oldest first."""
    return fetch(conn, "select * from publication.certificate order by number")


def spelled(told: dict[str, Any]) -> str:
    """Canonical JSON: the same facts are always the same bytes."""
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def facts(conn: Connection, number: int) -> dict[str, Any]:
    """What a certificate says, computed from what is stored now: hashes, versions and counts."""
    (found,) = fetch(
        conn,
        "select p.number, p.base, p.run_id, p.content_hash, r.inputs, r.records from publication.publication p"
        " join ledger.run r using (run_id) where p.number = %s",
        (number,),
    )
    inputs = found.pop("inputs")
    batch_ids = sorted(batch for feed in inputs["feeds"].values() for batch in feed)
    return {
        "form": FORM,
        **found,
        "tables": _tables(conn, number),
        "deliveries": _deliveries(conn, batch_ids),
        "judged_by": inputs["judged_by"],
        "policies": inputs["policies"],
        "contracts": inputs["contracts"],
        "judgements": inputs.get("judgements"),
        "code": inputs["version"],
        "conservation": fetch(conn, _CONSERVED, (batch_ids,)),
        "validation": fetch(conn, _JUDGED, (batch_ids, f"publication:{number}/%")),
    }


def _tables(conn: Connection, number: int) -> dict[str, dict[str, Any]]:
    """Rows of each golden table and a hash over their values as the server has them now."""
    told = {}
    for name in golden_names(conn):
        frame = rows_at(conn, name, number)
        if frame is not None and frame.height:
            told[name] = {"rows": frame.height, "sha256": content_hash({name: row_hashes(frame)})}
    return told


def _deliveries(conn: Connection, batch_ids: list[str]) -> list[dict[str, Any]]:
    return fetch(
        conn,
        "select batch_id, feed, sequence, position, data_date::text, mode, rows_received, content_sha256, version"
        " from ledger.batch where batch_id = any(%s) order by feed, position, batch_id",
        (batch_ids,),
    )
