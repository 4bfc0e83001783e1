"""Keys that are looked up by bisection, in files too, are those a join finds."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipelines.linkage.meeting import KEYS, Meeting, met
from pipelines.store.lake import Lake

ROWS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2**64 - 1) | st.integers(0, 5)), max_size=20)


def _keys(rows: list[tuple[int, int]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=KEYS, orient="row")


@given(ROWS, ROWS, ROWS)
def test_what_is_met_is_what_a_join_finds(
    one: list[tuple[int, int]], other: list[tuple[int, int]], asked: list[tuple[int, int]]
) -> None:
    found = met([Meeting.of(_keys(one)), Meeting.of(_keys(other))], _keys(asked)["key"])
    both = pl.concat([_keys(one), _keys(other)])
    expected = both.join(_keys(asked).select("key").unique(), on="key", how="semi")
    assert found.sort("key", "unit").equals(expected.sort("key", "unit"))


def test_keys_are_looked_up_in_their_file(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    kept = Meeting.of(_keys([(1, 7), (2, 2**63), (3, 7)]))
    assert not lake.has_mapped("linking/run/keys")
    lake.write_mapped("linking/run/keys", kept.frame())
    assert lake.has_mapped("linking/run/keys")
    stored = Meeting.stored(lake.mapped("linking/run/keys"))
    assert not stored.keys.flags.owndata
    assert met([stored], pl.Series([7], dtype=pl.UInt64)).rows() == [(1, 7), (3, 7)]
    lake.write_mapped("linking/other/keys", kept.frame().clear())
    assert met([Meeting.stored(lake.mapped("linking/other/keys"))], kept.frame()["key"]).is_empty()
