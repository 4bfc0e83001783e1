"""`popbase evaluate`: the published resolution against a truth file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.contract.load import load_contracts
from pipelines.errors import UsageError
from pipelines.linkage.evaluation import evaluate
from pipelines.store.database import open_database
from pipelines.store.lake import Lake
from pipelines.store.ledger import Batch
from pipelines.store.postgres import fetch_frame
from pipelines.store.publication import pointer, run_of
from pipelines.store.records import accepted_chain, current_records

if TYPE_CHECKING:
    from pipelines.contract.model import Contract
    from pipelines.settings import Settings
    from pipelines.store.postgres import Connection

TRUTH = {"feed": pl.String, "data_date": pl.String, "row": pl.String, "person": pl.String}
EXCUSING = ("number_history", "judgement")
PLACE = ["feed", "data_date", "row_number"]


def evaluate_truth(settings: Settings, truth_file: Path) -> dict[str, Any]:
    """Pairwise, B-cubed and by-feed figures over the current records that the truth names.

    Raises:
        UsageError: when the file is not a truth file.
    """
    truth = _truth(truth_file)
    with open_database(settings) as conn:
        records = _current(settings, conn)
        members = _memberships(conn)
        excused = _excused(settings, conn)
    told = _named(records, truth).with_columns(is_excused=pl.col("record_key").is_in(excused.implode()))
    return evaluate(told.join(members, on="record_key", how="left"))


def _named(records: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    """The records that the truth names; by the sequence too where its row tells one."""
    if "sequence" not in truth.columns:
        return records.join(truth, on=PLACE, how="inner")
    exact = records.join(truth.drop_nulls("sequence"), on=[*PLACE, "sequence"], how="inner")
    dated = truth.filter(pl.col("sequence").is_null()).drop("sequence")
    return pl.concat([exact, records.join(dated, on=PLACE, how="inner").select(exact.columns)])


def _truth(path: Path) -> pl.DataFrame:
    try:
        truth = pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise UsageError(f"{path} cannot be read as a truth file") from error
    missing = [name for name in TRUTH if name not in truth.columns]
    if missing:
        raise UsageError(f"{path} lacks the columns {' '.join(missing)}")
    row = pl.col("row").str.strip_suffix("w").cast(pl.Int32).alias("row_number")
    sequence = [pl.col("sequence").cast(pl.Int64)] if "sequence" in truth.columns else []
    try:
        return truth.select("feed", "data_date", row, "person", *sequence)
    except pl.exceptions.PolarsError as error:
        raise UsageError(f"{path}: row and sequence must be whole numbers") from error


def _current(settings: Settings, conn: Connection) -> pl.DataFrame:
    """Records in effect, and rows of their batches that were quarantined: those are linked to nobody."""
    lake = Lake(settings.lake)
    frames: list[pl.DataFrame] = []
    for feed, contract in load_contracts(settings.contracts).items():
        chain = accepted_chain(conn, feed)
        records = current_records(lake, chain)
        if records is not None:
            valid = pl.concat([_own_id(lake, batch, contract) for batch in chain])
            placed = records.select("record_key", "citizen_id", "batch_id", "row_number")
            present = placed.join(valid, on=["batch_id", "row_number"], how="left")
            frames.append(pl.concat([present, _quarantined(conn, chain, valid)], how="diagonal"))
    if not frames:
        raise UsageError("nothing was accepted yet", hint="popbase run --inbox DIR")
    return pl.concat(frames, how="diagonal")


def _own_id(lake: Lake, batch: Batch, contract: Contract) -> pl.DataFrame:
    """Of each row where it stands, and whether its own ID field, as delivered, is a valid 18-digit number."""
    frame = lake.read(f"standard/{batch.batch_id}")
    own = frame[f"raw.{contract.column('citizen_id').source}"]
    as_delivered = (own == frame["citizen_id"]) & (frame["citizen_id_status"] == "valid")
    carried = frame["citizen_id_status"] == "carried"
    return frame.select(
        "row_number",
        pl.lit(batch.batch_id).alias("batch_id"),
        pl.lit(batch.feed).alias("feed"),
        pl.lit(str(batch.data_date)).alias("data_date"),
        pl.lit(batch.sequence).cast(pl.Int64).alias("sequence"),
        own_id_valid=(as_delivered | carried).fill_null(value=False),
    )


def _quarantined(conn: Connection, chain: list[Batch], valid: pl.DataFrame) -> pl.DataFrame:
    """Rows set aside of the chain's batches, as records without a person."""
    ids = [batch.batch_id for batch in chain]
    rows = fetch_frame(
        conn,
        "select batch_id, row_number from quality.quarantine where batch_id = any(%s)",
        (ids,),
        schema={"batch_id": pl.String, "row_number": pl.Int32},
    )
    about = pl.DataFrame(
        {
            "batch_id": ids,
            "feed": [batch.feed for batch in chain],
            "data_date": [str(batch.data_date) for batch in chain],
            "sequence": pl.Series([batch.sequence for batch in chain], dtype=pl.Int64),
        }
    )
    known = valid.select("batch_id", "row_number", "own_id_valid")
    placed = rows.join(about, on="batch_id").join(known, on=["batch_id", "row_number"], how="left")
    key = pl.format("quarantined|{}|{}", "batch_id", "row_number").alias("record_key")
    return placed.with_columns(key, pl.col("own_id_valid").fill_null(value=False))


def _excused(settings: Settings, conn: Connection) -> pl.Series:
    """Records that number history or a judgement joined with others, in the run that readers see."""
    number = pointer(conn)
    if number == 0:
        return pl.Series(dtype=pl.String)
    links = Lake(settings.lake).scan(f"links/{run_of(conn, number)}").filter(pl.col("method").is_in(EXCUSING))
    sides = [links.select(record_key=side) for side in ("record_a", "record_b")]
    return pl.concat(sides).unique().collect()["record_key"]


def _memberships(conn: Connection) -> pl.DataFrame:
    sql = "select record_key, person_id from resolution.membership"
    return fetch_frame(conn, sql, schema={"record_key": pl.String, "person_id": pl.String})
