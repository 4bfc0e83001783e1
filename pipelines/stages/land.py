"""Land: take new deliveries of a feed from the inbox, check them against their manifests, keep their bytes.

A delivery is taken whole or refused whole. What was looked at once is known by its folder and the hash of its
manifest, and is not looked at again.
"""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import polars as pl

from pipelines.contract.load import load_aliases
from pipelines.contract.model import Contract
from pipelines.errors import DeliveryRefused
from pipelines.intake.delivery import open_delivery, package_bytes
from pipelines.intake.manifest import (
    Found,
    Manifest,
    find_deliveries,
    kept_manifest,
    read_manifest,
)
from pipelines.settings import Settings
from pipelines.store import ledger
from pipelines.store.database import front_database_url, open_database
from pipelines.store.front import read_package
from pipelines.store.lake import CHUNK, Lake

if TYPE_CHECKING:
    from pipelines.store.postgres import Connection


@dataclass(frozen=True)
class Place:
    """Where a delivery stands in its feed's sequence."""

    position: int
    redelivery_of: str | None = None
    replaces: str | None = None
    notes: tuple[str, ...] = ()


@dataclass
class Landed:
    """What was read of a delivery."""

    content_sha256: str
    rows: int = 0
    unreadable: list[pl.DataFrame] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)


def land(settings: Settings, contract: Contract, inbox: Path) -> dict[str, Any]:
    """Land every new delivery of the feed, in the order of their sequences.

    Returns counts by outcome: landed, refused, redelivered, and the refusals' folders and codes.
    """
    outcome: dict[str, Any] = {"landed": [], "redelivered": 0, "refused": []}
    with open_database(settings) as conn:
        seen = ledger.seen_deliveries(conn, contract.feed)
    new = [f for f in find_deliveries(inbox, contract.feed) if (f.name, f.manifest_sha256) not in seen]
    for found, manifest in _in_sequence(new):
        with open_database(settings) as conn:
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
    return sorted(read, key=lambda pair: (getattr(pair[1], "sequence", 0), pair[0].name))


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
    except DeliveryRefused as refusal:
        facts = {name: str(value) for name, value in refusal.facts.items()}
        _record(conn, found, manifest, outcome="refused", reason_code=refusal.code, facts=facts)
        outcome["refused"].append({"folder": found.name, "code": refusal.code})
        return
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
    with _delivered(settings, contract, found, manifest) as source:
        content = _hash(source)
        if manifest.sha256 is not None and content != manifest.sha256.lower():
            raise DeliveryRefused("PB-DL-004")
        place = _place(conn, contract.feed, manifest, content)
        if place.redelivery_of is not None:
            notes = ["PB-SQ-001"]
            _record(conn, found, manifest, outcome="redelivered", batch_id=place.redelivery_of,
                    content_sha256=content, notes=notes)  # fmt: skip
            return None
        source.seek(0)
        batch_id = f"{contract.slug}-{manifest.sequence:06d}-{content[:8]}"
        landed = _read(lake, contract, manifest, source, f"raw/{batch_id}", content)
        source.seek(0)
        lake.put_bytes(source)
    _commit(conn, contract, found, manifest, place, batch_id, landed)
    ledger.record_time(conn, batch_id, "land", time.monotonic() - started, manifest.rows)
    return batch_id


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
    with path.open("rb") as source:
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


def _hash(source: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := source.read(CHUNK):
        digest.update(block)
    return digest.hexdigest()


def _place(conn: Connection, feed: str, manifest: Manifest, content: str) -> Place:
    """Where the delivery belongs, or why it belongs nowhere."""
    in_effect = {batch.position: batch for batch in ledger.batches_in_effect(conn, feed)}
    position = manifest.sequence if manifest.replaces is None else manifest.replaces
    there = in_effect.get(position)
    if there is not None and there.content_sha256 == content:
        return Place(position, redelivery_of=there.batch_id)
    if manifest.replaces is not None:
        if there is None:
            raise DeliveryRefused("PB-DL-019", replaces=position)
        return Place(position, replaces=there.batch_id, notes=("PB-SQ-003",))
    if there is not None:
        raise DeliveryRefused("PB-DL-012", sequence=position)
    newest = ledger.highest_sequence(conn, feed)
    if newest is not None and position < newest:
        raise DeliveryRefused("PB-DL-013", sequence=position, newest=newest)
    gap = newest is not None and position > newest + 1
    return Place(position, notes=("PB-SQ-002",) if gap else ())


def _read(
    lake: Lake, contract: Contract, manifest: Manifest, source: IO[bytes], name: str, content: str
) -> Landed:
    """Read all rows into the lake under `name`; refuse when counts or totals differ."""
    landed = Landed(content)
    aliases = load_aliases()
    with open_delivery(source, contract, manifest, aliases) as reading:
        landed.notes += [f"{code} {column}" for code, column in reading.header.notes]
        landed.renamed.update(reading.header.renamed)
        lake.write_chunks(name, _raw_chunks(reading.header.names, reading.chunks, landed))
    try:
        _check_rows(manifest, landed)
        _check_totals(lake.scan(name), manifest, landed)
    except DeliveryRefused:
        lake.remove(name)
        raise
    return landed


def _raw_chunks(names: tuple[str, ...], chunks: Iterator[Any], landed: Landed) -> Iterator[pl.DataFrame]:
    schema = {"row_number": pl.Int32(), **{f"raw.{name}": pl.String() for name in names}}
    yield pl.DataFrame(schema=schema)
    for chunk in chunks:
        landed.rows += chunk.rows.height + chunk.unreadable.height
        landed.unreadable.append(chunk.unreadable)
        yield chunk.rows.rename({name: f"raw.{name}" for name in names})


def _check_rows(manifest: Manifest, landed: Landed) -> None:
    if landed.rows != manifest.rows:
        raise DeliveryRefused("PB-DL-005", stated=manifest.rows, counted=landed.rows)
    undecodable = sum(f.filter(pl.col("code") == "PB-RW-005").height for f in landed.unreadable)
    if undecodable * 2 > landed.rows:
        raise DeliveryRefused("PB-DL-015", rows=undecodable)


def _check_totals(raw: pl.LazyFrame, manifest: Manifest, landed: Landed) -> None:
    """Unreadable rows may hide values, so that many may be missing from what the sender counted."""
    hidden = sum(frame.height for frame in landed.unreadable)
    known = raw.collect_schema().names()
    for stated, total in manifest.control_totals.items():
        column = landed.renamed.get(stated, stated)
        if f"raw.{column}" not in known:
            raise DeliveryRefused("PB-DL-022", column=column)
        values = raw.select(f"raw.{column}").collect().to_series()
        if total.distinct is not None:
            counted = values.n_unique()
            if not counted <= total.distinct <= counted + hidden:
                raise DeliveryRefused("PB-DL-006", column=column, counted=counted)
        if total.sum is not None and not hidden:
            added = float(values.str.strip_chars().cast(pl.Float64, strict=False).sum())
            if abs(added - total.sum) > 0.005 * max(1, landed.rows) ** 0.5:
                raise DeliveryRefused("PB-DL-006", column=column)


def _commit(
    conn: Connection,
    contract: Contract,
    found: Found,
    manifest: Manifest,
    place: Place,
    batch_id: str,
    landed: Landed,
) -> None:
    unreadable = pl.concat(landed.unreadable) if landed.unreadable else _no_rows()
    if place.replaces is not None:
        ledger.set_status(conn, place.replaces, "replaced")
    batch = ledger.Batch(
        batch_id=batch_id,
        feed=contract.feed,
        sequence=manifest.sequence,
        position=place.position,
        data_date=manifest.data_date,
        mode=manifest.mode,
        content_sha256=landed.content_sha256,
        rows_received=landed.rows,
        status="landed",
        manifest=kept_manifest(found),
    )
    ledger.record_batch(conn, batch, contract_sha256(contract))
    counts = ledger.Conservation(landed.rows, landed.rows - unreadable.height, unreadable.height)
    ledger.record_conservation(conn, batch_id, "land", counts)
    ledger.record_quarantine(conn, batch_id, "land", unreadable)
    _record(conn, found, manifest, outcome="landed", batch_id=batch_id,
            content_sha256=landed.content_sha256, notes=[*place.notes, *landed.notes])  # fmt: skip


def _no_rows() -> pl.DataFrame:
    return pl.DataFrame(schema={"row_number": pl.Int32, "code": pl.String})


def contract_sha256(contract: Contract) -> str:
    """Hash of what the contract says, whatever its file's spelling."""
    return hashlib.sha256(contract.model_dump_json().encode()).hexdigest()
