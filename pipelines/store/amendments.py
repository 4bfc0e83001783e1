"""What earlier certificates come to after one person's rows were erased by order, signed by the office.

An amendment is made in the transaction that erases, when every certificate still held with the rows. No hash of an erased
row is kept: whoever knows a row's other values would find the citizen ID by trying. See docs/adr/0011.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from pipelines.store.certificates import certificates, spelled
from pipelines.store.facts import GROWING, facts
from pipelines.store.keys import is_signed, signed, signing_key
from pipelines.store.postgres import execute, fetch
from pipelines.store.redacting import redacted
from pipelines.store.versions import content_hash_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from pipelines.settings import Settings
    from pipelines.store.postgres import Connection

Row = dict[str, Any]
PARTS: Final = ("tables", "provenance", "memberships")
"""What of a certificate an erasure changes, beside the hash of its content and what is withheld of deliveries."""


def until_of(said: Mapping[str, Any]) -> dict[str, int]:
    """Of what is only added to, up to which number a certificate speaks."""
    until = {name: int(said[name]["until"]) for name in GROWING if name in said}
    return until | ({"events": int(said["events"]["position"])} if "events" in said else {})


def amend(settings: Settings, conn: Connection, erasure_id: int, gone: Mapping[str, int]) -> str:
    """Sign what each certificate comes to now; returns the amendment's hash.

    Args:
        settings: where the key is.
        conn: the transaction that erased.
        erasure_id: the order.
        gone: rows that went, by table.
    """
    chain = certificates(conn)
    kept = redacted(conn)
    withheld = {
        batch: {"rows": len(r["row_numbers"]), "raw_sha256": r["raw_sha256"]} for batch, r in kept.items()
    }
    previous = amendments(conn)
    body = spelled({
        "erasure": erasure_id,
        "previous": previous[-1]["sha256"] if previous else None,
        "certificates": {str(row["number"]): _now(conn, row) for row in chain},
        "withheld": withheld,
        "erased_rows": dict(gone),
    })  # fmt: skip
    sha256 = hashlib.sha256(body.encode()).hexdigest()
    execute(
        conn,
        "insert into publication.amendment (erasure_id, body, sha256, previous_sha256, signature)"
        " values (%s, %s, %s, %s, %s)",
        (erasure_id, body, sha256, json.loads(body)["previous"], signed(signing_key(settings), body)),
    )
    return sha256


def _now(conn: Connection, row: Row) -> Row:
    said = json.loads(row["body"])
    found = json.loads(json.dumps(facts(conn, row["number"], said["form"], until_of(said)), default=str))
    parts = {name: found[name] for name in PARTS if name in said}
    content = content_hash_of(conn, row["number"])
    return {"certificate_sha256": row["sha256"], "content_hash": content, **parts}


def amendments(conn: Connection) -> list[Row]:
    """All amendments, oldest first."""
    return fetch(conn, "select * from publication.amendment order by amendment_id")


def amended(said: Row, number: int, known: Sequence[Row]) -> tuple[Row, str, list[Row]]:
    """What a certificate says after all erasures: its parts, the hash of its content, the amendments that changed it."""
    told, content, changed = dict(said), str(said["content_hash"]), []
    for row in known:
        body = json.loads(row["body"])
        mine = body["certificates"].get(str(number))
        if mine is None:
            continue
        after = told | {name: mine[name] for name in PARTS if name in mine}
        after["deliveries"] = [_with(one, body["withheld"]) for one in told["deliveries"]]
        if after != told or mine["content_hash"] != content:
            changed.append(row)
        told, content = after, mine["content_hash"]
    return told, content, changed


def _with(delivery: Row, withheld: Mapping[str, Row]) -> Row:
    mine = withheld.get(delivery["batch_id"])
    return delivery if mine is None else {**delivery, "withheld": mine}


def faults(conn: Connection, public: Ed25519PublicKey) -> Iterator[str]:
    """What is wrong with the amendments: each is signed, follows the one before, belongs to an order, adds no row."""
    before: str | None = None
    known = amendments(conn)
    chain = {row["number"]: row for row in certificates(conn)}
    rows = {number: _rows(json.loads(row["body"])) for number, row in chain.items()}
    for row in known:
        if not is_signed(public, row["body"], row["signature"]):
            yield f"the signature of amendment {row['amendment_id']} does not fit"
            return
        body = json.loads(row["body"])
        if (body["erasure"], body["previous"], row["previous_sha256"]) != (row["erasure_id"], before, before):
            yield f"amendment {row['amendment_id']} does not follow the one before it"
        before = hashlib.sha256(row["body"].encode()).hexdigest()
        if before != row["sha256"]:
            yield f"amendment {row['amendment_id']} has another hash"
        for number, mine in body["certificates"].items():
            if chain.get(int(number), {}).get("sha256") != mine["certificate_sha256"]:
                yield f"amendment {row['amendment_id']} speaks of another certificate {number}"
                return
            earlier, rows[int(number)] = rows[int(number)], _rows(mine)
            if any(count > earlier.get(table, 0) for table, count in rows[int(number)].items()):
                yield f"amendment {row['amendment_id']} has more rows than certificate {number}"
    yield from _orders_fault(conn, known)


def _rows(body: Row) -> dict[str, int]:
    return {table: int(told["rows"]) for table, told in body.get("tables", {}).items()}


def _orders_fault(conn: Connection, known: Sequence[Row]) -> Iterator[str]:
    orders = {row["erasure_id"] for row in fetch(conn, "select erasure_id from ledger.person_erasure")}
    if orders != {row["erasure_id"] for row in known}:
        yield "an erasure by order and its amendment are not both there"
