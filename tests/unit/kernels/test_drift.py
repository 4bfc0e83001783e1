"""Profiles and control limits, held against plain arithmetic."""

from __future__ import annotations

import statistics
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.contract.load import load_contracts
from pipelines.kernels.drift import PROFILE, profile_of, with_limits
from pipelines.kernels.overlap import overlap_of

CONTRACT = next(c for c in load_contracts().values() if c.authority == 100)
COUNTS = st.lists(st.integers(0, 5000), min_size=4, max_size=12)


def profiles(*values: tuple[str, list[float]]) -> pl.DataFrame:
    """One delivery for each value of the lists; a category '' is that of rows."""
    rows = [
        (str(n), "share" if name else "rows", "sex_code" if name else "", name, float(value))
        for name, listed in values
        for n, value in enumerate(listed)
    ]
    return pl.DataFrame(rows, schema={"delivery": pl.String, **PROFILE}, orient="row")


def judged(past: pl.DataFrame, *now: tuple[str, float], judged_from: int = 100) -> dict[str, Any]:
    profile = profiles(*((name, [value]) for name, value in now)).drop("delivery")
    found = with_limits(profile, past, judged_from=judged_from)
    return {row["category"]: row for row in found.iter_rows(named=True)}


def test_a_profile_tells_rows_blanks_and_shares_of_codes_and_nothing_else() -> None:
    frame = pl.DataFrame({
        "sex_code": ["1", "1", "2", None], "name": ["MARKER", None, "MARKER", None],
        "citizen_id": ["MARKER"] * 4, "is_struck_off": [True, False, False, None],
    })  # fmt: skip
    told = profile_of(frame, CONTRACT)
    values = {row[:3]: row[3] for row in told.iter_rows()}
    assert values["rows", "", ""] == 4
    assert values["blank", "name", ""] == 0.5
    assert (values["share", "sex_code", "1"], values["share", "is_struck_off", "true"]) == (0.5, 0.25)
    assert "MARKER" not in str(told.rows())
    assert set(told.filter(pl.col("measure") == "share")["column_name"]) == {"sex_code", "is_struck_off"}


@given(COUNTS, st.integers(0, 20_000))
def test_rows_may_lie_three_deviations_or_two_per_cent_off(past: list[int], now: int) -> None:
    centre, spread = statistics.mean(past), statistics.stdev(past)
    reach = max(3 * spread, 0.02 * centre)
    found = judged(profiles(("", [float(n) for n in past])), ("", float(now)))[""]
    assert found["centre"] == pytest.approx(centre)
    assert found["high"] == pytest.approx(centre + reach, abs=1e-3)
    if abs(abs(now - centre) - reach) > 1e-3:
        assert found["is_outside"] == (abs(now - centre) > reach)


def test_a_code_that_vanishes_or_appears_is_a_share_of_nought() -> None:
    past = profiles(("", [1000.0] * 5), ("1", [0.5] * 5), ("9", [0.002, 0.002]))
    found = judged(past, ("", 1000.0), ("7", 0.2))
    assert (found["1"]["value"], found["1"]["is_outside"]) == (0.0, True)
    assert found["9"]["centre"] == pytest.approx(0.0008)
    assert not found["9"]["is_outside"]


def test_too_short_a_past_and_too_few_rows_say_nothing() -> None:
    young = judged(profiles(("", [1000.0] * 3)), ("", 1.0))
    assert (young[""]["centre"], young[""]["is_outside"]) == (None, None)
    few = judged(profiles(("", [10.0] * 5), ("1", [0.5] * 5)), ("", 10.0), ("1", 1.0))
    assert few["1"]["is_outside"] is None


def test_reasons_that_come_together_are_counted_once_a_row() -> None:
    told = pl.DataFrame({"row_number": [1, 1, 1, 2, 3], "code": ["A", "B", "B", "A", "B"]})
    assert overlap_of(told).rows() == [("A", "A", 2), ("A", "B", 1), ("B", "A", 1), ("B", "B", 2)]
