from __future__ import annotations

import polars as pl

from pipelines.kernels.number_changes import CHANGES
from pipelines.linkage.number_history import canonical_numbers

RECORDS = pl.DataFrame(
    {
        "name_key": ["甲", "甲", "甲", "乙", "丙", None],
        "citizen_id": ["1", "2", "3", "1", "9", None],
    }
)


def _changes(*rows: tuple[str, str, str]) -> pl.DataFrame:
    return pl.DataFrame([("k", *row) for row in rows], schema=CHANGES, orient="row")


def test_numbers_that_followed_each_other_become_one() -> None:
    found = canonical_numbers(RECORDS, _changes(("甲", "1", "2"), ("甲", "2", "3")))
    assert found.to_list() == ["3", "3", "3", "3", "9", None]


def test_an_old_number_that_only_others_carry_stays_theirs() -> None:
    assert canonical_numbers(RECORDS, _changes(("甲", "9", "2"))).equals(RECORDS["citizen_id"])


def test_numbers_that_went_and_came_back_are_one() -> None:
    found = canonical_numbers(RECORDS, _changes(("甲", "1", "2"), ("甲", "2", "1")))
    assert found.to_list() == ["1", "1", "3", "1", "9", None]
