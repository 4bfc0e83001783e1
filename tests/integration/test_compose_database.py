"""What docker-compose.yml makes of PostgreSQL, tried on Debian's: its options, its scripts, its secrets."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
import yaml

from pipelines.errors import DependencyMissing
from pipelines.settings import ROOT
from pipelines.store.address import free_port
from pipelines.store.postgres import connect, fetch
from pipelines.url import with_password, with_proof

FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
pytestmark = pytest.mark.skipif(
    not FOLDERS or os.geteuid() != 0,
    reason="needs root and Debian's postgresql-15 (apt install postgresql-15)",
)


@pytest.fixture(scope="module")
def given() -> Iterator[dict[str, str]]:
    """The environment that the entry point gives to a command, of a server that was made as the image makes it."""
    account = pwd.getpwnam("postgres")
    folder = Path(tempfile.mkdtemp(prefix="popbase-compose-"))
    port, data = free_port(), folder / "data"
    shutil.copytree(ROOT / "scripts" / "compose", folder / "scripts" / "compose")
    subprocess.run([folder / "scripts/compose/secrets.sh"], check=True, capture_output=True)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, account.pw_uid, account.pw_gid)
    environment = {
        "PATH": f"{FOLDERS[-1]}:{os.environ['PATH']}", "SECRETS_FOLDER": str(folder / "var" / "secrets"),
        "PGDATA": str(data), "PGHOST": str(folder), "PGPORT": str(port),
    }  # fmt: skip

    def run(*command: str) -> None:
        subprocess.run(command, user=account.pw_uid, group=account.pw_gid, extra_groups=[], cwd="/", env=environment,
                       check=True, stdout=subprocess.DEVNULL)  # fmt: skip

    declared = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"][
        "postgres"
    ]
    scripts = sorted(v.split(":")[0] for v in declared["volumes"] if "initdb.d" in v)
    run("initdb", "-U", "postgres", "-N", *declared["environment"]["POSTGRES_INITDB_ARGS"].split())
    options = f"-c fsync=off -c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder}"
    run("pg_ctl", "start", "-w", "-l", str(folder / "log"), "-o", options)
    try:
        for script in scripts:
            run(str(folder / script))
        run("pg_ctl", "restart", "-w", "-l", str(folder / "log"), "-o", options)
        yield _entered(environment | {"POPBASE_DATABASE_ADDRESS": f"localhost:{port}"})
    finally:
        run("pg_ctl", "stop", "-m", "immediate")
        shutil.rmtree(folder)


def _entered(environment: dict[str, str]) -> dict[str, str]:
    script = ROOT / "scripts" / "compose" / "entrypoint.sh"
    told = subprocess.run([script, "env"], env=environment, capture_output=True, text=True, check=True)
    return dict(line.split("=", 1) for line in told.stdout.splitlines())


def url_of(given: dict[str, str], name: str, *, proven: bool = True) -> str:
    """As settings make it of the entry point's variables."""
    password = Path(given[f"{name}_PASSWORD_FILE"]).read_text(encoding="ascii")
    url = with_password(given[f"{name}_URL"], password, name)
    return with_proof(url, given[f"{name}_CA_FILE"]) if proven else url


@pytest.mark.parametrize("name", ["POPBASE_DATABASE", "POPBASE_FRONT_DATABASE"])
def test_popbase_reaches_a_server_that_proves_itself(given: dict[str, str], name: str) -> None:
    with connect(url_of(given, name)) as conn:
        assert (conn.info.ssl_in_use, conn.info.ssl_attribute("protocol")) == (True, "TLSv1.3")
        assert fetch(conn, "select current_user as name") == [{"name": "popbase_pipeline"}]


def test_airflow_reaches_it_by_both_of_its_drivers(
    given: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = given["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg2", "")
    with connect(plain) as conn:
        assert conn.info.ssl_in_use
    monkeypatch.setenv("PGSSLROOTCERT", given["PGSSLROOTCERT"])

    async def ask() -> bool:
        url, _, option = (
            given["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC"].replace("+asyncpg", "").partition("?")
        )
        found = await asyncpg.connect(url, ssl=option.removeprefix("ssl="))
        is_ssl: bool = await found.fetchval("select ssl from pg_stat_ssl where pid = pg_backend_pid()")
        await found.close()
        return is_ssl

    assert asyncio.run(ask())


def test_nobody_is_let_in_without_tls_or_without_a_password(given: dict[str, str]) -> None:
    for url, said in (
        (url_of(given, "POPBASE_DATABASE", proven=False) + "?sslmode=disable", "no encryption"),
        (given["POPBASE_DATABASE_URL"], "no password supplied"),
    ):
        with pytest.raises(DependencyMissing, match=said), connect(url):
            pass
