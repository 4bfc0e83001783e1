"""What is wrong in a feed's register in effect: values at fault and rows set aside, with their reasons."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import polars as pl

from pipelines.kernels.audited import JOINED
from pipelines.reasons import REASONS
from pipelines.store.audited import audited_faults
from pipelines.store.postgres import fetch_frame
from pipelines.store.withholding import CODE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.store.lake import Lake
    from pipelines.store.ledger import Batch
    from pipelines.store.postgres import Connection

STANDING: Final = {
    "kind": pl.String, "record_key": pl.String, "column_name": pl.String, "reason_codes": pl.String,
    "value": pl.String, "batch_id": pl.String, "row_number": pl.Int32, "seen_on": pl.Date,
}  # fmt: skip
"""One row a record and column at fault; `reason_codes` is written as PostgreSQL writes an array."""
TOLD: Final = tuple(code for code, reason in REASONS.items() if reason.severity != "note")
"""Codes that a department is told of; notes are only recorded."""


def standing_faults(
    conn: Connection, lake: Lake, chain: Sequence[Batch], state: pl.DataFrame | None
) -> pl.DataFrame:
    """Faults of the register `state` that the chain makes (STANDING): of each record as it was delivered last.

    A row that was set aside stands until a later delivery in effect brings its record whole.
    """
    if state is None:
        return pl.DataFrame(schema=STANDING)
    parts = [_values(conn, lake, batch, state) for batch in chain]
    parts += [_rows(conn, lake, batch) for batch in chain]
    return _latest(pl.concat(parts), state, [batch.batch_id for batch in chain])


def _values(conn: Connection, lake: Lake, batch: Batch, state: pl.DataFrame) -> pl.DataFrame:
    """Values at fault of the records that this batch said last."""
    here = state.filter(pl.col("batch_id") == batch.batch_id)
    kept = here.select(pl.col("row_number").cast(pl.Int64), "record_key")
    told = pl.concat([_coded(lake, batch), _ruled(lake, batch)]).join(kept, on="row_number")
    told = pl.concat([told, _audited(conn, lake, batch, kept).select(told.columns)])
    grouped = told.group_by("row_number", "record_key", "column").agg(pl.col("code").unique().sort())
    valued = _valued(lake, batch, grouped)
    return _shaped(valued, "value", batch) if valued.height else pl.DataFrame(schema=STANDING)


def _valued(lake: Lake, batch: Batch, told: pl.DataFrame) -> pl.DataFrame:
    """`told` (row_number, column, ...) with each row's `value` in its column, as it was delivered."""
    stored = lake.scan(f"standard/{batch.batch_id}").with_columns(pl.col("row_number").cast(pl.Int64))
    raw = stored.join(told.lazy().select("row_number").unique(), on="row_number", how="semi").collect()
    empty = told.clear().with_columns(value=pl.lit(None, dtype=pl.String))
    parts = [_with_value(part, raw, str(c)) for (c,), part in told.group_by("column", maintain_order=True)]
    return pl.concat([empty, *parts])


def _audited(conn: Connection, lake: Lake, batch: Batch, kept: pl.DataFrame) -> pl.DataFrame:
    """Values that the newest audit of the published tables found at fault: row_number, record_key, column, code.

    A record that was delivered again since stands at fault while it says the same; the next audit looks at it anew.
    """
    found = audited_faults(conn, batch.feed, batch.batch_id).join(kept, on="record_key")
    same, other = found.filter("is_same"), found.filter(~pl.col("is_same"))
    unchanged = _valued(lake, batch, other).filter(pl.col("value").eq_missing(pl.col("known")))
    return pl.concat([same, unchanged.select(same.columns)])


def _coded(lake: Lake, batch: Batch) -> pl.DataFrame:
    """Faults of single values, by reason code: row_number, column, code."""
    faults = lake.read(f"faults/{batch.batch_id}").filter(pl.col("code").is_in(TOLD))
    return faults.select(pl.col("row_number").cast(pl.Int64), "column", "code")


def _ruled(lake: Lake, batch: Batch) -> pl.DataFrame:
    """Rows that break a rule of the suite whose rows are told: row_number, column, code."""
    name = f"failing/{batch.batch_id}"
    if not lake.has(name) or "column_name" not in lake.scan(name).collect_schema():
        return pl.DataFrame(schema={"row_number": pl.Int64, "column": pl.String, "code": pl.String})
    told = lake.scan(name).filter(pl.col("column_name").is_not_null())
    return told.select(
        pl.col("row_number").cast(pl.Int64),
        pl.col("column_name").alias("column"),
        pl.col("rule_id").alias("code"),
    ).collect()


def _with_value(part: pl.DataFrame, raw: pl.DataFrame, column: str) -> pl.DataFrame:
    """The values as delivered, or null where no column of them came."""
    names = [f"raw.{source}" for source in column.split(JOINED) if f"raw.{source}" in raw.columns]
    if not names:
        return part.with_columns(pl.lit(None, dtype=pl.String).alias("value"))
    cells = [pl.col(name) if len(names) == 1 else pl.col(name).fill_null("") for name in names]
    values = raw.select("row_number", pl.concat_str(cells, separator=JOINED).alias("value"))
    return part.join(values, on="row_number", how="left")


def _rows(conn: Connection, lake: Lake, batch: Batch) -> pl.DataFrame:
    """Rows of the batch that were set aside, each with all its reasons; no cell of them is shown.

    What is withheld by order is nobody's to mend.
    """
    sql = (
        "select row_number, array_to_string(array_agg(distinct code order by code), ',') as code"
        " from quality.quarantine cross join lateral unnest(reason_codes) as code"
        " where batch_id = %s and %s <> all(reason_codes) group by row_number"
    )
    aside = fetch_frame(conn, sql, (batch.batch_id, CODE), schema={"row_number": pl.Int64, "code": pl.String})
    if not aside.height:
        return pl.DataFrame(schema=STANDING)
    keyed = aside.join(_keys(lake, batch, aside["row_number"]), on="row_number", how="left").with_columns(
        pl.coalesce("record_key", pl.lit(f"{batch.feed}|~") + pl.col("row_number").cast(pl.String)),
        pl.col("code").str.split(","),
        column=pl.lit(""),
        value=pl.lit(None, dtype=pl.String),
    )
    return _shaped(keyed, "row", batch)


def _keys(lake: Lake, batch: Batch, numbers: pl.Series) -> pl.DataFrame:
    """The records' keys; of rows that have none a hash of their cells, so that they are known again."""
    chosen = pl.col("row_number").cast(pl.Int64).alias("row_number")
    known = lake.scan(f"standard/{batch.batch_id}").select(chosen, "record_key")
    keyed = known.filter(pl.col("row_number").is_in(numbers.implode())).collect()
    raw = lake.scan(f"raw/{batch.batch_id}").with_columns(chosen)
    cells = sorted(name for name in raw.collect_schema().names() if name.startswith("raw."))
    others = raw.filter(pl.col("row_number").is_in(numbers.implode())).collect()
    others = others.join(keyed, on="row_number", how="anti")
    names = pl.Series([_name(row) for row in others.select(cells).iter_rows()], dtype=pl.String)
    hashed = others.select("row_number", (pl.lit(f"{batch.feed}|~") + names).alias("record_key"))
    return pl.concat([keyed, hashed])


def _name(cells: tuple[str | None, ...]) -> str:
    return hashlib.sha256("\x1f".join(cell or "" for cell in cells).encode()).hexdigest()[:16]


def _shaped(frame: pl.DataFrame, kind: str, batch: Batch) -> pl.DataFrame:
    return frame.select(
        pl.lit(kind).alias("kind"),
        "record_key",
        pl.col("column").alias("column_name"),
        (pl.lit("{") + pl.col("code").list.join(",") + "}").alias("reason_codes"),
        "value",
        pl.lit(batch.batch_id).alias("batch_id"),
        pl.col("row_number").cast(pl.Int32),
        pl.lit(batch.data_date).alias("seen_on"),
    )


def _latest(found: pl.DataFrame, state: pl.DataFrame, order: list[str]) -> pl.DataFrame:
    """Without rows set aside whose record came whole later; of one record and column only the last."""
    place = pl.DataFrame({"batch_id": order, "place": range(len(order))})
    whole = (
        state.select("record_key", "batch_id").join(place, on="batch_id").select("record_key", whole="place")
    )
    placed = found.join(place, on="batch_id").join(whole.unique("record_key"), on="record_key", how="left")
    is_mended = (pl.col("kind") == "row") & (pl.col("whole").fill_null(-1) >= pl.col("place"))
    kept = placed.filter(~is_mended).sort("place", "row_number")
    return kept.unique(["record_key", "column_name"], keep="last", maintain_order=True).select(list(STANDING))
