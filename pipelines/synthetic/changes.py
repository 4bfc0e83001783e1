"""What an incremental delivery says: the rows that differ from the state before."""

from __future__ import annotations

import polars as pl

from pipelines.synthetic.dirt import Fault
from pipelines.synthetic.views import NOBODY, Feed, Rows

OPERATION = "CZBZ"


def all_inserted(rows: Rows) -> Rows:
    """Every row as an insertion: the first package of a register."""
    frame = rows.frame.with_columns(pl.lit("I").alias(OPERATION))
    return Rows(frame, rows.person, rows.record, rows.faults)


def changes(feed: Feed, before: Rows, after: Rows) -> Rows:
    """Rows that came (I), changed (U) or went (D: its key only), the departed first.

    A row whose key changed goes under the old key and comes under the new one.
    """
    keys = list(feed.keys)
    old, new = _fingerprints(before, keys), _fingerprints(after, keys)
    both = new.join(old, on="record", how="left", suffix="_before", maintain_order="left")
    same_key = pl.col("key") == pl.col("key_before")
    came = both.filter(pl.col("text_before").is_null() | (pl.col("text") != pl.col("text_before")))
    operation = came.select(pl.when(same_key).then(pl.lit("U")).otherwise(pl.lit("I"))).to_series()
    rekeyed = came.filter(pl.col("key_before").is_not_null() & ~same_key)["row_before"]
    gone = pl.concat([old.join(new, on="record", how="anti", maintain_order="left")["row"], rekeyed])
    return _joined(keys, before, gone, after, came["row"], operation)


def _fingerprints(rows: Rows, keys: list[str]) -> pl.DataFrame:
    return rows.frame.select(
        record=rows.record,
        key=pl.concat_str(keys, separator="|"),
        text=pl.concat_str(pl.all(), separator="\x1f"),
        row=pl.int_range(pl.len()),
    )


def _joined(
    keys: list[str],
    before: Rows,
    gone: pl.Series,
    after: Rows,
    came: pl.Series,
    operation: pl.Series,
) -> Rows:
    left = before.frame[gone.to_list()].with_columns(
        pl.exclude(keys).str.head(0), pl.lit("D").alias(OPERATION)
    )
    left = left.filter(pl.all_horizontal(pl.col(keys) != ""))  # no key, nothing to delete
    arrived = after.frame[came.to_list()].with_columns(operation.alias(OPERATION))
    place = {row: len(left) + at for at, row in enumerate(came.to_list())}
    return Rows(
        pl.concat([left, arrived]),
        pl.concat([pl.Series([NOBODY] * len(left), dtype=pl.Int64), after.person.gather(came)]),
        pl.concat([pl.Series([0] * len(left), dtype=pl.UInt64), after.record.gather(came)]),
        [Fault(place[f.row], f.column, f.kind) for f in after.faults if f.row in place],
    )
