"""From every earlier schema, with data, to the newest: killed in each file, run again, and nothing is lost."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from pipelines.contract.load import load_contracts
from pipelines.errors import ContractError
from pipelines.settings import ROOT
from pipelines.store.access import bootstrap_sql
from pipelines.store.embedded import ADMIN, PIPELINE, server_url
from pipelines.store.golden import ensure_tables
from pipelines.store.migrations import Migration, migrate, read_migrations
from pipelines.store.postgres import connect, execute, fetch
from tests.acceptance.ground import KILLED, Ground, open_ground

FILES = read_migrations(ROOT / "sql")
COLUMNS = """
select n.nspname || '.' || c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
where c.relkind::text = any(%s) and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    and n.nspname not in ('pg_catalog', 'information_schema', 'migration')
    and (n.nspname, c.relname) <> ('audit', 'watched') -- files fill it, no run does
group by 1 order by 1
"""
STRUCTURE = {
    "columns": "select attrelid::regclass::text as name, attname, format_type(atttypid, atttypmod), attnotnull,"
    " pg_get_expr(d.adbin, d.adrelid) from pg_attribute a left join pg_attrdef d on (adrelid, adnum) = (attrelid, attnum)"
    " where attnum > 0 and not attisdropped and attrelid in (select oid from pg_class where {ours} and relkind in"
    " ('r', 'v', 'S', 'i'))",
    "constraints": "select conrelid::regclass::text as name, conname, pg_get_constraintdef(oid) from pg_constraint"
    " where connamespace in (select oid from pg_namespace where {named})",
    "triggers": "select pg_get_triggerdef(oid) as name from pg_trigger where not tgisinternal",
    "functions": "select pg_get_functiondef(oid) as name from pg_proc where pronamespace in"
    " (select oid from pg_namespace where {named}) and prokind = 'f'",
    "comments": "select description as name, objsubid from pg_description where objoid in"
    " (select oid from pg_class where {ours})",
    "rights": "select oid::regclass::text as name, relacl::text, pg_get_userbyid(relowner) from pg_class where {ours}"
    " and relkind in ('r', 'v', 'S')",
    "applied": "select name, sha256 from migration.applied",
}
NAMED = "nspname not like 'pg\\_%' and nspname not in ('information_schema', 'public')"
OURS = f"relnamespace in (select oid from pg_namespace where {NAMED})"  # noqa: S608 - a constant


@dataclass(frozen=True)
class Upgrade:
    """A published county in the newest schema, and databases of earlier ones beside it."""

    ground: Ground
    folder: Path

    def url(self, database: str, role: str = ADMIN) -> str:
        return server_url(self.ground.settings, database, role)

    def make(self, database: str) -> None:
        """An empty database, prepared by its DBA."""
        conn = psycopg2.connect(self.url("postgres"))
        conn.autocommit = True
        with conn.cursor() as cursor:
            cursor.execute(f"drop database if exists {database} with (force)")
            cursor.execute(f"create database {database} template template0 encoding 'UTF8' locale 'C.UTF-8'")
        conn.close()
        with connect(self.url(database)) as conn:
            execute(conn, bootstrap_sql(load_contracts()))

    def build(self, database: str, files: list[Migration]) -> Path:
        """A database as those files make it, golden tables too; returns the folder of the files."""
        self.make(database)
        folder = self.folder / database
        folder.mkdir()
        for file in files:
            shutil.copy(ROOT / "sql" / file.name, folder)
        with connect(self.url(database, PIPELINE)) as conn:
            migrate(conn, folder)
            if fetch(conn, "select from pg_namespace where nspname = 'golden'"):
                ensure_tables(conn, load_contracts())
        return folder

    def fill(self, database: str) -> int:
        """Lay the county's rows into every table the database has, in the columns it has; returns how many."""
        with connect(self.url("popbase")) as source, connect(self.url(database)) as target:
            execute(target, "set session_replication_role = replica")
            newest = columns(source, "rv")
            laid = 0
            for name, there in columns(target).items():
                shared = ", ".join(f'"{c}"' for c in there if c in newest[name])
                execute(target, f"delete from {name}")  # noqa: S608 - some files make rows of their own
                rows = io.BytesIO()
                with source.cursor() as reading, target.cursor() as writing:
                    reading.copy_expert(f"copy (select {shared} from {name}) to stdout", rows)  # noqa: S608
                    rows.seek(0)
                    writing.copy_expert(f"copy {name} ({shared}) from stdin", rows)
                    laid += writing.rowcount
            move_sequences(target)
        return laid

    def command(self, database: str, *command: str, **stop: Any) -> tuple[int, str]:
        environment = {
            "POPBASE_HOME": str(self.ground.settings.home),
            "POPBASE_DATABASE_URL": self.url(database, PIPELINE),
        }
        end = self.ground.run(*command, environ=environment, **stop)
        return end.code, end.said


def columns(conn: Any, kinds: str = "r") -> dict[str, list[str]]:
    """Of each table; with "rv" of views too: what was a table may be shown by one."""
    return {row["name"]: row["columns"] for row in fetch(conn, COLUMNS, (list(kinds),))}


def move_sequences(conn: Any) -> None:
    """What numbers rows goes on after those that are there."""
    owned = fetch(
        conn,
        'select s.oid::regclass::text as sequence, d.refobjid::regclass::text as name, a.attname as "column"'
        " from pg_class s join pg_depend d on d.objid = s.oid and d.deptype = 'i'"
        " join pg_attribute a on (a.attrelid, a.attnum) = (d.refobjid, d.refobjsubid) where s.relkind = 'S'",
    )
    for one in owned:
        fetch(
            conn,
            f"select setval('{one['sequence']}', coalesce(max(\"{one['column']}\"), 0) + 1, false) from {one['name']}",  # noqa: S608
        )


def contents(conn: Any, of: dict[str, list[str]]) -> dict[str, Any]:
    """Count and hash of the rows of each table, in those columns."""
    told = {}
    for name, names in of.items():
        listed = ", ".join(f'"{c}"' for c in names)
        sql = f"select count(*) as n, md5(string_agg(h, '' order by h)) as h from (select md5(row({listed})::text) as h from {name}) x"  # noqa: S608
        told[name] = fetch(conn, sql)[0]
    return told


def structure(conn: Any) -> dict[str, list[str]]:
    return {
        what: sorted(str(tuple(row.values())) for row in fetch(conn, sql.format(ours=OURS, named=NAMED)))
        for what, sql in STRUCTURE.items()
    }


@pytest.fixture(scope="module")
def upgrade() -> Iterator[Upgrade]:
    with open_ground(80, seed=5, months=2) as ground:
        end = ground.run("run", "--inbox", str(ground.delivered / "inbox"))
        assert end.code == 0, end.said
        for command in (
            ("sign", "1", "--role", "preparer", "--by", "a clerk"),
            ("sample", "--publication", "1", "--size", "5", "--by", "a clerk", "--unmask", "a test"),
        ):
            assert ground.run(*command).code == 0
        folder = ground.scratch / "sql"
        folder.mkdir()
        yield Upgrade(ground, folder)


@pytest.fixture(scope="module")
def newest(upgrade: Upgrade) -> dict[str, list[str]]:
    """The structure that a database has which was made at once."""
    upgrade.build("newest", FILES)
    assert upgrade.command("newest", "publications")[0] == 0
    with connect(upgrade.url("newest")) as conn:
        return structure(conn)


@pytest.mark.long
@pytest.mark.parametrize("level", range(1, len(FILES) + 1), ids=lambda level: FILES[level - 1].name)
def test_an_earlier_schema_becomes_the_newest_though_killed_in_each_file(
    upgrade: Upgrade, newest: dict[str, list[str]], level: int
) -> None:
    database = f"level_{level}"
    upgrade.build(database, FILES[:level])
    filled = upgrade.fill(database)
    with connect(upgrade.url(database)) as conn:
        there = columns(conn)
        before = contents(conn, there)
    assert filled > 0 or level < 2
    for done, file in enumerate(FILES[level:], level):
        for moment, applied in (("before commit", done), ("after commit", done + 1)):
            stop = ("start", f"after {' '.join(file.text.split())[:60]}", moment)
            code, said = upgrade.command(database, "publications", stop=stop)
            assert code == KILLED, said
            with connect(upgrade.url(database)) as conn:
                assert fetch(conn, "select count(*) as n from migration.applied") == [{"n": applied}], (
                    file.name
                )
    code, said = upgrade.command(database, "publications")
    assert code == 0, said
    with connect(upgrade.url(database)) as conn:
        now = columns(conn, "rv")
        kept = {name: [c for c in names if c in now[name]] for name, names in there.items()}
        assert kept == there
        assert contents(conn, kept) == before
        assert structure(conn) == newest


@pytest.mark.long
@pytest.mark.parametrize("level", range(1, len(FILES) + 1), ids=lambda level: FILES[level - 1].name)
def test_at_every_level_an_edited_file_is_named_and_nothing_is_applied(upgrade: Upgrade, level: int) -> None:
    database = f"edited_{level}"
    folder = upgrade.build(database, FILES[:level])
    with (folder / FILES[level - 1].name).open("a", encoding="utf-8") as file:
        file.write("-- a thought\n")
    (folder / "999_later.sql").write_text("create table ledger.later (a text);", encoding="utf-8")
    with connect(upgrade.url(database, PIPELINE)) as conn:
        with pytest.raises(ContractError) as caught:
            migrate(conn, folder)
        assert [fault.file for fault in caught.value.faults] == [f"sql/{FILES[level - 1].name}"]
        assert fetch(conn, "select count(*) as n from migration.applied") == [{"n": level}]


@pytest.mark.long
def test_a_database_of_the_newest_level_that_was_filled_is_verified_and_goes_on(upgrade: Upgrade) -> None:
    upgrade.build("filled", FILES)
    upgrade.fill("filled")
    code, said = upgrade.command("filled", "verify", "--all")
    assert code == 0, said
