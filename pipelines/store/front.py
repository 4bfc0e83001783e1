"""The departments' exchange database: tables of text with upper-case names, delivered by packages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl
from psycopg2 import sql

from pipelines.errors import DeliveryRefused
from pipelines.store.postgres import Connection, connect, copy_frame, execute, fetch, fetch_frame, identifier

PACKAGE_COLUMN = "BAO"
"""Where the package's number stands, unless a contract says otherwise."""


def load_front_folder(url: str, folder: Path) -> dict[str, int]:
    """Load every `<schema>.<table>.parquet` of a folder; return the rows by table."""
    files = sorted(folder.glob("*.parquet"))
    return {path.stem: load_front_table(url, path.stem, pl.read_parquet(path)) for path in files}


def load_front_table(url: str, table: str, frame: pl.DataFrame, package_column: str = PACKAGE_COLUMN) -> int:
    """Put packages into a table, which is made when it is missing; packages that were there are replaced.

    Args:
        url: the exchange database.
        table: `schema.table`.
        frame: rows of whole packages; every column becomes text.
        package_column: where the package's number stands.

    Returns:
        The rows loaded.
    """
    text = frame.select(pl.all().cast(pl.String))
    packages = text[package_column].unique().to_list()
    with connect(url) as conn:
        _make_table(conn, table, frame.columns)
        gone = sql.SQL("delete from {} where {} = any(%s)").format(
            identifier(table), sql.Identifier(package_column)
        )
        execute(conn, gone.as_string(conn), (packages,))
        return copy_frame(conn, table, text)


def _make_table(conn: Connection, table: str, columns: Sequence[str]) -> None:
    schema = table.split(".", maxsplit=1)[0]
    execute(conn, sql.SQL("create schema if not exists {}").format(sql.Identifier(schema)).as_string(conn))
    text = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(name)) for name in columns)
    made = sql.SQL("create table if not exists {} ({})").format(identifier(table), text)
    execute(conn, made.as_string(conn))


def read_package(
    url: str, table: str, package_column: str, package: str, key_columns: Sequence[str]
) -> pl.DataFrame:
    """One package as text, ordered by the key columns, then by all others, in C collation (nulls last).

    Raises:
        DeliveryRefused: PB-DL-014 when there is no such table or column. A package without rows is an empty frame.
    """
    with connect(url) as conn:
        columns = _columns(conn, table)
        if not {package_column, *key_columns} <= set(columns):
            raise DeliveryRefused("PB-DL-014", table=table)
        ordered = [*key_columns, *(name for name in columns if name not in key_columns)]
        order = sql.SQL(", ").join(_text(name) + sql.SQL(' collate "C"') for name in ordered)
        query = sql.SQL("select {} from {} where {} = %s order by {}").format(
            sql.SQL(", ").join(_text(name) + sql.SQL(" as ") + sql.Identifier(name) for name in columns),
            identifier(table), _text(package_column), order,
        )  # fmt: skip
        return fetch_frame(conn, query.as_string(conn), (package,))


def _columns(conn: Connection, table: str) -> list[str]:
    rows = fetch(
        conn,
        "select attname from pg_attribute where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped"
        " order by attnum",
        (identifier(table).as_string(conn),),
    )
    return [row["attname"] for row in rows]


def _text(name: str) -> sql.Composed:
    return sql.SQL("{}::text").format(sql.Identifier(name))
