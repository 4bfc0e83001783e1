from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from pipelines.synthetic.finding import FINDABLE, Comparison, compare, read_planted
from pipelines.synthetic.generate import generate
from pipelines.synthetic.rates import usual
from tests.acceptance.receiving import received

PERSONS, SEED, MONTHS = 3000, 20260630, 2
OF_EVERYTHING = replace(usual().at_least(0.004), headers=dict.fromkeys(usual().headers, 0.5))


@pytest.fixture(scope="module", params=["usual", "of everything"])
def comparison(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    rates = usual() if request.param == "usual" else OF_EVERYTHING
    county = tmp_path_factory.mktemp("county")
    generate(PERSONS, SEED, county, MONTHS, rates=rates)
    return compare(read_planted(county / "faults.csv"), *received(county))


def test_of_what_can_be_found_ninety_nine_in_a_hundred_are(comparison: Comparison) -> None:
    assert comparison.share_found >= 0.99


def test_each_kind_is_found_with_its_own_code(comparison: Comparison) -> None:
    findable = comparison.kinds.filter(pl.col("found_by").is_in(FINDABLE))
    poor = findable.filter(pl.col("found") < 0.95 * (pl.col("planted") - pl.col("hidden")))
    assert poor.rows() == []


def test_nothing_else_is_warned_of(comparison: Comparison) -> None:
    assert comparison.alarms.rows() == []
