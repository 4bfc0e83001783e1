"""`popbase verify`: whether a publication is still what its certificate says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import UsageError
from pipelines.store.certificates import certificates, facts
from pipelines.store.database import open_database
from pipelines.store.keys import is_signed, public_key
from pipelines.store.lake import Lake
from pipelines.store.publication import content_hash_of, publications

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from pipelines.settings import Settings
    from pipelines.store.postgres import Connection

Row = dict[str, Any]


@dataclass
class Proof:
    """What was looked at, and the first thing that does not fit.

    Attributes:
        number: the publication.
        sha256: of its certificate.
        checked: what held, in order.
        altered: what does not, or None.
    """

    number: int
    sha256: str | None = None
    checked: list[str] = field(default_factory=list)
    altered: str | None = None


def verify(settings: Settings, number: int, *, key: Path | None = None, held: Path | None = None) -> Proof:
    """Compare a publication with its certificate, the certificates before it, and the delivered bytes.

    Args:
        settings: where everything is.
        number: the publication.
        key: the auditor's copy of the public key; default: the office's own, which proves less.
        held: a certificate that the auditor kept: what is stored under its number must be the same.

    Raises:
        UsageError: there is no such publication, or a file is not what it should be.
    """
    public = public_key(key or settings.signing_key.with_suffix(".pub"))
    with open_database(settings) as conn:
        known = {row["number"]: row for row in publications(conn)}
        if number not in known:
            raise UsageError(f"there is no publication {number}", hint="popbase publications lists them")
        return examine(conn, Lake(settings.lake), number, public, held)


def examine(
    conn: Connection, lake: Lake, number: int, public: Ed25519PublicKey, held: Path | None = None
) -> Proof:
    """`verify` in the caller's transaction."""
    proof = Proof(number)
    for what, fault in _checks(conn, lake, number, public, held):
        if fault is not None:
            proof.altered = f"{what}: {fault}"
            break
        proof.checked.append(what)
    mine = [row for row in certificates(conn) if row["number"] == number]
    proof.sha256 = mine[0]["sha256"] if mine else None
    return proof


def _checks(
    conn: Connection, lake: Lake, number: int, public: Ed25519PublicKey, held: Path | None
) -> Iterator[tuple[str, str | None]]:
    """Each thing that is looked at, and what is wrong with it; the first fault ends it."""
    chain = certificates(conn)
    if held is not None:
        yield "held certificate", _held_fault(chain, held, public)
    yield "chain", _chain_fault(conn, chain, public)
    mine = next((row for row in chain if row["number"] == number), None)
    yield "certificate", None if mine else "there is none; only released publications have one"
    if mine is None:
        return
    said, found = json.loads(mine["body"]), _plain(facts(conn, number))
    for part in sorted(said.keys() - {"previous"} - _done_again(said, found)):
        yield part, _difference(said[part], found.get(part))
    stored = None if content_hash_of(conn, number) == said["content_hash"] else "hashes of rows are others"
    yield "hashes of rows", stored
    for delivery in said["deliveries"]:
        yield f"bytes of {delivery['batch_id']}", _bytes_fault(lake, delivery["content_sha256"])


def _done_again(said: Row, found: Row) -> set[str]:
    """Parts that a replay since has rightly written anew; what they were stands in the certificate alone."""
    versions = [{d["batch_id"]: d.pop("version") for d in told["deliveries"]} for told in (said, found)]
    return set() if versions[0] == versions[1] else {"conservation", "validation"}


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


def _difference(said: Any, found: Any, place: str = "") -> str | None:
    """Where two facts differ first; only places, hashes and counts are named."""
    if isinstance(said, dict) and isinstance(found, dict):
        for name in sorted(said.keys() | found.keys()):
            told = _difference(said.get(name), found.get(name), f"{place}.{name}" if place else str(name))
            if told is not None:
                return told
        return None
    if isinstance(said, list) and isinstance(found, list) and len(said) == len(found):
        rows = (_difference(a, b, f"{place}[{n}]") for n, (a, b) in enumerate(zip(said, found, strict=True)))
        return next((told for told in rows if told is not None), None)
    return None if said == found else f"{place or 'it'} is not as it was certified".strip()


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
        return "they are gone"
    return None if digest.hexdigest() == sha256 else "they are not the delivered ones"
