from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import ContractError, PopbaseError
from pipelines.settings import Settings
from pipelines.store.database import open_database
from pipelines.store.migrations import declare, migrate, read_migrations
from pipelines.store.postgres import Connection, connect, fetch, has_table


@pytest.fixture
def folder(fresh: Settings, tmp_path: Path) -> Path:
    """A copy of the project's own files, to add to."""
    made = tmp_path / "sql"
    made.mkdir()
    for migration in read_migrations(fresh.sql):
        (made / migration.name).write_text(migration.text, encoding="utf-8")
    return made


def test_a_new_file_is_applied_once(conn: Connection, folder: Path) -> None:
    (folder / "900_more.sql").write_text("create table ledger.more (a text);", encoding="utf-8")
    assert migrate(conn, folder) == ["900_more.sql"]
    assert migrate(conn, folder) == []
    owner = fetch(conn, "select tableowner from pg_tables where tablename = 'more'")
    assert owner == [{"tableowner": "popbase_owner"}]


def test_an_edited_file_is_named(conn: Connection, folder: Path) -> None:
    with (folder / "020_ledger.sql").open("a") as file:
        file.write("-- a thought\n")
    (folder / "030_quality.sql").unlink()
    with pytest.raises(ContractError) as caught:
        migrate(conn, folder)
    assert [fault.file for fault in caught.value.faults] == ["sql/020_ledger.sql", "sql/030_quality.sql"]


def test_a_file_that_fails_leaves_nothing(database: object, copy: str, folder: Path) -> None:
    text = "create table ledger.more (a text); select 1 / 0;"
    (folder / "900_more.sql").write_text(text, encoding="utf-8")
    url = database.url(copy)  # type: ignore[attr-defined]
    with pytest.raises(PopbaseError), connect(url) as conn:
        migrate(conn, folder)
    with connect(url) as conn:
        assert not has_table(conn, "ledger.more")
        assert fetch(conn, "select from migration.applied where name = '900_more.sql'") == []


def test_a_statement_that_shuns_transactions_runs_outside_of_one(conn: Connection, folder: Path) -> None:
    text = "-- no-transaction\ncreate index concurrently more on ledger.batch (landed_at);"
    (folder / "900_more.sql").write_text(text, encoding="utf-8")
    assert migrate(conn, folder) == ["900_more.sql"]
    assert fetch(conn, "select indexname from pg_indexes where indexname = 'more'")


def test_a_declaration_runs_again_only_when_its_wording_changes(conn: Connection) -> None:
    assert declare(conn, "x", "create table ledger.x (a text)")
    assert not declare(conn, "x", "create table ledger.x (a text)")
    assert declare(conn, "x", "alter table ledger.x add b text")


def test_every_table_says_what_it_is(conn: Connection) -> None:
    silent = fetch(
        conn,
        "select oid::regclass::text as name from pg_class where relkind in ('r', 'v')"
        " and relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)"
        " and obj_description(oid, 'pg_class') is null",
    )
    assert silent == []


def test_opening_again_changes_nothing(fresh: Settings) -> None:
    with open_database(fresh) as conn:
        before = fetch(conn, "select max(declared_at) as at from migration.declared")
    with open_database(fresh) as conn:
        assert fetch(conn, "select max(declared_at) as at from migration.declared") == before
