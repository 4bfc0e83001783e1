"""Certificates: what a released publication was made of, chained and signed. In the caller's transaction."""

from __future__ import annotations

import hashlib
import json
import platform
from importlib import metadata
from typing import TYPE_CHECKING, Any

from pipelines.code import code_sha256
from pipelines.errors import PopbaseError
from pipelines.store.digests import read_plainly
from pipelines.store.facts import facts
from pipelines.store.keys import signed, signing_key
from pipelines.store.postgres import execute, fetch
from pipelines.store.versions import content_hash_of

if TYPE_CHECKING:
    from pipelines.settings import Settings
    from pipelines.store.postgres import Connection

COMPUTING = ("numba", "numpy", "opencc", "polars", "pypinyin", "python-stdnum", "yitizi")


def certify(settings: Settings, conn: Connection, number: int) -> str:
    """Write the certificate of a publication that was just released; one that has it keeps it. Returns its hash.

    Raises:
        PopbaseError: what readers would see is not what was staged, so that nothing is released.
    """
    known = certificate(conn, number)
    if known is not None:
        return str(known["sha256"])
    read_plainly(conn)
    told = facts(conn, number)
    if content_hash_of(conn, number) != told["content_hash"]:
        hint = "somebody wrote to the golden tables; popbase run stages it anew"
        raise PopbaseError(f"publication {number} is not what was staged", hint=hint)
    previous_sha256 = _previous(conn, number)
    body = spelled(told | {"previous": previous_sha256, "made_with": made_with()})
    sha256 = hashlib.sha256(body.encode()).hexdigest()
    execute(
        conn,
        "insert into publication.certificate (number, body, sha256, previous_sha256, signature)"
        " values (%s, %s, %s, %s, %s)",
        (number, body, sha256, previous_sha256, signed(signing_key(settings), body)),
    )
    return sha256


def made_with() -> dict[str, str]:
    """What computes: the hash of the code, versions of Python and of the packages whose answers rows depend on."""
    return {"code": code_sha256(), "python": platform.python_version()} | {
        name: metadata.version(name) for name in COMPUTING
    }


def _previous(conn: Connection, number: int) -> str | None:
    sql = "select sha256 from publication.certificate where number < %s order by number desc limit 1"
    rows = fetch(conn, sql, (number,))
    return str(rows[0]["sha256"]) if rows else None


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
