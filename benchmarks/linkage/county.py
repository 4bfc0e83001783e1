"""A generated county's records with every citizen ID hidden, as one Parquet file for compare.py.

python -m benchmarks.linkage.county --persons 5000 --seed 11 --out county.parquet
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

import polars as pl

from pipelines.contract.load import load_contracts
from pipelines.evaluating import TRUTH
from pipelines.running import run_all
from pipelines.settings import Settings
from pipelines.speaking import speaking_records
from pipelines.store.database import front_database_url, open_database
from pipelines.store.embedded import stop_server
from pipelines.store.front import load_front_folder
from pipelines.store.lake import Lake
from pipelines.store.records import accepted_chain, current_records
from pipelines.synthetic.generate import generate

PLACES = ["batch_id", "row_number"]


def county(persons: int, seed: int) -> pl.DataFrame:
    base = Path(tempfile.mkdtemp(prefix="popbase-peers-"))
    settings = Settings(home=base / "home")
    try:
        generate(persons, seed, base / "county", 1)
        load_front_folder(front_database_url(settings), base / "county" / "front")
        run_all(settings, base / "county" / "inbox", lambda *_: None)
        return _hidden(*_read(settings, base / "county" / "truth.csv"))
    finally:
        stop_server(settings)
        shutil.rmtree(base, ignore_errors=True)


def _read(settings: Settings, truth: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The records that resolution sees, and of each whose it is."""
    contracts, lake = load_contracts(settings.contracts), Lake(settings.lake)
    frames, placed = {}, []
    with open_database(settings) as conn:
        for feed in contracts:
            chain = accepted_chain(conn, feed)
            records = current_records(lake, chain)
            if records is None:
                continue
            frames[feed] = records
            dates = {batch.batch_id: str(batch.data_date) for batch in chain}
            placed.append(
                records.select(
                    "record_key",
                    "row_number",
                    pl.lit(feed).alias("feed"),
                    pl.col("batch_id").replace_strict(dates, return_dtype=pl.String).alias("data_date"),
                )
            )
    told = pl.read_csv(truth, infer_schema=False).select(
        "feed", "data_date", pl.col("row").str.strip_suffix("w").cast(pl.Int32).alias("row_number"), "person"
    )
    assert set(TRUTH) <= {"feed", "data_date", "row", "person"}
    whose = pl.concat(placed).join(told, on=["feed", "data_date", "row_number"]).unique("record_key")
    return speaking_records(frames, contracts), whose.select("record_key", "person")


def _hidden(records: pl.DataFrame, whose: pl.DataFrame) -> pl.DataFrame:
    """The records without IDs; alternatives joined by `;` beside the plain columns."""

    def together(*columns: str) -> pl.Expr:
        return pl.concat_list(columns).list.drop_nulls().list.unique(maintain_order=True).list.join(";")

    return (
        records.join(whose, on="record_key")
        .select(
            "record_key", "name", "name_sound", "sex_code", "telephone", "household_number", "employer_name",
            "person",
            born_on=pl.col("born_on").dt.strftime("%Y-%m-%d"),
            address=pl.coalesce("registered_address", "residence_address"),
            names=together("name", "former_name_key"),
            telephones=together("telephone", "guardian_telephone"),
            addresses=together("registered_address", "residence_address"),
            local_number=pl.concat_str("feed", "personal_number", separator="|"),
        )
        .sort("record_key")
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    county(options.persons, options.seed).write_parquet(options.out)


if __name__ == "__main__":
    main()
