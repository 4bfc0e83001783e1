"""`popbase verify`: whether a publication is still what its certificate says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pipelines.comparing import changed_since, difference, of_deliveries
from pipelines.errors import UsageError
from pipelines.replaying import Replayed, replayed
from pipelines.store import amendments, audit, consistency, erasing, redacting
from pipelines.store.certificates import certificates
from pipelines.store.database import open_database
from pipelines.store.digests import read_plainly
from pipelines.store.facts import FORM, GROWING, facts
from pipelines.store.keys import is_signed, public_key
from pipelines.store.lake import Lake
from pipelines.store.person_erasing import erased_persons
from pipelines.store.postgres import see_one_state
from pipelines.store.publication import content_hash_of, publications

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from pipelines.settings import Settings
    from pipelines.store.postgres import Connection

Row = dict[str, Any]
Checks = Iterator[tuple[str, str | None]]
NEVER = 2**62
GONE = "they are gone"
NOT_COMPARED = {"previous", "made_with"}
"""What a certificate says of its own making."""
NOT_SAID = ("provenance", *GROWING, "releaser", "rows of quality results")
"""What certificates of form 1 do not speak of."""


@dataclass
class Proof:
    """What was looked at, and the first thing that does not fit.

    Attributes:
        number: the publication.
        sha256: of its certificate.
        checked: what held, in order.
        altered: what does not, or None.
        missing: why it could not be made again from the lake, where that was asked for.
        erased: deliveries whose bytes are gone by a recorded order or after their retention, and which.
        redacted: orders by which one person's rows are gone.
        notes: what an auditor should know besides: what the certificate does not say, what was done again since.
    """

    number: int
    sha256: str | None = None
    checked: list[str] = field(default_factory=list)
    altered: str | None = None
    missing: str | None = None
    erased: list[str] = field(default_factory=list)
    redacted: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> Literal["holds", "altered", "erased", "redacted", "unprovable"]:
        """What to tell the auditor."""
        if self.altered is not None:
            return "altered"
        if self.erased:
            return "erased"
        if self.redacted:
            return "redacted"
        return "holds" if self.missing is None else "unprovable"


def verify(
    settings: Settings,
    number: int,
    *,
    key: Path | None = None,
    held: Path | None = None,
    replay: bool = False,
) -> Proof:
    """Compare a publication with its certificate, the certificates before it, and the delivered bytes.

    Args:
        settings: where everything is.
        number: the publication.
        key: the auditor's copy of the public key; default: the office's own, which proves less.
        held: a certificate that the auditor kept: what is stored under its number must be the same.
        replay: make the publication again from the delivered bytes, too, and compare.

    Raises:
        UsageError: there is no such publication, or a file is not what it should be.
    """
    public = public_key(key or settings.signing_key.with_suffix(".pub"))
    with open_database(settings) as conn:
        see_one_state(conn)
        proof = examine(conn, Lake(settings.lake), number, public, held)
        if replay and proof.verdict == "holds":
            _replay(settings, conn, proof)
        return proof


def _replay(settings: Settings, conn: Connection, proof: Proof) -> None:
    body = next(row["body"] for row in certificates(conn) if row["number"] == proof.number)
    said = json.loads(body)
    if said["form"] < FORM or proof.notes:
        proof.missing = "it was judged or made again since, or its certificate is of an older form"
        return
    told = replayed(settings, conn, proof.number, said)
    proof.altered = f"replay: {told.altered}" if told.altered else None
    proof.missing = told.missing
    if told == Replayed():
        proof.checked.append("replay")


def certified(settings: Settings) -> list[int]:
    """The numbers of all publications that have a certificate."""
    with open_database(settings) as conn:
        return [row["number"] for row in certificates(conn)]


def examine(
    conn: Connection, lake: Lake, number: int, public: Ed25519PublicKey, held: Path | None = None
) -> Proof:
    """`verify` in the caller's transaction."""
    read_plainly(conn)
    chain = certificates(conn)
    mine = next((row for row in chain if row["number"] == number), None)
    if mine is None and number not in {row["number"] for row in publications(conn)}:
        raise UsageError(f"there is no publication {number}", hint="popbase publications lists them")
    proof = Proof(number, mine["sha256"] if mine else None)
    for what, fault in _checks(conn, lake, proof, chain, (public, held)):
        if fault is not None:
            proof.altered = f"{what}: {fault}"
            break
        proof.checked.append(what)
    return proof


def _checks(
    conn: Connection,
    lake: Lake,
    proof: Proof,
    chain: list[Row],
    auditor: tuple[Ed25519PublicKey, Path | None],
) -> Checks:
    """Each thing that is looked at, and what is wrong with it; the first fault ends it."""
    public, held = auditor
    if held is not None:
        yield "held certificate", _held_fault(chain, held, public)
    yield "chain", _chain_fault(conn, chain, public)
    yield "amendments", next(amendments.faults(conn, public), None)
    mine = next((row for row in chain if row["number"] == proof.number), None)
    yield "certificate", None if mine else "there is none; only released publications have one"
    if mine is not None:
        yield from _contents(conn, lake, proof, mine)
        said = json.loads(mine["body"])
        yield from consistency.faults(conn, said.get("person_ids", {"until": NEVER})["until"])
        yield from audit.faults(conn)


def _contents(conn: Connection, lake: Lake, proof: Proof, mine: Row) -> Checks:
    """The certificate against what is stored."""
    said, content, orders = amendments.amended(
        json.loads(mine["body"]), proof.number, amendments.amendments(conn)
    )
    proof.redacted += _orders(conn, orders)
    found = _plain(facts(conn, proof.number, said["form"], amendments.until_of(said)))
    yield "publication", None if found else "it, or the run that made it, is gone or there twice"
    since = str(said.get("released_at") or mine["signed_at"])
    changed = changed_since(conn, said, found, since)
    proof.notes += [f"{batch_id}: {why}" for batch_id, why in sorted(changed.items())]
    if said["form"] < FORM:
        proof.notes.append(
            f"its certificate, of form {said['form']}, does not speak of {', '.join(NOT_SAID)}"
        )
    elif mine["signed_at"] != datetime.fromisoformat(said["released_at"]):
        yield "certificate", "it was not signed when the publication was released"
    said, found = of_deliveries(said, changed), of_deliveries(found, changed)
    if "run" in said and _began_anew(said, found):
        del said["run"]
        proof.notes.append("its run was made again since, after a rollback")
    for part in sorted(said.keys() - NOT_COMPARED):
        yield part, difference(said[part], found.get(part))
    stored = None if content_hash_of(conn, proof.number) == content else "they are others"
    yield "hashes of rows", stored
    yield from _bytes(conn, lake, proof, said["deliveries"])


def _bytes(conn: Connection, lake: Lake, proof: Proof, deliveries: list[Row]) -> Checks:
    """The delivered bytes; of deliveries that lost a row by order, the rows that were kept of them."""
    orders, kept = erasing.erased(conn), redacting.redacted(conn)
    for delivery in deliveries:
        batch_id, fault = delivery["batch_id"], _bytes_fault(lake, delivery["content_sha256"])
        if fault == GONE and orders.get(batch_id, {}).get("content_sha256") == delivery["content_sha256"]:
            proof.erased.append(_order(orders[batch_id]))
        elif batch_id in kept and fault in (None, GONE):
            if fault is None:
                proof.notes.append(f"{batch_id}: an erasure was not finished; popbase upkeep finishes it")
            else:
                yield f"rows of {batch_id}", _rows_fault(lake, batch_id, kept[batch_id]["raw_sha256"])
        else:
            yield f"bytes of {batch_id}", fault


def _rows_fault(lake: Lake, batch_id: str, raw_sha256: str | None) -> str | None:
    path = lake.path(f"raw/{batch_id}")
    if raw_sha256 is None or (path.exists() and redacting.file_sha256(path) == raw_sha256):
        return None
    return "what was kept of them is gone" if not path.exists() else "they are not those that were kept"


def _orders(conn: Connection, changed: list[Row]) -> list[str]:
    """Orders in words."""
    known = {row["erasure_id"]: row for row in erased_persons(conn).values()}
    rows = [known[row["erasure_id"]] for row in changed if row["erasure_id"] in known]
    return [
        f"rows of one person erased on {row['erased_at']:%Y-%m-%d} by {row['erased_by']}, order {row['order_reference']}"
        for row in rows
    ]


def _order(row: Row) -> str:
    by_order = f"order {row['order_reference']}" if row["kind"] == "order" else row["reason"]
    return f"{row['batch_id']}: erased on {row['erased_at']:%Y-%m-%d} by {row['erased_by']}, {by_order}"


def _began_anew(said: Row, found: Row) -> bool:
    """Whether the run was started again after the release; of a publication that stands, that is an alteration."""
    return str(found["run"]["started_at"]) > str(said["released_at"]) if found else False


def _chain_fault(conn: Connection, chain: list[Row], public: Ed25519PublicKey) -> str | None:
    """Every certificate is signed and names the one before; every release has one."""
    before: str | None = None
    for row in chain:
        if not is_signed(public, row["body"], row["signature"]):
            return f"the signature of certificate {row['number']} does not fit"
        body = json.loads(row["body"])
        if (body["number"], body["previous"], row["previous_sha256"]) != (row["number"], before, before):
            return f"certificate {row['number']} does not follow the one before it"
        before = hashlib.sha256(row["body"].encode()).hexdigest()
        if before != row["sha256"]:
            return f"certificate {row['number']} has another hash"
    certified = {row["number"] for row in chain}
    released = {p["number"] for p in publications(conn) if p["released_at"] is not None}
    first = min(
        certified, default=max(released, default=0)
    )  # what was released before there were certificates
    missing = sorted(number for number in released - certified if number > first)
    return f"publication {missing[0]} was released without a certificate" if missing else None


def _held_fault(chain: list[Row], held: Path, public: Ed25519PublicKey) -> str | None:
    try:
        copy = json.loads(held.read_text(encoding="utf-8"))
        body, signature = str(copy["body"]), str(copy["signature"])
        number = int(json.loads(body)["number"])
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError(f"{held.name} is no certificate", hint="reports/<number>/certificate.json") from None
    if not is_signed(public, body, signature):
        return "its own signature does not fit the key"
    stored = next((row["body"] for row in chain if row["number"] == number), None)
    if stored is None:
        return f"certificate {number} is gone: the chain was cut"
    return None if stored == body else f"certificate {number} was exchanged"


def _plain(told: dict[str, Any]) -> dict[str, Any]:
    """Facts as they come back out of JSON."""
    plain: dict[str, Any] = json.loads(json.dumps(told, default=str))
    return plain


def _bytes_fault(lake: Lake, sha256: str) -> str | None:
    try:
        digest = hashlib.sha256()
        with lake.open_bytes(sha256) as source:
            while block := source.read(1 << 20):
                digest.update(block)
    except FileNotFoundError:
        return GONE
    return None if digest.hexdigest() == sha256 else "they are not the delivered ones"
