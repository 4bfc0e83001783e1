from __future__ import annotations

from pathlib import Path

import polars as pl

from pipelines.quality import masks
from pipelines.quality.sweep import Asked, plans, sweep

FRAME = pl.DataFrame(
    {
        "row_number": [1, 2, 3, 4],
        "code": ["1", "x", None, "2"],
        "key": ["a", "b", "a", None],
        "n": [1, 2, 3, 4],
    }
)
CODES = masks.column_mask("column_values.in_set", "code", {"value_set": ["1", "2"]}, pl.String(), None)
KEYS = masks.column_mask(masks.UNIQUE, "key", {}, pl.String(), None)
QUERY = "SELECT * FROM {batch} WHERE n > 2"


def asked() -> Asked:
    values = {"mean": pl.col("n").mean(), "all": pl.col("n").implode()}
    return Asked({"codes": CODES, "keys": KEYS}, values, {QUERY: None})


def test_one_pass_answers_masks_values_and_queries(tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "rows.parquet")
    swept = sweep(pl.scan_parquet(tmp_path / "rows.parquet"), asked(), "row_number")
    assert swept.masks["codes"].to_list() == [False, True, False, False]
    assert swept.masks["keys"].to_list() == [True, False, True, False]
    assert swept.values["mean"] == 2.5
    assert swept.values["all"].to_list() == [1, 2, 3, 4]
    assert swept.queries[QUERY].to_list() == [2, 3]
    assert swept.named is not None
    assert swept.named.to_list() == [1, 2, 3, 4]


def test_the_file_is_read_once_and_of_it_only_what_rules_name(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    FRAME.with_columns(other=pl.lit("x")).write_parquet(path)
    question = asked()
    question.queries.clear()  # it gives whole rows, and so reads them
    told = pl.explain_all(plans(pl.scan_parquet(path), question, "row_number"))
    assert told.count("Parquet SCAN") == 1
    assert "PROJECT 4/5 COLUMNS" in told


def test_what_cannot_be_answered_in_one_pass_is_left_for_its_turn() -> None:
    question = asked()
    question.values["broken"] = pl.col("code").str.to_integer().sum()
    assert sweep(FRAME.lazy(), question, "row_number").masks == {}
