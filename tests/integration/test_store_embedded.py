"""The embedded server, started for real: where it lives, who runs it, what it keeps to itself."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipelines.errors import DependencyMissing, PopbaseError
from pipelines.settings import Settings
from pipelines.store.address import LONGEST_SOCKET
from pipelines.store.database import airflow_database_url, database_url, front_database_url
from pipelines.store.embedded import server_status, start_server, stop_server
from pipelines.store.placement import WHEEL, root_of
from pipelines.store.postgres import connect, execute, fetch

ROOT = Path(__file__).resolve().parents[2]
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to step down")
START = (
    "import sys, pathlib; from pipelines.settings import Settings; from pipelines.store.embedded import start_server;"
    "print(start_server(Settings(home=pathlib.Path(sys.argv[1]))).pid)"
)
WHO = "select current_user as name, rolsuper or rolbypassrls as is_mighty from pg_roles where rolname = current_user"


@pytest.fixture
def folder() -> Iterator[Path]:
    """An open folder; servers of homes in it are stopped, clusters elsewhere removed."""
    made = Path(tempfile.mkdtemp(prefix="popbase-home-"))
    made.chmod(0o755)
    yield made
    for home in {path.parent for path in made.rglob("postgres.json")}:
        stop_server(Settings(home=home))
        root = root_of(home)
        if root is not None:
            shutil.rmtree(root)
    shutil.rmtree(made)


def start_elsewhere(home: Path, **environment: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", START, str(home)],
        cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ran.stderr == ""
    return ran.stdout.strip()


def test_two_that_start_at_once_get_one_server(folder: Path) -> None:
    home = folder / "home"
    with ThreadPoolExecutor(3) as pool:
        pids = set(pool.map(lambda _: start_elsewhere(home), range(3)))
    running = server_status(Settings(home=home))
    assert running is not None
    assert pids == {str(running.pid)}


def test_what_was_stored_is_there_after_a_restart(folder: Path) -> None:
    settings = Settings(home=folder / "home")
    with connect(front_database_url(settings)) as conn:
        execute(conn, "create table kept (a text)")
    stop_server(settings)
    assert server_status(settings) is None
    stop_server(settings)
    with connect(front_database_url(settings)) as conn:
        assert fetch(conn, "select * from kept") == []


def test_sockets_and_tcp_lead_to_roles_without_might(folder: Path) -> None:
    settings = Settings(home=folder / "home")
    urls = [
        database_url(settings), database_url(settings, tcp=True), front_database_url(settings, tcp=True),
        airflow_database_url(settings),
    ]  # fmt: skip
    for url in urls:
        with connect(url) as conn:
            assert fetch(conn, WHO)[0]["is_mighty"] is False
    wrong = urls[1].replace(urls[1].split(":")[2].split("@")[0], "0" * 32)
    with pytest.raises(DependencyMissing), connect(wrong):
        pass
    assert (settings.home / "postgres.json").stat().st_mode & 0o777 == 0o600


def test_the_servers_log_holds_no_value(folder: Path) -> None:
    settings = Settings(home=folder / "home")
    with connect(database_url(settings)) as conn:
        execute(conn, "create temp table t (a date, b text unique)")
    for statement in ("select %s::date", "select %s || 1/0", "insert into nowhere values (%s)"):
        with pytest.raises(PopbaseError), connect(database_url(settings)) as conn:
            execute(conn, statement, ("canary-测试",))
    root = root_of(settings.home)
    assert root is not None
    assert "canary" not in (root / "log").read_text(encoding="utf-8")


def test_a_start_that_is_killed_is_made_good(folder: Path) -> None:
    home = folder / "home"
    for seconds in (0.6, 0.9, 1.3):
        with subprocess.Popen(
            [sys.executable, "-c", START, str(home)], cwd=ROOT, stdout=subprocess.DEVNULL
        ) as starting:
            try:
                starting.wait(seconds)
            except subprocess.TimeoutExpired:
                starting.kill()
    with connect(airflow_database_url(Settings(home=home))) as conn:
        assert fetch(conn, "select count(*) as n from pg_database where datname in ('popbase', 'front')") == [
            {"n": 2}
        ]


def test_a_path_too_long_for_a_socket_is_no_obstacle(folder: Path) -> None:
    settings = Settings(home=folder / ("x" * LONGEST_SOCKET))
    running = start_server(settings)
    assert settings.home not in running.socket.parents
    assert running.socket.stat().st_mode & 0o777 == 0o700
    with connect(database_url(settings)) as conn:
        assert fetch(conn, WHO)[0]["name"] == "popbase_pipeline"
    stop_server(settings)
    shutil.rmtree(running.socket)


@only_root
def test_a_closed_home_stays_closed(folder: Path) -> None:
    accounts = pwd.getpwall()
    (folder / "closed").mkdir(mode=0o700)
    settings = Settings(home=folder / "closed" / "home")
    running = start_server(settings)
    assert settings.home not in running.data.parents
    assert (folder / "closed").stat().st_mode & 0o777 == 0o700
    assert (
        (settings.home / "postgres.elsewhere")
        .read_text(encoding="utf-8")
        .startswith(str(running.data.parent))
    )
    assert running.data.stat().st_uid != 0
    assert pwd.getpwall() == accounts
    assert start_server(settings) == running


@only_root
def test_binaries_in_a_closed_folder_are_copied(folder: Path) -> None:
    packages = folder / "closed"
    packages.mkdir(mode=0o700)
    for name in (WHEEL, f"{WHEEL}.libs"):
        shutil.copytree(find_package().with_name(name), packages / name, symlinks=True)
    home = folder / "closed" / "home"
    start_elsewhere(home, PYTHONPATH=str(packages))
    with connect(database_url(Settings(home=home))) as conn:
        assert fetch(conn, WHO)[0]["name"] == "popbase_pipeline"
    root = root_of(home)
    assert root is not None
    assert list(root.glob(f"binaries/*/{WHEEL}/*/bin/postgres"))


def find_package() -> Path:
    import importlib.util

    spec = importlib.util.find_spec(WHEEL)
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0])


@only_root
def test_a_plain_account_runs_its_own_server(folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    step_down = (
        f"import encodings.idna, os, pipelines.store.embedded; os.setgroups([]); os.setgid({nobody.pw_gid});"
    )
    script = step_down + f"os.setuid({nobody.pw_uid});" + START
    subprocess.run(
        [sys.executable, "-c", script, str(folder / "home")], cwd=ROOT, check=True, capture_output=True
    )
    running = server_status(Settings(home=folder / "home"))
    assert running is not None
    assert running.data.stat().st_uid == nobody.pw_uid


def test_without_binaries_the_hint_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(DependencyMissing, match="POPBASE_PG_BIN"):
        start_server(Settings(home=tmp_path, pg_bin=tmp_path))


def test_several_that_open_the_first_time_all_find_the_schema(folder: Path) -> None:
    script = (
        "import sys, pathlib; from pipelines.settings import Settings;"
        "from pipelines.store.database import open_database; from pipelines.store.publication import pointer\n"
        "with open_database(Settings(home=pathlib.Path(sys.argv[1]))) as conn: print(pointer(conn))"
    )
    command = [sys.executable, "-c", script, str(folder / "home")]
    opening = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [one.communicate()[0].strip() for one in opening] == ["0"] * 4
