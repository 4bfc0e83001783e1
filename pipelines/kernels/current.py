"""The current records of a feed: the last full delivery with the increments after it applied."""

from __future__ import annotations

import polars as pl


def apply_batch(state: pl.DataFrame | None, batch: pl.DataFrame, mode: str) -> pl.DataFrame:
    """The register after one more batch; both frames have `record_key`, the batch `operation` too.

    A full batch is the whole register. Of an incremental one, D removes a key, I and U put a record in its place.
    """
    if mode == "full" or state is None:
        return batch.filter(pl.col("operation") != "D")
    kept = state.join(batch.select("record_key"), on="record_key", how="anti")
    return pl.concat([kept, batch.filter(pl.col("operation") != "D")], how="diagonal")


def removed_share(state: pl.DataFrame | None, batch: pl.DataFrame) -> float:
    """Share (0 to 1) of the register's keys that a full batch would take away."""
    if state is None or not state.height:
        return 0.0
    gone = state.join(batch.select("record_key"), on="record_key", how="anti").height
    return gone / state.height


def operation_notes(state: pl.DataFrame | None, batch: pl.DataFrame) -> pl.DataFrame:
    """Rows of an incremental batch whose flag does not fit the register: `row_number`, `code`."""
    known = batch.select("record_key").with_columns(there=pl.lit(value=False))
    if state is not None:
        there = state.select("record_key", there=pl.lit(value=True)).unique("record_key")
        known = batch.select("record_key").join(there, on="record_key", how="left", maintain_order="left")
    is_there = known["there"].fill_null(value=False)
    operation = batch["operation"]
    code = (
        pl.when((operation == "I") & is_there).then(pl.lit("PB-SQ-004"))
        .when((operation == "U") & ~is_there).then(pl.lit("PB-SQ-005"))
        .when((operation == "D") & ~is_there).then(pl.lit("PB-SQ-006"))
    )  # fmt: skip
    return batch.select("row_number", code.alias("code")).filter(pl.col("code").is_not_null())
