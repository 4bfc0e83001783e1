"""Provenance in one line a row: what a migration made of the lines a value, and hashes that two programs make."""

from __future__ import annotations

import polars as pl

from pipelines.settings import ROOT
from pipelines.store.postgres import Connection, acting_as, copy_frame, execute, fetch, fetch_frame
from pipelines.store.said import said_by_row
from pipelines.store.versions import row_hashes

SAID = ("table", "row_key", "attribute", "record_key", "rule")
ODD = ('a"b', "a\\b", "{x,y}", "甲 乙", "", "NULL", 'c\\"')


def said(*lines: tuple[str, ...]) -> pl.DataFrame:
    return pl.DataFrame(lines, schema=dict.fromkeys(SAID, pl.String), orient="row")


def test_the_database_makes_the_same_hash_and_reads_the_same_lines(conn: Connection) -> None:
    lines = [("person", f"p{n}", a, key, "rank") for n, key in enumerate(ODD) for a in ("name", "sex_code")]
    by_row = said_by_row(said(*reversed(lines)))
    hashed = by_row.with_columns(row_hashes(by_row), pl.lit(1).alias("from_publication"))
    copy_frame(conn, "golden.row_provenance", hashed)
    other = "select from golden.row_provenance where row_hash <> golden.said_hash(table_name, row_key, attributes, record_keys, rules)"
    assert fetch(conn, other) == []
    read = fetch_frame(conn, "select table_name, row_key, attribute, record_key, rule from golden.provenance")
    told = read.with_columns(pl.col("record_key").fill_null("")).rows()  # CSV writes '' like nothing
    assert sorted(told) == sorted(lines)


def test_lines_a_value_become_rows_that_show_the_same_in_every_publication(conn: Connection) -> None:
    """Also where a withdrawn publication's lines lie between those that hold."""
    lines = [
        ("person", "p", "name", "r1", "rank", 1, 3), ("person", "p", "sex_code", "r1", "agreed", 1, None),
        ("person", "p", "name", "r2", "rank", 2, 3), ("person", "p", "name", "r3", "rank", 3, None),
        ("person", "q", "name", "r4", "rank", 2, 4),
    ]  # fmt: skip
    files = sorted((ROOT / "sql").glob("050_*.sql")), (ROOT / "sql" / "180_row_provenance.sql")
    before = files[0][0].read_text(encoding="utf-8").split("create table", maxsplit=1)[1]
    with acting_as(conn, "popbase_owner"):
        execute(conn, "drop view golden.provenance; drop table golden.row_provenance")
        execute(conn, "drop function golden.said_hash; drop function golden.written")
        execute(conn, f"create table{before}")
        for line in lines:
            execute(conn, "insert into golden.provenance values (%s, %s, %s, %s, %s, %s, %s)", line)
        execute(conn, files[1].read_text(encoding="utf-8"))
    for number in range(1, 5):
        seen = {line[:5] for line in lines if line[5] <= number and (line[6] is None or line[6] > number)}
        asked = "select * from golden.provenance where from_publication <= %s and (to_publication is null or to_publication > %s)"
        found = [tuple(row.values())[:5] for row in fetch(conn, asked, (number, number))]
        assert sorted(found) == sorted(seen), number
