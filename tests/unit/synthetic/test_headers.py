from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from pipelines.synthetic.dice import Dice
from pipelines.synthetic.headers import Header, as_agreed, delivered_header
from pipelines.synthetic.rates import clean
from pipelines.synthetic.views import feeds

FEED = next(feed for feed in feeds() if feed.keys == ("AAC001",))


def header_with(kind: str) -> Header:
    rates = replace(clean(), headers={**clean().headers, kind: 1.0})
    return delivered_header(Dice(1), rates, FEED, 20_634, ("CZBZ",))


def rows() -> pl.DataFrame:
    return pl.DataFrame({name: [name, "", ""] for name in as_agreed(FEED, ("CZBZ",)).columns})


def test_a_header_without_faults_is_the_agreed_one() -> None:
    header = delivered_header(Dice(1), clean(), FEED, 20_634, ())
    assert header == as_agreed(FEED, ())
    assert header.names == [column.name for column in FEED.columns]


@pytest.mark.parametrize("kind", sorted(clean().headers))
def test_the_operation_comes_last_and_the_rows_follow_the_header(kind: str) -> None:
    header = header_with(kind)
    assert header.names[-1] == "CZBZ"
    assert [fault[2] for fault in header.faults] == [kind]
    arranged = header.arranged(rows())
    assert len(arranged.columns) == len(header.names) == len(set(header.names))
    for source, cell in zip(header.columns, arranged.row(0), strict=True):
        assert source in (cell, "BZ")


def test_a_renamed_column_is_noted_under_its_agreed_name() -> None:
    header = header_with("header_renamed")
    ((row, column, _),) = header.faults
    assert row == 0
    assert column not in header.names
    assert header.called[column] in header.names


def test_a_missing_column_is_gone() -> None:
    header = header_with("header_missing")
    assert header.faults[0][1] in FEED.settings["may_lack"]
    assert len(header.names) == len(FEED.columns)


def test_a_new_column_has_values_of_its_own() -> None:
    assert set(header_with("header_new").arranged(rows())["BZ"]) == {"", "已核"}
