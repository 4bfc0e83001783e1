"""Land: take new deliveries of a feed from the inbox, check them against their manifests, keep their bytes.

A delivery is taken whole or refused whole. What was looked at once is known by its folder and the hash of its
manifest, and is not looked at again: a manifest in place says that the delivery is complete. One delivery of a feed
is landed at a time, whoever asks.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import IO, TYPE_CHECKING, Any

from pipelines.contract.load import load_aliases
from pipelines.contract.model import Contract
from pipelines.errors import DeliveryRefused
from pipelines.intake.delivery import package_bytes
from pipelines.intake.manifest import (
    Found,
    Manifest,
    find_deliveries,
    kept_manifest,
    read_manifest,
)
from pipelines.reading import Landed, contract_sha256, read_delivery, record_landed
from pipelines.settings import Settings
from pipelines.store import ledger
from pipelines.store.database import front_database_url, open_database
from pipelines.store.erasing import erased
from pipelines.store.front import read_package
from pipelines.store.lake import Lake

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.store.lake import Received
    from pipelines.store.postgres import Connection

CHINA = timezone(timedelta(hours=8))
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Place:
    """Where a delivery stands in its feed's order, or which batch it repeats."""

    position: int
    notes: tuple[str, ...] = ()
    repeats: str | None = None


class NotYet(Exception):
    """The delivery stays in the inbox until what was landed before it is decided."""


def land(settings: Settings, contract: Contract, inbox: Path) -> dict[str, Any]:
    """Land every new delivery of the feed, in the order of their sequences.

    Returns what became of them: ids landed, deliveries that only repeat (redelivered), folders and codes of the
    refused, folders that stay for the next time (postponed).
    """
    outcome: dict[str, Any] = {"landed": [], "redelivered": 0, "refused": [], "postponed": []}
    with open_database(settings) as conn:
        seen = ledger.seen_deliveries(conn, contract.feed)
    new = [f for f in find_deliveries(inbox, contract.feed) if (f.name, f.manifest_sha256) not in seen]
    for found, manifest in _in_sequence(new):
        with open_database(settings) as conn:
            ledger.lock_feed(conn, contract.feed)
            if (found.name, found.manifest_sha256) not in ledger.seen_deliveries(conn, contract.feed):
                _take(settings, conn, contract, found, manifest, outcome)
    return outcome


def _in_sequence(new: list[Found]) -> list[tuple[Found, Manifest | DeliveryRefused]]:
    """Deliveries with their manifests in the order they take effect; unreadable ones come first."""
    read: list[tuple[Found, Manifest | DeliveryRefused]] = []
    for found in new:
        try:
            read.append((found, read_manifest(found)))
        except DeliveryRefused as refusal:
            read.append((found, refusal))
    return sorted(read, key=lambda pair: (*_turn(pair[1]), pair[0].name))


def _turn(manifest: Manifest | DeliveryRefused) -> tuple[int, bool, datetime]:
    """By sequence; of one sequence a correction after what it corrects, and what was sent first before the rest."""
    if isinstance(manifest, DeliveryRefused):
        return (0, False, NEVER)
    return (manifest.sequence, manifest.replaces is not None, _sent_at(manifest))


def _sent_at(manifest: Manifest) -> datetime:
    """When the sender says it was sent, for what that is worth; nobody checks the key's form."""
    try:
        told = datetime.fromisoformat(str((manifest.model_extra or {}).get("sent_at")))
        return told.replace(tzinfo=told.tzinfo or CHINA).astimezone(UTC)
    except (ValueError, OverflowError):
        return NEVER


def _take(
    settings: Settings,
    conn: Connection,
    contract: Contract,
    found: Found,
    manifest: Manifest | DeliveryRefused,
    outcome: dict[str, Any],
) -> None:
    """Land one delivery in one transaction, or write down why not."""
    try:
        if isinstance(manifest, DeliveryRefused):
            raise manifest
        batch_id = _land_one(settings, conn, contract, found, manifest)
    except NotYet:
        outcome["postponed"].append(found.name)
    except DeliveryRefused as refusal:
        facts = {name: str(value) for name, value in refusal.facts.items()}
        _record(conn, found, manifest, outcome="refused", reason_code=refusal.code, facts=facts)
        outcome["refused"].append({"folder": found.name, "code": refusal.code})
    else:
        if batch_id is None:
            outcome["redelivered"] += 1
        else:
            outcome["landed"].append(batch_id)


def _record(conn: Connection, found: Found, manifest: Manifest | DeliveryRefused, **facts: Any) -> None:
    told: dict[str, Any] = {}
    if isinstance(manifest, Manifest):
        told = {
            "data_date": manifest.data_date,
            "sequence": manifest.sequence,
            "mode": manifest.mode,
            "sender": manifest.sender,
            "rows_received": manifest.rows,
        }
    ledger.record_delivery(
        conn,
        feed=found.feed,
        folder=found.name,
        manifest_sha256=found.manifest_sha256,
        **told,
        **facts,
    )


def _land_one(
    settings: Settings, conn: Connection, contract: Contract, found: Found, manifest: Manifest
) -> str | None:
    """The new batch's id, or None for a re-delivery."""
    started = time.monotonic()
    lake = Lake(settings.lake)
    with _delivered(settings, contract, found, manifest) as source, lake.receive(source) as received:
        if manifest.sha256 is not None and received.sha256 != manifest.sha256.lower():
            raise DeliveryRefused("PB-DL-004")
        batch_id = f"{contract.slug}-{manifest.sequence:06d}-{received.sha256[:8]}"
        if batch_id in erased(conn):
            raise DeliveryRefused("PB-DL-027", sequence=manifest.sequence)
        place = _place(conn, contract.feed, manifest, received.sha256, batch_id)
        if place.repeats is not None:
            _record(conn, found, manifest, outcome="redelivered", batch_id=place.repeats,
                    content_sha256=received.sha256, notes=list(place.notes))  # fmt: skip
            return None
        with received.open() as copy:
            landed = read_delivery(lake, contract, manifest, copy, batch_id, load_aliases(settings.contracts))
        batch = _batch(contract, found, manifest, place.position, received, landed)
        ledger.record_batch(conn, batch, contract_sha256(contract, settings.contracts))
        record_landed(conn, batch_id, landed)
        _record(conn, found, manifest, outcome="landed", batch_id=batch_id,
                content_sha256=received.sha256, notes=[*place.notes, *landed.notes])  # fmt: skip
        received.keep()
    ledger.record_time(conn, batch_id, "land", time.monotonic() - started, manifest.rows)
    return batch_id


def _batch(
    contract: Contract, found: Found, manifest: Manifest, position: int, received: Received, landed: Landed
) -> ledger.Batch:
    return ledger.Batch(
        batch_id=f"{contract.slug}-{manifest.sequence:06d}-{received.sha256[:8]}",
        feed=contract.feed,
        sequence=manifest.sequence,
        position=position,
        data_date=manifest.data_date,
        mode=manifest.mode,
        content_sha256=received.sha256,
        rows_received=landed.rows,
        status="landed",
        manifest=kept_manifest(found),
    )


@contextmanager
def _delivered(
    settings: Settings, contract: Contract, found: Found, manifest: Manifest
) -> Iterator[IO[bytes]]:
    """The delivered bytes: the file beside the manifest, or a copy of the table's package."""
    if contract.delivery.form == "table":
        yield io.BytesIO(_package(settings, contract, manifest))
        return
    if manifest.file is None or manifest.sha256 is None:
        raise DeliveryRefused("PB-DL-001", keys="file sha256")
    path = found.folder / manifest.file
    if not path.is_file() or path.is_symlink():
        raise DeliveryRefused("PB-DL-007")
    try:
        source = path.open("rb")
    except OSError:
        raise DeliveryRefused("PB-DL-007") from None
    with source:
        yield source


def _package(settings: Settings, contract: Contract, manifest: Manifest) -> bytes:
    form = contract.delivery
    if manifest.table != form.table or manifest.package is None:
        raise DeliveryRefused("PB-DL-001", keys="table package")
    package = read_package(
        front_database_url(settings),
        str(form.table),
        str(form.package_column),
        str(manifest.package),
        key_columns=contract.key[0],
    )
    return package_bytes(package.drop(str(form.package_column)))


def _place(conn: Connection, feed: str, manifest: Manifest, content: str, batch_id: str) -> Place:
    """Where the delivery belongs, or why it belongs nowhere."""
    known = [b for b in ledger.batches(conn, feed) if b.status != "refused"]
    if manifest.replaces is not None:
        return _place_of_correction(conn, known, manifest, content, batch_id)
    same = [b for b in known if b.sequence == manifest.sequence]
    for batch in same:
        if batch.content_sha256 == content:
            gone = batch.status in ("replaced", "withdrawn")
            return Place(batch.position, ("PB-SQ-001", *(["PB-SQ-009"] if gone else [])), batch.batch_id)
    if same:
        raise DeliveryRefused("PB-DL-012", sequence=manifest.sequence)
    newest = _newest(known)
    if newest is not None and manifest.sequence < newest:
        raise DeliveryRefused("PB-DL-013", sequence=manifest.sequence, newest=newest)
    return Place(manifest.sequence, _gap(newest, manifest.sequence))


def _place_of_correction(
    conn: Connection, known: list[ledger.Batch], manifest: Manifest, content: str, batch_id: str
) -> Place:
    """The place of what the manifest replaces, whatever stands there now."""
    replaces = int(manifest.replaces or 0)
    position = _position_of(conn, known, manifest.feed, replaces)
    there = [b for b in known if b.position == position and b.status in ledger.LIVE]
    last = max(there, key=lambda batch: batch.arrival, default=None)
    if last is not None and last.content_sha256 == content:
        return Place(position, ("PB-SQ-001",), last.batch_id)
    if any(b.batch_id == batch_id and b.status in ledger.LIVE for b in known):
        raise NotYet
    notes = ("PB-SQ-003",) if last is not None else ()
    return Place(position, notes + _gap(_newest(known), manifest.sequence))


def _position_of(conn: Connection, known: list[ledger.Batch], feed: str, sequence: int) -> int:
    """A correction may itself be corrected by its number; a refused delivery may be made good by its own."""
    if any(b.position == sequence for b in known):
        return sequence
    moved = [b for b in known if b.sequence == sequence]
    if moved:
        return max(moved, key=lambda batch: batch.arrival).position
    refused = [b for b in ledger.batches(conn, feed, ("refused",)) if b.sequence == sequence]
    if refused:
        return refused[-1].position
    if ledger.was_refused(conn, feed, sequence):
        return sequence
    raise DeliveryRefused("PB-DL-019", replaces=sequence)


def _newest(known: list[ledger.Batch]) -> int | None:
    """The newest number in use; one that was withdrawn is free, so that a slip of the pen blocks nobody."""
    return max((b.sequence for b in known if b.status != "withdrawn"), default=None)


def _gap(newest: int | None, sequence: int) -> tuple[str, ...]:
    return ("PB-SQ-002",) if newest is not None and sequence > newest + 1 else ()
