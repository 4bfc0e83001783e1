from __future__ import annotations

import datetime as dt
import decimal
import traceback
from contextlib import suppress

import polars as pl
import pytest

from pipelines.errors import DependencyMissing, PopbaseError
from pipelines.store.postgres import Connection, connect, copy_frame, execute, fetch, fetch_frame, has_table

VALUE = "测试一"


def test_a_frame_comes_back_as_it_went(conn: Connection) -> None:
    frame = pl.DataFrame(
        {
            "a": ["x", None, "", 'quo"te,', "two\nlines", "\\N", " blank "],
            "b": [1, None, -3, 4, 5, 6, 7],
            "c": [True, None, False, True, True, True, True],
            "d": [dt.date(1990, 2, 28), None, *[dt.date(2026, 1, 1)] * 5],
            "e": [dt.datetime(2026, 6, 30, 1, 2, 3, 400), None, *[dt.datetime(2026, 1, 1)] * 5],  # noqa: DTZ001
            "f": [b"\x00\xff", None, b"", b"a", b"b", b"c", b"d"],
            "g": [0.1, None, 1e300, -0.0, 1.0, 2.0, 3.0],
        }
    )
    execute(conn, "create temp table t (a text, b bigint, c boolean, d date, e timestamp, f bytea, g float8)")
    assert copy_frame(conn, "t", frame) == 7
    assert fetch_frame(conn, "select * from t").equals(frame)


def test_decimals_keep_their_digits_in_the_database(conn: Connection) -> None:
    execute(conn, "create temp table t (a numeric)")
    copy_frame(conn, "t", pl.DataFrame({"a": [decimal.Decimal("12.50")]}))
    assert fetch(conn, "select a::text from t") == [{"a": "12.50"}]
    assert fetch_frame(conn, "select a from t")["a"].to_list() == [12.5]


def test_a_query_without_rows_keeps_names_and_types(conn: Connection) -> None:
    frame = fetch_frame(conn, "select 1 as a, null::date as b, %s as c where false", ("x",))
    assert frame.schema == {"a": pl.Int32, "b": pl.Date, "c": pl.String}


def test_a_given_schema_names_and_types_the_columns(conn: Connection) -> None:
    frame = fetch_frame(conn, "select 1, %s", ("50%",), schema={"n": pl.Int64, "said": pl.String})
    assert frame.to_dicts() == [{"n": 1, "said": "50%"}]


@pytest.mark.parametrize(
    "statement",
    [
        "insert into t values (%s, 1), (%s, 1)",
        "select %s::date, %s::text",
        "insert into t values (%s || %s, null)",
    ],
)
def test_an_error_of_the_database_tells_no_value(conn: Connection, statement: str) -> None:
    execute(conn, "create temp table t (a text primary key, b integer not null)")
    with pytest.raises(PopbaseError) as caught:
        execute(conn, statement, (VALUE, VALUE))
    assert VALUE not in "".join(traceback.format_exception(caught.value))
    conn.rollback()


def test_an_error_in_a_copy_tells_no_value(conn: Connection) -> None:
    execute(conn, "create temp table t (a date)")
    with pytest.raises(PopbaseError) as caught:
        copy_frame(conn, "t", pl.DataFrame({"a": [VALUE]}))
    assert VALUE not in "".join(traceback.format_exception(caught.value))
    assert "22007" in str(caught.value)
    conn.rollback()


def test_an_error_says_which_object_is_missing(conn: Connection) -> None:
    with pytest.raises(PopbaseError, match="nowhere"):
        fetch(conn, "select * from nowhere")
    conn.rollback()


def test_a_block_that_fails_leaves_nothing(database: object, copy: str) -> None:
    url = database.url(copy)  # type: ignore[attr-defined]
    with suppress(KeyError), connect(url) as conn:
        execute(conn, "insert into ledger.approval (subject, approved_by, reason) values ('a', 'b', 'c')")
        raise KeyError
    with connect(url) as conn:
        assert fetch(conn, "select count(*) as n from ledger.approval") == [{"n": 0}]
        assert has_table(conn, "ledger.approval")
        assert not has_table(conn, "ledger.nothing")


def test_a_server_that_is_not_there_is_a_missing_dependency() -> None:
    with (
        pytest.raises(DependencyMissing) as caught,
        connect("postgresql://popbase:secret@127.0.0.1:1/popbase"),
    ):
        pass
    assert caught.value.exit_code == 5
    assert "secret" not in str(caught.value)
