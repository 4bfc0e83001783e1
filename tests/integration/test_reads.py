"""Who read whom: every read of a person through a reading function is on record, and the operators do not see it."""

from __future__ import annotations

import hashlib
import hmac
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from pipelines.contract.load import load_contracts
from pipelines.errors import PopbaseError
from pipelines.reads import reads
from pipelines.settings import Settings
from pipelines.store import publication
from pipelines.store.access import departments, login_role, reader_role
from pipelines.store.database import open_database
from pipelines.store.duties import LOGINS
from pipelines.store.embedded import ADMIN, PIPELINE, server_url, start_server, stop_server
from pipelines.store.golden import golden_tables
from pipelines.store.placement import root_of
from pipelines.store.postgres import connect, execute, fetch
from tests.integration.conftest import Server

DEPARTMENTS = departments(load_contracts())
TABLES = golden_tables(load_contracts())
A, B = DEPARTMENTS[:2]
DEBIAN = Path("/usr/lib/postgresql/15")
PGAUDIT = DEBIAN / "lib" / "pgaudit.so"


def publish(settings: Settings) -> None:
    rows = pl.DataFrame([{"row_key": f"r{n}", "person_id": f"p{n}"} for n in range(20)])
    said = pl.DataFrame(
        schema=dict.fromkeys(("table", "row_key", "attribute", "record_key", "rule"), pl.String)
    )
    with open_database(settings) as conn:
        person = rows.with_columns(citizen_id=pl.lit("511622199005061234"), name=pl.lit("测试甲"))
        publication.stage(
            conn, "run", {t.name: rows for t in TABLES if t.departments} | {"person": person}, said, base=0
        )
        publication.release(conn, 1)


@pytest.fixture
def ground(database: Server, copy: str) -> Settings:
    settings = replace(database.settings, database_url=database.url(copy))
    publish(settings)
    return replace(settings, duty_database_url=server_url(database.settings, copy, LOGINS["audit"]))


def read(url: str, numbers: Iterator[int] | range) -> None:
    with connect(url) as conn:
        for n in numbers:
            assert fetch(conn, "select person_id from shared.read_person(%s)", (f"p{n % 20}",))
            conn.commit()


def test_a_thousand_reads_by_four_readers_are_all_there(
    ground: Settings, database: Server, copy: str
) -> None:
    urls = [database.reader(copy, name) for name in (A, A, B, B)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda url: read(url, range(250)), urls))
    told = reads(ground)
    assert told["gone"] == 0
    assert Counter((r["login"], r["role_name"], r["view_name"], r["query_class"]) for r in told["reads"]) == {
        (login_role(name), login_role(name), "person", "person"): 500 for name in (A, B)
    }
    one = reads(ground, person="p3", login=login_role(A))["reads"]
    assert len(one) == 26
    assert len({row["key_hmac"] for row in told["reads"]}) == 20
    assert "p3" not in {cell for row in told["reads"] for cell in row.values()}


def test_a_reading_function_shows_what_its_view_shows(ground: Settings, database: Server, copy: str) -> None:
    for department in (A, B):
        with connect(database.reader(copy, department)) as conn:
            for table in TABLES:
                may = fetch(
                    conn, "select has_table_privilege(%s, 'select') as may", (f"shared.{table.name}",)
                )
                if may[0]["may"]:
                    viewed = fetch(conn, f"select * from shared.{table.name} where person_id = 'p7'")  # noqa: S608
                    assert viewed
                    assert fetch(conn, f"select * from shared.read_{table.name}('p7')") == viewed  # noqa: S608
                else:
                    with pytest.raises(PopbaseError, match="InsufficientPrivilege"):
                        fetch(conn, f"select * from shared.read_{table.name}('p7')")  # noqa: S608
                    conn.rollback()


def test_a_read_that_is_rolled_back_leaves_a_gap_and_a_line_in_the_servers_log(
    ground: Settings, database: Server, copy: str
) -> None:
    with connect(database.reader(copy, A)) as conn:
        fetch(conn, "select * from shared.read_person('p1')")
        conn.rollback()
        fetch(conn, "select * from shared.read_person('p2')")
        conn.commit()
    told = reads(ground)
    assert (len(told["reads"]), told["gone"]) == (1, 1)
    with connect(server_url(database.settings, copy, LOGINS["audit"])) as conn:
        key = fetch(conn, "select reading.key_of('p1') as key")[0]["key"]
    root = root_of(database.settings.home)
    assert root is not None
    line = f"popbase read 1: login {login_role(A)} role {login_role(A)} view person class person key {key}"
    assert line in (root / "log").read_text(encoding="utf-8")


def test_the_key_is_an_hmac_of_a_secret(database: Server, untouched: str) -> None:
    with connect(database.url(untouched, ADMIN)) as conn:
        pad = bytes(fetch(conn, "select inner_pad from reading.secret")[0]["inner_pad"])
        made = fetch(conn, "select reading.key_of('甲-1') as key")[0]["key"]
    secret = bytes(byte ^ 0x36 for byte in pad)
    assert made == hmac.new(secret, "甲-1".encode(), hashlib.sha256).hexdigest()
    assert secret[:32] != bytes(32)


@pytest.mark.parametrize(
    "statement",
    ["select 1 from reading.read", "select 1 from reading.secret", "delete from reading.read",
     "select reading.key_of('p1')", "drop table reading.read", "insert into reading.read default values"],
)  # fmt: skip
def test_neither_operators_nor_readers_nor_the_pipeline_reach_the_reads(
    database: Server, untouched: str, statement: str
) -> None:
    urls = [server_url(database.settings, untouched, LOGINS[duty]) for duty in ("operation", "security")]
    for url in (*urls, database.url(untouched, PIPELINE), database.reader(untouched, A)):
        with connect(url) as conn:
            with pytest.raises(PopbaseError, match="InsufficientPrivilege"):
                execute(conn, statement)
            conn.rollback()


@pytest.mark.parametrize("statement", ["delete from reading.read", "update reading.read set login = 'x'",
                                       "select 1 from reading.secret", "select reading.note('person', 'person', 'x')"])  # fmt: skip
def test_the_audit_changes_no_read(database: Server, untouched: str, statement: str) -> None:
    with connect(server_url(database.settings, untouched, LOGINS["audit"])) as conn:
        with pytest.raises(PopbaseError, match="InsufficientPrivilege"):
            execute(conn, statement)
        conn.rollback()


def test_the_role_a_reader_took_on_is_kept_beside_the_login(
    ground: Settings, database: Server, copy: str
) -> None:
    with connect(database.reader(copy, A)) as conn:
        execute(conn, f"set role {reader_role(A)}")
        fetch(conn, "select * from shared.read_person('p1')")
    (row,) = reads(ground)["reads"]
    assert (row["login"], row["role_name"]) == (login_role(A), reader_role(A))


@pytest.mark.long
@pytest.mark.skipif(
    not PGAUDIT.exists(), reason="the server's pgaudit is not installed: postgresql-15-pgaudit"
)
def test_where_pgaudit_is_loaded_it_logs_every_read_of_a_view_without_a_value() -> None:
    folder = Path(tempfile.mkdtemp(prefix="popbase-pgaudit-"))
    folder.chmod(0o755)
    settings = Settings(home=folder / "home", pg_bin=DEBIAN / "bin")
    try:
        start_server(settings)
        with connect(server_url(settings, "postgres", ADMIN)) as conn:
            conn.autocommit = True
            execute(conn, "alter system set shared_preload_libraries = 'pgaudit'")
            execute(conn, "alter system set log_line_prefix = '%m [%p] %u@%d '")
        stop_server(settings)
        publish(settings)
        with connect(server_url(settings, "popbase", login_role(A))) as conn:
            fetch(conn, "select 1 from shared.person_history")
            for _ in range(1000):
                fetch(conn, "select name from shared.person where citizen_id <> '511622199005061234'")
            fetch(conn, "select * from shared.read_person('p1')")
        root = root_of(settings.home)
        assert root is not None
        lines = (root / "log").read_text(encoding="utf-8").splitlines()
        seen = [
            x for x in lines if f"{login_role(A)}@popbase" in x and "READ,SELECT,VIEW,shared.person," in x
        ]
        assert len(seen) == 1001
        assert any("READ,SELECT,VIEW,shared.person_history," in line for line in lines)
        assert not any("511622199005061234" in line or "测试甲" in line for line in lines)
    finally:
        stop_server(settings)
        shutil.rmtree(folder)
