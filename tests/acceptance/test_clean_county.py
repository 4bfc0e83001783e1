from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.synthetic.finding import compare, read_planted
from pipelines.synthetic.generate import generate
from pipelines.synthetic.rates import clean
from tests.acceptance.receiving import received


@pytest.mark.parametrize("seed", [1, 2])
def test_of_a_clean_county_nothing_is_warned_and_no_row_set_aside(tmp_path: Path, seed: int) -> None:
    generate(3000, seed, tmp_path, 2, rates=clean())
    planted = read_planted(tmp_path / "faults.csv")
    assert planted.rows() == []
    assert compare(planted, *received(tmp_path)).alarms.rows() == []
