"""Which citizen IDs the registers corrected, looked for once in every delivery. In the caller's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from pipelines.kernels.number_changes import CHANGES, number_changes
from pipelines.store.ledger import Batch, batches
from pipelines.store.postgres import copy_frame, execute, fetch, fetch_frame
from pipelines.store.records import chain_of, current_records, state_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.contract.model import Contract
    from pipelines.store.lake import Lake
    from pipelines.store.postgres import Connection

    Place = tuple[str, int, str]

_EXAMINED: Final = (
    "select batch_id, version, seen_after from resolution.number_examined where batch_id = any(%s)"
)
_CHANGES: Final = """
select c.batch_id, c.version, c.seen_after, c.record_key, c.name_key, c.old_number as old, c.new_number as new
from resolution.number_change c where c.batch_id = any(%s)
"""
_PLACE: Final = pl.Schema({"batch_id": pl.String, "version": pl.Int64, "seen_after": pl.String})


def number_history(
    conn: Connection, lake: Lake, contracts: dict[str, Contract], until: dict[str, list[Batch]]
) -> pl.DataFrame:
    """The corrections that deliveries in effect made; new deliveries are looked through first.

    Args:
        conn: the pipeline's.
        lake: where the registers' states are.
        contracts: all of them, by feed.
        until: by feed the chain in effect; deliveries after its end do not count.

    Returns:
        see kernels.number_changes; distinct, sorted.
    """
    places: list[Place] = []
    for feed, chain in until.items():
        same = entry_columns(contracts[feed])
        known = [b for b in batches(conn, feed, ("accepted",)) if chain and b.position <= chain[-1].position]
        if same:
            places += _examine(conn, lake, sorted(known, key=lambda batch: batch.position), same)
    found = fetch_frame(conn, _CHANGES, ([batch_id for batch_id, _, _ in places],), schema=_PLACE | CHANGES)
    counted = pl.DataFrame(places, schema=_PLACE, orient="row")
    return found.join(counted, on=_PLACE.names(), how="semi").select(CHANGES.names()).unique().sort(pl.all())


def entry_columns(contract: Contract) -> tuple[str, ...]:
    """Standard columns by which an entry is known again whatever its citizen ID; none: it cannot be.

    The record's key where the ID is no part of it, else the first other key without the ID.
    """
    numbers = {column.source for column in contract.columns if column.name == "citizen_id"}
    if not numbers & set(contract.key[0]):
        return ("record_key",)
    named = {column.source: column.name for column in contract.columns}
    for parts in contract.key[1:]:
        if not numbers & set(parts) and all(part in named for part in parts):
            return tuple("name_key" if named[part] == "name" else named[part] for part in parts)
    return ()


def _examine(conn: Connection, lake: Lake, ordered: list[Batch], same: Sequence[str]) -> list[Place]:
    """Look through the deliveries that were not yet; the places of all that were."""
    ids = [batch.batch_id for batch in ordered]
    done = {(row["batch_id"], row["version"], row["seen_after"]) for row in fetch(conn, _EXAMINED, (ids,))}
    places = []
    for number, batch in enumerate(ordered[1:], start=1):
        before = chain_of(ordered[:number])
        place = (batch.batch_id, batch.version, state_name(before))
        if place not in done and _is_there(lake, [*before, batch]):
            _look(conn, lake, (before, chain_of(ordered[: number + 1])), same, place)
        places.append(place)
    return places


def _is_there(lake: Lake, chain: list[Batch]) -> bool:
    return all(lake.has(f"accepted/{batch.batch_id}") for batch in chain)


def _look(
    conn: Connection, lake: Lake, chains: tuple[list[Batch], list[Batch]], same: Sequence[str], place: Place
) -> None:
    before, after = (current_records(lake, chain) for chain in chains)
    changes = CHANGES.to_frame() if before is None or after is None else number_changes(before, after, same)
    execute(conn, "insert into resolution.number_examined values (%s, %s, %s)", place)
    columns = [pl.lit(value).alias(name) for name, value in zip(_PLACE.names(), place, strict=True)]
    placed = changes.select(*columns, "record_key", "name_key", old_number="old", new_number="new")
    copy_frame(conn, "resolution.number_change", placed)
