from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipelines.errors import DeliveryRefused
from pipelines.store.front import load_front_folder, load_front_table, read_package
from pipelines.store.postgres import connect, execute

TABLE = "front.some_table"
ROWS = pl.DataFrame(
    {
        "BAO": ["1", "1", "1", "2"],
        "KEY": ["b", "a", "B", "c"],
        "VALUE": ["", None, 'q"uo,te', "x"],
    }
)


@pytest.fixture
def url(database: object, copy: str) -> str:
    made: str = database.url(copy)  # type: ignore[attr-defined]
    return made


def test_a_package_comes_in_the_order_of_its_keys(url: str) -> None:
    assert load_front_table(url, TABLE, ROWS) == 4
    package = read_package(url, TABLE, "BAO", "1", ["KEY"])
    assert package["KEY"].to_list() == ["B", "a", "b"]
    assert package["VALUE"].to_list() == ['q"uo,te', None, ""]
    assert package.columns == ROWS.columns


def test_a_package_that_is_loaded_again_is_replaced(url: str) -> None:
    load_front_table(url, TABLE, ROWS)
    load_front_table(url, TABLE, ROWS.filter(pl.col("BAO") == "1").head(1))
    assert read_package(url, TABLE, "BAO", "1", ["KEY"]).height == 1
    assert read_package(url, TABLE, "BAO", "2", ["KEY"]).height == 1


def test_rows_with_one_key_are_ordered_by_all_their_columns(url: str) -> None:
    rows = ROWS.with_columns(BAO=pl.lit("1"), KEY=pl.lit("k"))
    load_front_table(url, TABLE, rows)
    assert read_package(url, TABLE, "BAO", "1", ["KEY"])["VALUE"].to_list() == ["", 'q"uo,te', "x", None]


def test_columns_of_other_types_come_as_text(url: str) -> None:
    with connect(url) as conn:
        execute(conn, 'create schema front; create table front.some_table ("BAO" integer, "KEY" date)')
        execute(conn, "insert into front.some_table values (7, '2026-06-30')")
    assert read_package(url, TABLE, "BAO", "7", ["KEY"]).rows() == [("7", "2026-06-30")]


def test_a_package_that_is_not_there_is_empty_and_a_table_refused(url: str) -> None:
    load_front_table(url, TABLE, ROWS)
    assert read_package(url, TABLE, "BAO", "9", ["KEY"]).height == 0
    with pytest.raises(DeliveryRefused) as caught:
        read_package(url, "front.other_table", "BAO", "1", ["KEY"])
    assert caught.value.code == "PB-DL-014"


def test_a_folder_of_tables_is_loaded(url: str, tmp_path: Path) -> None:
    ROWS.write_parquet(tmp_path / f"{TABLE}.parquet")
    assert load_front_folder(url, tmp_path) == {TABLE: 4}
    assert load_front_folder(url, tmp_path / "none") == {}
