"""Signatures, approvals and waivers. Every function runs in the caller's transaction."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from pipelines.errors import UsageError
from pipelines.store.postgres import advisory_lock, execute, fetch

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date

    from pipelines.store.postgres import Connection

ROLES: Final = ("preparer", "reviewer", "approver")
"""In the order of signing."""


def subject_of(conn: Connection, subject: str) -> tuple[str, str]:
    """The subject's full name and the hash of what is signed: of a batch id, or of a publication's number.

    Raises:
        UsageError: when there is no such delivery or publication.
    """
    if subject.isascii() and subject.isdigit():
        rows = fetch(
            conn,
            "select content_hash as content from publication.publication where number = %s",
            (int(subject),),
        )
        name = f"publication:{int(subject)}"
    else:
        sql = "select concat_ws(' ', content_sha256, contract_sha256, suite_sha256, version) as content from ledger.batch where batch_id = %s"
        rows, name = fetch(conn, sql, (subject,)), subject
    if not rows:
        raise UsageError(
            "there is no such delivery or publication", hint="popbase status, popbase publications"
        )
    return name, hashlib.sha256(rows[0]["content"].encode()).hexdigest()


def sign(conn: Connection, subject: str, role: str, *, by: str, remark: str) -> str:
    """Write down a signature; returns the subject's full name.

    Raises:
        UsageError: out of order, signed in that role already, or by somebody who signed in another.
    """
    by = by.strip()
    if not by:
        raise UsageError("a signature needs a name", hint="--by NAME")
    advisory_lock(conn, "popbase signing")
    name, content = subject_of(conn, subject)
    signed = {row["role"]: row["signed_by"] for row in signatures(conn, name, content)}
    if role in signed:
        raise UsageError(f"{name} has its {role} already", hint="what changed since is signed anew")
    if by in signed.values():
        raise UsageError("one person signed it already", hint="three different people sign")
    missing = [earlier for earlier in ROLES[: ROLES.index(role)] if earlier not in signed]
    if missing:
        raise UsageError(
            f"{name} has no {missing[0]} yet", hint=f"popbase sign {subject} --role {missing[0]}"
        )
    _write(conn, name, role, by, remark, content)
    return name


def approve(conn: Connection, subject: str, *, by: str, reason: str) -> None:
    """A person let a delivery or publication go on: the approval, and the approver's signature on what it is.

    Raises:
        UsageError: when that person prepared or reviewed it.
    """
    advisory_lock(conn, "popbase signing")
    name, content = subject_of(conn, subject)
    signed = {row["role"]: row["signed_by"] for row in signatures(conn, name, content)}
    if by in (signed.get("preparer"), signed.get("reviewer")):
        raise UsageError(
            "who prepared or reviewed it does not approve it", hint="three different people sign"
        )
    sql = "insert into ledger.approval (subject, approved_by, reason) values (%s, %s, %s)"
    execute(conn, sql, (name, by, reason))
    if "approver" not in signed and by.strip():
        _write(conn, name, "approver", by, reason, content)


def _write(conn: Connection, name: str, role: str, by: str, remark: str, content: str) -> None:
    execute(
        conn,
        "insert into ledger.signature (subject, role, signed_by, remark, content_hash) values (%s, %s, %s, %s, %s)",
        (name, role, by, remark, content),
    )


def signatures(conn: Connection, name: str, content: str) -> list[dict[str, Any]]:
    """Signatures on that content of a subject, in the order of signing."""
    sql = (
        "select role, signed_by, remark, signed_at from ledger.signature"
        " where subject = %s and content_hash = %s order by signature_id"
    )
    return fetch(conn, sql, (name, content))


def waive(conn: Connection, feed: str, rule_id: str, *, by: str, reason: str, until: date) -> int:
    """Let a rule's failure not stop deliveries of a feed up to a data date; returns the waiver's number."""
    if not by.strip() or not reason.strip():
        raise UsageError("a waiver needs a name and a reason", hint="--by NAME --reason WHY")
    sql = (
        "insert into quality.waiver (feed, rule_id, waived_by, reason, valid_until)"
        " values (%s, %s, %s, %s, %s) returning waiver_id"
    )
    return int(fetch(conn, sql, (feed, rule_id, by, reason, until))[0]["waiver_id"])


def end_waiver(conn: Connection, number: int, *, by: str) -> None:
    """End a waiver before its day. UsageError when none of that number is in force."""
    sql = (
        "update quality.waiver set ended_at = now(), ended_by = %s where waiver_id = %s and ended_at is null"
    )
    if not execute(conn, sql, (by, number)):
        raise UsageError(f"no waiver {number} is in force", hint="popbase waive --list")


def waivers(conn: Connection, feed: str, day: date) -> dict[str, int]:
    """Waivers in force for a feed's deliveries of a data date: the number of each by its rule."""
    sql = (
        "select rule_id, min(waiver_id) as waiver_id from quality.waiver"
        " where feed = %s and valid_until >= %s and ended_at is null group by rule_id"
    )
    return {row["rule_id"]: row["waiver_id"] for row in fetch(conn, sql, (feed, day))}


def all_waivers(conn: Connection) -> list[dict[str, Any]]:
    """Every waiver, the newest first."""
    return fetch(conn, "select * from quality.waiver order by waiver_id desc")


def record_waived(conn: Connection, subject: str, used: dict[str, int], rules: Collection[str]) -> None:
    """Write down which waivers kept which rules from stopping a subject, in place of what was said before."""
    execute(conn, "delete from quality.rule_waived where subject = %s", (subject,))
    for rule_id in sorted(rules):
        sql = "insert into quality.rule_waived (subject, rule_id, waiver_id) values (%s, %s, %s)"
        execute(conn, sql, (subject, rule_id, used[rule_id]))


def record_unmasking(
    conn: Connection, subject: str, seed: int, person_ids: Sequence[str], *, by: str, purpose: str
) -> None:
    """Write down who saw which persons of a sample unmasked, and what for."""
    execute(
        conn,
        "insert into ledger.unmasking (subject, seed, cases, person_ids, unmasked_by, purpose)"
        " values (%s, %s, %s, %s, %s, %s)",
        (subject, seed, len(person_ids), list(person_ids), by, purpose),
    )
