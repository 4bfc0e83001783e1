"""A delivery unlike the ones before it gets a reservation; what it is held against are the last twelve of its mode."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from pipelines.contract.load import load_contracts
from pipelines.quality.gate import Verdict, reserve
from pipelines.stages.validate import drift_of
from pipelines.store import ledger
from pipelines.store.findings import past_profiles
from pipelines.store.postgres import Connection, fetch

CONTRACT = next(c for c in load_contracts().values() if c.authority == 100)


def landed(conn: Connection, position: int, mode: str = "full") -> ledger.Batch:
    batch = ledger.Batch(
        batch_id=f"b{position}", feed=CONTRACT.feed, sequence=position, position=position,
        data_date=date(2026, 1, 31) + timedelta(days=position), mode=mode, content_sha256="0" * 64,
        rows_received=1000, status="landed", manifest={},
    )  # fmt: skip
    ledger.record_batch(conn, batch, "0" * 64)
    return batch


def accepted(conn: Connection, position: int, frame: pl.DataFrame, mode: str = "full") -> list[str]:
    batch = landed(conn, position, mode)
    told = drift_of(conn, CONTRACT, batch, frame)
    ledger.set_status(conn, batch.batch_id, "accepted")
    return told


def people(rows: int, women: int) -> pl.DataFrame:
    return pl.DataFrame({"sex_code": ["2"] * women + ["1"] * (rows - women), "name": ["MARKER"] * rows})


@pytest.mark.parametrize(
    ("rows", "women", "codes"),
    [(1005, 500, []), (600, 300, ["PB-DR-001"]), (1000, 700, ["PB-DR-003"])],
)
def test_what_lies_outside_its_limits_is_told(
    conn: Connection, rows: int, women: int, codes: list[str]
) -> None:
    told = [accepted(conn, position, people(1000 + position, 500)) for position in range(1, 7)]
    assert told == [[]] * 6
    assert accepted(conn, 7, people(rows, women)) == codes
    kept = fetch(conn, "select * from quality.profile where batch_id = 'b7'")
    assert "MARKER" not in str(kept)
    assert {row["is_outside"] for row in kept} <= {True, False}


def test_only_the_last_twelve_of_the_same_mode_are_looked_back_on(conn: Connection) -> None:
    for position in range(1, 16):
        accepted(conn, position, people(1000, 500))
    accepted(conn, 16, people(3, 1), mode="incremental")
    landed(conn, 17)
    past = past_profiles(conn, CONTRACT.feed, "full", 17)
    assert set(past["delivery"]) == {f"b{position}" for position in range(4, 16)}


def test_drift_makes_a_reservation_and_opens_no_stop() -> None:
    assert reserve(Verdict("release", ()), ["PB-DR-001"]).decision == "reservations"
    assert reserve(Verdict("stop", ()), ["PB-DR-001"]).decision == "stop"
    assert reserve(Verdict("release", ()), []).decision == "release"
