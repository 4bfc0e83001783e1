"""One PostgreSQL server for all tests here; each test gets a database of its own, copied from a prepared one."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg2
import pytest

from pipelines.contract.load import load_contracts
from pipelines.settings import Settings, settings_from_environment
from pipelines.store.access import bootstrap_sql, login_role
from pipelines.store.database import open_database
from pipelines.store.embedded import ADMIN, PIPELINE, server_url, stop_server
from pipelines.store.postgres import Connection, connect, execute


@dataclass(frozen=True)
class Server:
    """An embedded server whose database `popbase` is prepared and never written to: the others are copies of it."""

    settings: Settings
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def admin(self, statement: str) -> None:
        conn = psycopg2.connect(server_url(self.settings, "postgres", ADMIN))
        conn.autocommit = True
        with conn.cursor() as cursor:
            cursor.execute(statement)
        conn.close()

    def copy(self) -> str:
        """The name of a new database with the whole schema in it."""
        name = f"copy_{next(self.numbers)}"
        self.admin(f"create database {name} template popbase")
        with connect(server_url(self.settings, name, ADMIN)) as conn:
            execute(conn, bootstrap_sql(load_contracts()))
        return name

    def url(self, name: str, role: str = PIPELINE) -> str:
        return server_url(self.settings, name, role)

    def reader(self, name: str, department: str) -> str:
        return server_url(self.settings, name, login_role(department))


@pytest.fixture(scope="session")
def database() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="popbase-test-"))
    folder.chmod(0o755)  # the server's account looks in
    server = Server(Settings(home=folder / "home", pg_bin=settings_from_environment().pg_bin))
    with open_database(server.settings):
        pass
    server.admin("alter system set fsync = off")
    server.admin("select pg_reload_conf()")
    yield server
    stop_server(server.settings)
    shutil.rmtree(folder)


@pytest.fixture
def copy(database: Server) -> Iterator[str]:
    """The name of a fresh database."""
    name = database.copy()
    yield name
    database.admin(f"drop database {name} with (force)")


@pytest.fixture(scope="module")
def untouched(database: Server) -> Iterator[str]:
    """The name of a database that the tests of a module only look at, or are refused to change."""
    name = database.copy()
    yield name
    database.admin(f"drop database {name} with (force)")


@pytest.fixture
def fresh(database: Server, copy: str, tmp_path: Path) -> Settings:
    """Settings with a fresh database and a home of their own."""
    return replace(database.settings, home=tmp_path, database_url=database.url(copy))


@pytest.fixture
def conn(database: Server, copy: str) -> Iterator[Connection]:
    """A transaction on a fresh database."""
    with connect(database.url(copy)) as connection:
        yield connection
