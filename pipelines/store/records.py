"""Current records of the feeds, out of the ledger and the lake."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import polars as pl

from pipelines.errors import PopbaseError
from pipelines.kernels.current import apply_batch
from pipelines.store.ledger import Batch, batches

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipelines.store.lake import Lake
    from pipelines.store.postgres import Connection


def accepted_chain(conn: Connection, feed: str) -> list[Batch]:
    """The last accepted full batch and the accepted increments after it."""
    return chain_of(batches(conn, feed, ("accepted",)))


def chain_before(conn: Connection, feed: str, position: int) -> list[Batch]:
    """The chain in effect just before a place in the feed's order."""
    return chain_of(b for b in batches(conn, feed, ("accepted",)) if b.position < position)


def chain_of(accepted: Iterable[Batch]) -> list[Batch]:
    """The last full one of these batches and the increments after it, by place."""
    ordered = sorted(accepted, key=lambda batch: batch.position)
    last_full = max((i for i, batch in enumerate(ordered) if batch.mode == "full"), default=0)
    return ordered[last_full:]


def current_records(lake: Lake, chain: Sequence[Batch]) -> pl.DataFrame | None:
    """Records in effect after the chain, one row each, with `batch_id` and `data_date`; None without a batch.

    The register after each chain is kept in the lake, so that a year of daily increments is applied once.

    Raises:
        PopbaseError: when the batches were standardised by contracts that do not fit each other.
    """
    known = next((n for n in range(len(chain), 1, -1) if lake.has(state_name(chain[:n]))), 0)
    state = lake.read(state_name(chain[:known])) if known else None
    for batch in chain[known:]:
        try:
            state = apply_batch(state, _accepted(lake, batch), batch.mode)
        except (pl.exceptions.SchemaError, pl.exceptions.ShapeError):
            hint = f"popbase replay --feed {batch.feed}"
            raise PopbaseError(
                f"{batch.batch_id} has other types than the batches before", hint=hint
            ) from None
    if state is not None and len(chain) > max(known, 1):
        lake.write(state_name(chain), state)
    return state


def scan_current(lake: Lake, chain: Sequence[Batch]) -> pl.LazyFrame:
    """Records in effect after the chain, lazily; the state of a longer chain is made where it is not kept."""
    if len(chain) == 1:
        rows = lake.scan(f"accepted/{chain[0].batch_id}").filter(pl.col("operation") != "D")
        return rows.select(pl.exclude("^raw\\..*$"))
    if not lake.has(state_name(chain)):
        current_records(lake, chain)
    return lake.scan(state_name(chain))


def current_keys(lake: Lake, chain: Sequence[Batch]) -> pl.DataFrame:
    """Only the `record_key` of the records in effect after the chain; no row without a batch."""
    if len(chain) == 1:
        rows = lake.scan(f"accepted/{chain[0].batch_id}").filter(pl.col("operation") != "D")
        return rows.select("record_key").collect()
    state = current_records(lake, chain)
    return pl.DataFrame(schema={"record_key": pl.String}) if state is None else state.select("record_key")


def count_current(lake: Lake, chain: Sequence[Batch]) -> int:
    """How many records are in effect after the chain."""
    if len(chain) > 1 and lake.has(state_name(chain)):
        return int(lake.scan(state_name(chain)).select(pl.len()).collect().item())
    return current_keys(lake, chain).height


def _accepted(lake: Lake, batch: Batch) -> pl.DataFrame:
    frame = lake.scan(f"accepted/{batch.batch_id}").select(pl.exclude("^raw\\..*$")).collect()
    return frame.with_columns(
        pl.lit(batch.batch_id).alias("batch_id"), pl.lit(batch.data_date).alias("data_date")
    )


def state_name(chain: Sequence[Batch]) -> str:
    """Where the lake keeps the register after a chain.

    Of a batch that was validated again another content is accepted, so its version is part of the name.
    """
    joined = "\n".join(f"{batch.batch_id} {batch.version}" for batch in chain)
    return f"state/{hashlib.sha256(joined.encode()).hexdigest()[:32]}"
