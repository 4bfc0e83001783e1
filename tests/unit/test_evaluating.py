from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipelines.errors import UsageError
from pipelines.evaluating import _named, _truth

RECORDS = pl.DataFrame(
    {"feed": "a/b", "data_date": "2026-06-30", "row_number": [1, 1, 2], "sequence": [1, 2, 2]},
    schema_overrides={"row_number": pl.Int32, "sequence": pl.Int64},
)


def _file(folder: Path, *lines: str) -> Path:
    path = folder / "truth.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_sequence_is_needed_only_by_the_rows_that_tell_one(tmp_path: Path) -> None:
    lines = ["feed,data_date,row,person,sequence", "a/b,2026-06-30,1,p,2", "a/b,2026-06-30,2,q,"]
    named = _named(RECORDS, _truth(_file(tmp_path, *lines)))
    assert named.select("row_number", "sequence", "person").rows() == [(1, 2, "p"), (2, 2, "q")]


@pytest.mark.parametrize("row", ["one", "1x"])
def test_a_truth_row_that_is_no_number_is_said(tmp_path: Path, row: str) -> None:
    with pytest.raises(UsageError, match="whole numbers"):
        _truth(_file(tmp_path, "feed,data_date,row,person", f"a/b,2026-06-30,{row},p"))
