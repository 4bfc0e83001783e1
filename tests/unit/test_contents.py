"""What a publication holds, by the hashes of its rows: a small change of it is what making it anew would give."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.store.contents import contents, kept_contents
from pipelines.store.lake import Lake

HASH = st.builds(lambda first, last: bytes([first]) * 8 + bytes(23) + bytes([last]), *[st.integers(0, 3)] * 2)
ROWS = st.sets(HASH, max_size=12)


def series(rows: set[bytes]) -> pl.Series:
    return pl.Series("row_hash", list(rows), dtype=pl.Binary)


def spelled(tables: Mapping[str, set[bytes]]) -> str:
    """The content hash as it was always made."""
    digest = hashlib.sha256()
    for name in sorted(tables):
        if tables[name]:
            digest.update(f"{name} {len(tables[name])}\n".encode() + b"".join(sorted(tables[name])))
    return digest.hexdigest()


@given(ROWS, ROWS)
def test_the_content_hash_is_that_of_the_sorted_hashes(some: set[bytes], others: set[bytes]) -> None:
    tables = {"b": some, "a": others, "c": set[bytes]()}
    found = contents({name: series(rows) for name, rows in tables.items()})
    assert found.sha256 == spelled(tables)
    assert found.heights(tables) == {"b": len(some), "a": len(others), "c": 0}


@given(ROWS, ROWS)
def test_taking_rows_out_and_putting_rows_in_is_making_it_anew(before: set[bytes], now: set[bytes]) -> None:
    held = contents({"a": series(before), "b": series(now)})
    changed = held.changed("a", series(before - now), series(now - before))
    assert changed.sha256 == spelled({"a": now, "b": now})


@given(ROWS, HASH)
def test_a_row_that_is_not_there_cannot_end(rows: set[bytes], one: bytes) -> None:
    with pytest.raises(ValueError, match="not there"):
        contents({"a": series(rows - {one})}).changed("a", series({one}), series(set()))


def test_a_row_without_a_whole_hash_is_refused() -> None:
    for rows in ([b"x" * 31, b"x" * 33], [None, b"x" * 64]):
        with pytest.raises(ValueError, match="without its hash"):
            contents({"a": pl.Series(rows, dtype=pl.Binary)})


def test_what_the_lake_kept_is_believed_by_its_hash_alone(tmp_path: Path) -> None:
    lake, held = Lake(tmp_path), contents({"a": series({bytes(32), b"x" * 32}), "b": series({b"y" * 32})})
    assert kept_contents(lake, held.sha256) is None
    held.keep(lake)
    again = kept_contents(lake, held.sha256)
    assert again is not None
    assert again.sha256 == held.sha256
    (path,) = (tmp_path / "contents").iterdir()
    for wrong in (path.read_bytes()[:-1], path.read_bytes()[:-1] + b"z", b"a", b""):
        path.write_bytes(wrong)
        assert kept_contents(lake, held.sha256) is None
