"""Reading a delivery's rows into the lake: when it lands, and when it is done again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

import polars as pl

from pipelines.contract.load import reference
from pipelines.contract.model import Contract
from pipelines.errors import DeliveryRefused
from pipelines.intake.delivery import open_delivery
from pipelines.intake.manifest import Manifest
from pipelines.kernels.schema_drift import CLASS_OF, REFUSED, met_with
from pipelines.store import ledger

if TYPE_CHECKING:
    from pipelines.intake.chunk import Chunk
    from pipelines.store.lake import Lake
    from pipelines.store.postgres import Connection

_UNREADABLE = {"row_number": pl.Int32, "code": pl.String}


@dataclass
class Landed:
    """What was read of a delivery: rows, those that are no records, notes about its header."""

    rows: int = 0
    unreadable: list[pl.DataFrame] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)


def read_delivery(
    lake: Lake,
    contract: Contract,
    manifest: Manifest,
    source: IO[bytes],
    batch_id: str,
    aliases: Mapping[str, tuple[str, ...]],
) -> Landed:
    """Read all rows into the lake as `raw/<batch_id>`; `aliases` are headers known for any feed.

    Raises:
        DeliveryRefused: when the bytes are not what contract and manifest say; then nothing is left of them.
    """
    name = f"raw/{batch_id}"
    try:
        landed = read_rows(lake, contract, manifest, source, name, aliases)
        check_delivery(lake.scan(name), manifest, landed)
    except DeliveryRefused:
        lake.remove(name)
        raise
    return landed


def read_rows(
    lake: Lake,
    contract: Contract,
    manifest: Manifest,
    source: IO[bytes],
    name: str,
    aliases: Mapping[str, tuple[str, ...]],
) -> Landed:
    """Read all rows into the lake under `name`, whatever the manifest says of how many there are."""
    landed = Landed()
    with open_delivery(source, contract, manifest, aliases) as reading:
        _check_columns(contract, [code for code, _ in reading.header.notes])
        landed.notes += [f"{code} {column}" for code, column in reading.header.notes]
        landed.renamed.update(reading.header.renamed)
        lake.write_chunks(name, _raw_chunks(reading.header.names, reading.chunks, landed))
    return landed


def _check_columns(contract: Contract, codes: list[str]) -> None:
    """Unknown columns are not named: a file without its header has a person's values there."""
    changes = met_with(contract, codes, "refuse")
    if changes:
        told = {CLASS_OF[code]: codes.count(code) for code in changes}
        raise DeliveryRefused(REFUSED, hint=None, **told)


def check_delivery(raw: pl.LazyFrame, manifest: Manifest, landed: Landed) -> None:
    """Hold what was read against the manifest: rows and control totals.

    Raises:
        DeliveryRefused: when they differ, or most rows do not decode.
    """
    _check_rows(manifest, landed)
    _check_totals(raw, manifest, landed)


def record_landed(conn: Connection, batch_id: str, landed: Landed) -> None:
    """Write down how many rows there are, and which of them are no records."""
    unreadable = pl.concat([pl.DataFrame(schema=_UNREADABLE), *landed.unreadable])
    counts = ledger.Conservation(landed.rows, landed.rows - unreadable.height, unreadable.height)
    ledger.record_conservation(conn, batch_id, "land", counts)
    ledger.record_quarantine(conn, batch_id, "land", unreadable)


def contract_sha256(contract: Contract, folder: Path) -> str:
    """Hash of what the contract says, whatever its file's spelling, of the code lists it names, and of the list of places."""
    digest = hashlib.sha256(contract.model_dump_json().encode())
    for name in sorted({column.list for column in contract.columns if column.list is not None}):
        digest.update(reference(folder, f"codes/{name}.yml").read_bytes())
    places = folder / "_reference" / "gazetteer.csv"
    if places.exists():
        digest.update(hashlib.sha256(places.read_bytes()).digest())
    return digest.hexdigest()


def _raw_chunks(names: tuple[str, ...], chunks: Iterator[Chunk], landed: Landed) -> Iterator[pl.DataFrame]:
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
    """Unreadable rows may hide values, so that many may be missing from what the sender counted.

    Senders count blank as a value or not, as their database does: both are taken.
    """
    hidden = sum(frame.height for frame in landed.unreadable)
    known = raw.collect_schema().names()
    for stated, total in manifest.control_totals.items():
        column = landed.renamed.get(stated, stated)
        if f"raw.{column}" not in known:
            raise DeliveryRefused("PB-DL-022", column=column)
        values = raw.select(f"raw.{column}").collect().to_series()
        if total.distinct is not None:
            counted = values.n_unique()
            least = values.filter(values.str.strip_chars() != "").n_unique()
            if not least <= total.distinct <= counted + hidden:
                raise DeliveryRefused("PB-DL-006", column=column, counted=counted)
        if total.sum is not None and not hidden:
            added = float(values.str.strip_chars().cast(pl.Float64, strict=False).sum())
            if abs(added - total.sum) > 0.005 * max(1, landed.rows) ** 0.5:
                raise DeliveryRefused("PB-DL-006", column=column)
