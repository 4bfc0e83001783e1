"""Rows of erased persons in the lake: what would go, files without them beside the old ones, and their taking over.

Files are prepared under `redacted/<erasure>/` before the order is committed and hold nothing of the person; `finish` puts
them in their places afterwards, as often as it takes, in the mirror too. A delivery that had such a row loses its
delivered bytes; its other rows are kept as they were read.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from pipelines.store.mirror import mirror_of
from pipelines.store.postgres import execute, fetch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pipelines.store.lake import Lake
    from pipelines.store.person_erasing import Person
    from pipelines.store.postgres import Connection

OF_BATCHES: Final = ("raw", "standard", "faults", "accepted", "failing")
"""Folders of the lake with a file a batch, whose rows `row_number` names."""
KEPT_FOR_SPEED: Final = ("contents", "linking", "model", "said", "state", "touched")
"""What the next run makes anew: all of it goes, because values of many persons are mixed in it."""
_UNREAD: Final = (*OF_BATCHES, *KEPT_FOR_SPEED, "bytes", "redacted")
_PUT: Final = """
insert into ledger.redaction (batch_id, row_numbers, raw_sha256) values (%s, %s, %s)
on conflict (batch_id) do update set raw_sha256 = excluded.raw_sha256, row_numbers = (
    select array_agg(distinct n order by n) from unnest(ledger.redaction.row_numbers || excluded.row_numbers) as n)
"""
_BYTES: Final = """
select b.content_sha256 from ledger.batch as b
left join ledger.redaction as r using (batch_id) left join ledger.erasure as e using (batch_id)
group by b.content_sha256
having bool_and(r.batch_id is not null or e.batch_id is not null) and bool_or(r.batch_id is not null)
"""


@dataclass(frozen=True)
class Found:
    """Rows of a person in one delivery.

    Attributes:
        batch_id: the delivery.
        row_numbers: its rows, in order.
        mentions: cells of other rows that hold a citizen ID of the person; they are others' and stay.
    """

    batch_id: str
    row_numbers: tuple[int, ...]
    mentions: int


def find_rows(lake: Lake, batch_id: str, person: Person) -> Found:
    """The person's rows: its records, and rows that became no record but carry a citizen ID of it."""
    numbers: set[int] = set()
    mentions = 0
    if lake.has(f"standard/{batch_id}"):
        standard = lake.scan(f"standard/{batch_id}").select("row_number", "record_key").collect()
        mine = pl.col("record_key").is_in(list(person.keys))
        numbers |= set(standard.filter(mine)["row_number"].to_list())
        others = set(standard.filter(~mine)["row_number"].to_list())
        for number in _carrying(lake, batch_id, person):
            if number in others:
                mentions += 1
            else:
                numbers.add(number)
    return Found(batch_id, tuple(sorted(numbers)), mentions)


def numbers_in(lake: Lake, batch_id: str, person: Person) -> set[str]:
    """Citizen IDs that the person's records carry in a delivery."""
    name = f"standard/{batch_id}"
    if not lake.has(name) or "citizen_id" not in lake.scan(name).collect_schema():
        return set()
    mine = lake.scan(name).filter(pl.col("record_key").is_in(list(person.keys)))
    return set(mine.select("citizen_id").drop_nulls().collect()["citizen_id"].to_list())


def _carrying(lake: Lake, batch_id: str, person: Person) -> list[int]:
    """Rows as delivered of which a cell is a citizen ID of the person."""
    if not person.numbers or not lake.has(f"raw/{batch_id}"):
        return []
    raw = lake.scan(f"raw/{batch_id}")
    cells = [pl.col(n) for n in raw.collect_schema().names() if n.startswith("raw.")]
    held = pl.any_horizontal(
        c.str.strip_chars().str.to_uppercase().is_in(list(person.numbers)) for c in cells
    )
    return raw.filter(held).select("row_number").collect()["row_number"].to_list()


def files_of_runs(lake: Lake, person: Person) -> Iterator[tuple[str, pl.DataFrame]]:
    """Files of runs that speak of the person, each with the rows that stay."""
    said = [*person.keys, *person.row_keys, *person.persons]
    for path in sorted(lake.root.rglob("*.parquet")):
        name = path.relative_to(lake.root).with_suffix("")
        if name.parts[0] not in _UNREAD and not path.name.startswith("."):
            frame = pl.read_parquet(path)
            stays = frame.filter(~_says(frame, said))
            if stays.height < frame.height:
                yield str(name), stays


def _says(frame: pl.DataFrame, said: Sequence[str]) -> pl.Expr:
    """Whether a text of a row, alone or in a list, is one of these."""
    parts = [pl.lit(value=False)]
    for name, dtype in frame.schema.items():
        if dtype == pl.String:
            parts.append(pl.col(name).is_in(said).fill_null(value=False))
        elif dtype == pl.List(pl.String):
            inside = pl.col(name).list.eval(pl.element().is_in(said)).list.any()
            parts.append(inside.fill_null(value=False))
    return pl.any_horizontal(parts)


def prepare(lake: Lake, erasure_id: int, found: Sequence[Found], person: Person) -> dict[str, str | None]:
    """Write what stays of every file beside it; by batch the hash of its rows as read, None where they are gone."""
    lake.write(f"redacted/{erasure_id}/order", pl.DataFrame({"batch_id": [one.batch_id for one in found]}))
    hashes: dict[str, str | None] = {}
    for one in found:
        for stage in OF_BATCHES:
            name = f"{stage}/{one.batch_id}"
            if lake.has(name):
                stays = lake.read(name).filter(~pl.col("row_number").is_in(list(one.row_numbers)))
                lake.write(f"redacted/{erasure_id}/{name}", stays)
        raw = lake.path(f"redacted/{erasure_id}/raw/{one.batch_id}")
        hashes[one.batch_id] = file_sha256(raw) if raw.exists() else None
    for name, stays in files_of_runs(lake, person):
        lake.write(f"redacted/{erasure_id}/{name}", stays)
    return hashes


def record(conn: Connection, batch_id: str, row_numbers: Sequence[int], raw_sha256: str | None) -> None:
    """Write down which rows of a delivery are gone, and what its rows as read hash to now."""
    execute(conn, _PUT, (batch_id, list(row_numbers), raw_sha256))


def redacted(conn: Connection) -> dict[str, dict[str, Any]]:
    """Every redaction, by batch."""
    rows = fetch(conn, 'select * from ledger.redaction order by batch_id collate "C"')
    return {row["batch_id"]: row for row in rows}


def finish(conn: Connection, lake: Lake) -> int:
    """Put prepared files in their places and destroy what they take the place of; returns how many files changed.

    What was prepared for an order that was never committed is removed.
    """
    known = {str(r["erasure_id"]) for r in fetch(conn, "select erasure_id from ledger.person_erasure")}
    changed = 0
    for folder in sorted((lake.root / "redacted").glob("*")):
        if folder.name in known:
            changed += _take_over(lake, folder)
        for path in _everywhere(lake, f"redacted/{folder.name}"):
            shutil.rmtree(path, ignore_errors=True)
    return changed + destroy_bytes(conn, lake)


def _take_over(lake: Lake, folder: Path) -> int:
    for name in KEPT_FOR_SPEED:
        for path in _everywhere(lake, name):
            shutil.rmtree(path, ignore_errors=True)
    files = [path for path in sorted(folder.rglob("*.parquet")) if path != folder / "order.parquet"]
    for path in files:
        name = str(path.relative_to(folder).with_suffix(""))
        lake.put(name, path)
        _drop_versions(lake, f"{name}.parquet")
    return len(files)


def destroy_bytes(conn: Connection, lake: Lake) -> int:
    """Remove the bytes of deliveries that lost a row, and older versions of their files in the mirror; how many."""
    gone = 0
    for row in fetch(conn, _BYTES):
        sha256 = row["content_sha256"]
        for path in _everywhere(lake, f"bytes/{sha256[:2]}/{sha256}"):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            gone += 1
    for batch_id in redacted(conn):
        for stage in OF_BATCHES:
            _drop_versions(lake, f"{stage}/{batch_id}.parquet")
    return gone


def _everywhere(lake: Lake, name: str) -> list[Path]:
    """That file or folder in the lake and its mirror, where it is there."""
    folders = [folder for folder in (lake.root, mirror_of(lake.root)) if folder is not None]
    return [folder / name for folder in folders if (folder / name).exists()]


def _drop_versions(lake: Lake, name: str) -> None:
    """In the mirror only the newest version of a file stays."""
    mirror = mirror_of(lake.root)
    if mirror is not None and (mirror / name).is_dir():
        versions = sorted(
            (p for p in (mirror / name).iterdir() if p.name.isdigit()), key=lambda p: int(p.name)
        )
        for path in versions[:-1]:
            path.unlink()


def file_sha256(path: Path) -> str:
    """Of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
