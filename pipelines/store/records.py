"""Current records of the feeds, out of the ledger and the lake."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import polars as pl

from pipelines.kernels.current import apply_batch
from pipelines.store.ledger import Batch, batches_with_status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.store.lake import Lake
    from pipelines.store.postgres import Connection


def accepted_chain(conn: Connection, feed: str) -> list[Batch]:
    """The last accepted full batch and the accepted increments after it."""
    batches = batches_with_status(conn, feed, "accepted")
    last_full = max((i for i, batch in enumerate(batches) if batch.mode == "full"), default=0)
    return batches[last_full:]


def chain_before(conn: Connection, feed: str, position: int) -> list[Batch]:
    """The chain in effect just before a place in the feed's order."""
    batches = [b for b in batches_with_status(conn, feed, "accepted") if b.position < position]
    last_full = max((i for i, batch in enumerate(batches) if batch.mode == "full"), default=0)
    return batches[last_full:]


def current_records(lake: Lake, chain: Sequence[Batch]) -> pl.DataFrame | None:
    """Records in effect after the chain, one row each, with `batch_id` and `data_date`; None without a batch.

    The register after each chain is kept in the lake, so that a year of daily increments is applied once.
    """
    known = next((n for n in range(len(chain), 1, -1) if lake.has(_name(chain[:n]))), 0)
    state = lake.read(_name(chain[:known])) if known else None
    for batch in chain[known:]:
        state = apply_batch(state, _accepted(lake, batch), batch.mode)
    if state is not None and len(chain) > max(known, 1):
        lake.write(_name(chain), state)
    return state


def _accepted(lake: Lake, batch: Batch) -> pl.DataFrame:
    frame = lake.scan(f"accepted/{batch.batch_id}").select(pl.exclude("^raw\\..*$")).collect()
    return frame.with_columns(
        pl.lit(batch.batch_id).alias("batch_id"), pl.lit(batch.data_date).alias("data_date")
    )


def _name(chain: Sequence[Batch]) -> str:
    joined = "\n".join(batch.batch_id for batch in chain)
    return f"state/{hashlib.sha256(joined.encode()).hexdigest()[:32]}"
