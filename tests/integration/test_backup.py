"""Backups of a real server: the archive, the mirror of the lake, a moment had back, damage told."""

from __future__ import annotations

import io
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines.errors import DependencyMissing, UsageError
from pipelines.settings import Settings
from pipelines.store.backing_up import back_up, bases_of
from pipelines.store.backup_folder import BackupFolder
from pipelines.store.base_check import manifest_faults
from pipelines.store.database import database_url, front_database_url
from pipelines.store.embedded import ADMIN, server_url, start_server, stop_server
from pipelines.store.lake import Lake
from pipelines.store.mirror import catch_up, lay_back, prune, set_mirror
from pipelines.store.postgres import connect, execute, fetch
from pipelines.store.restoring import restore
from pipelines.store.sealed_copy import open_copy, seal_copy
from pipelines.store.sealing import read_key
from tests.acceptance.ground import autocommit

ROWS = "select a from kept order by a"


@pytest.fixture(scope="module")
def home() -> Iterator[Settings]:
    """A home with a table of its own, backed up once."""
    folder = Path(tempfile.mkdtemp(prefix="popbase-test-"))
    folder.chmod(0o755)  # the server's account looks in
    settings = Settings(home=folder / "home")
    start_server(settings)
    with autocommit(server_url(settings, "postgres", ADMIN)) as cursor:
        cursor.execute("alter system set fsync = off")  # no machine is lost here
        cursor.execute("select pg_reload_conf()")
    write(settings, "create table kept (a text)", "insert into kept values ('before')")
    Lake(settings.lake).write("raw/first", pl.DataFrame({"a": [1]}))
    back_up(settings, None, keep=2)
    yield settings
    for path in (settings.home, *folder.glob("restored*")):
        stop_server(Settings(home=path))
    shutil.rmtree(folder)


def write(settings: Settings, *statements: str) -> None:
    for statement in statements:
        with connect(front_database_url(settings)) as conn:
            execute(conn, statement)


def backups(settings: Settings) -> BackupFolder:
    return BackupFolder(settings.home / "backup")


def switch(settings: Settings) -> None:
    """Close the segment and wait until the archive has it."""
    back_up(settings, None, keep=9)


def test_a_moment_is_had_back_and_nothing_after_it(home: Settings) -> None:
    write(home, "insert into kept values ('in time')")
    Lake(home.lake).write("raw/second", pl.DataFrame({"a": [1]}))
    moment = datetime.now(UTC)
    time.sleep(0.01)
    write(home, "insert into kept values ('late')", "drop table kept", "create table kept (a text)")
    Lake(home.lake).write("raw/second", pl.DataFrame({"a": [2]}))
    shutil.rmtree(home.lake / "raw")
    switch(home)
    made = restore(home, backups(home), home.home.with_name("restored"), moment)
    there = Settings(home=Path(made["home"]))
    with connect(front_database_url(there)) as conn:
        assert fetch(conn, ROWS) == [{"a": "before"}, {"a": "in time"}]
    lake = Lake(there.lake)
    assert (lake.read("raw/first")["a"].item(), lake.read("raw/second")["a"].item()) == (1, 1)
    assert database_url(there) != database_url(home)


def test_an_encrypted_copy_tells_nothing_and_is_opened_with_its_key(home: Settings, tmp_path: Path) -> None:
    secret, copy, into = b"k" * 64, tmp_path / "copy", home.home.with_name("never")
    Lake(home.lake).write("raw/secret", pl.DataFrame({"a": ["a marker in the lake"]}))
    seal_copy(backups(home), copy, secret)
    assert seal_copy(backups(home), copy, secret)["files"] <= 2  # the note of the cluster, a public key
    sealed = [path for path in copy.rglob("*") if path.is_file()]
    assert all(path.suffix == ".sealed" and b"marker" not in path.read_bytes() for path in sealed)
    opened = open_copy(copy, secret, tmp_path / "opened")
    assert tree(opened.root) == tree(backups(home).root)
    with pytest.raises(UsageError, match="is encrypted"):
        restore(home, BackupFolder(copy), into, None)


def tree(folder: Path) -> dict[str, bytes | None]:
    """Every folder and every file with its bytes."""
    paths = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.suffix != ".part"}
    return {name: path.read_bytes() if path.is_file() else None for name, path in paths.items()}


def test_an_encrypted_copy_that_lost_a_file_or_has_another_key_is_not_restored(
    home: Settings, tmp_path: Path
) -> None:
    key, copy, into = tmp_path / "key", tmp_path / "copy", home.home.with_name("never")
    key.write_text("k" * 64)
    folder = BackupFolder(tmp_path / "kept")
    (folder.wal).mkdir(parents=True)
    (folder.wal / "1.gz").write_bytes(b"one")
    seal_copy(folder, copy, read_key(key))
    with pytest.raises(UsageError, match="inside of what it copies"):
        seal_copy(folder, folder.root / "copy", read_key(key))
    with pytest.raises(DependencyMissing, match="cannot be opened"):
        seal_copy(folder, copy, b"o" * 32)
    (copy / "wal" / "1.gz.sealed").unlink()
    with pytest.raises(DependencyMissing, match="gone from the encrypted copy"):
        restore(replace(home, backup_key_file=key), BackupFolder(copy), into, None)
    assert not into.exists()


@pytest.mark.long
def test_a_restored_home_is_backed_up_to_a_folder_of_its_own(home: Settings) -> None:
    made = restore(home, backups(home), home.home.with_name("restored-again"), None)
    with pytest.raises(UsageError, match="another cluster"):
        back_up(Settings(home=Path(made["home"])), home.home / "backup", keep=2)


@pytest.mark.parametrize(
    ("moment", "said"),
    [(timedelta(days=-1), "no base backup before"), (timedelta(days=1), "the archive ends before")],
)
def test_a_moment_that_cannot_be_had_back_is_told_and_nothing_stays(
    home: Settings, moment: timedelta, said: str
) -> None:
    into = home.home.with_name("never")
    with pytest.raises(UsageError, match=said):
        restore(home, backups(home), into, datetime.now(UTC) + moment)
    assert not into.exists()


def test_a_damaged_base_backup_is_not_restored(home: Settings) -> None:
    base = bases_of(backups(home))[-1].folder
    assert list(manifest_faults(base)) == []
    victim = next(base.rglob("pg_filenode.map"))
    whole = victim.read_bytes()
    victim.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    try:
        with pytest.raises(DependencyMissing, match=r"damaged|pg_verifybackup failed"):
            restore(home, backups(home), home.home.with_name("never"), None)
    finally:
        victim.write_bytes(whole)


@pytest.mark.long
def test_older_base_backups_go_with_what_only_they_needed(home: Settings) -> None:
    segments = {path.name for path in backups(home).wal.iterdir()}
    assert back_up(home, None, keep=1)["deleted"] >= 1
    (base,) = bases_of(backups(home))
    left = {path.name for path in backups(home).wal.iterdir() if ".backup." not in path.name}
    assert segments - left
    assert all(name >= base.first_segment for name in left)


def test_an_archive_that_takes_nothing_is_told(home: Settings) -> None:
    wal = backups(home).wal
    wal.rename(wal.with_name("gone"))
    wal.write_text("a file where the folder was")
    try:
        with pytest.raises((DependencyMissing, UsageError, OSError)):
            back_up(home, None, keep=9)
    finally:
        wal.unlink()
        wal.with_name("gone").rename(wal)


def test_a_server_of_a_dba_is_not_ours_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="DBA"):
        back_up(Settings(home=tmp_path, database_url="postgresql://nowhere"), None, keep=2)


def test_what_is_kept_for_speed_alone_has_no_mirror(tmp_path: Path) -> None:
    lake, mirror = tmp_path / "lake", tmp_path / "mirror"
    for name in ("contents/one", "state/two", "bytes/three"):
        (lake / name).parent.mkdir(parents=True)
        (lake / name).write_bytes(b"1")
    assert catch_up(lake, mirror) == 1
    assert lay_back(mirror, tmp_path / "again", time.time_ns()) == 1
    assert [path.name for path in (tmp_path / "again").rglob("*") if path.is_file()] == ["three"]


def test_the_mirror_has_the_lake_of_every_moment(tmp_path: Path) -> None:
    lake, mirror = Lake(tmp_path / "lake"), tmp_path / "mirror"
    lake.write("raw/early", pl.DataFrame({"a": [0]}))
    set_mirror(lake.root, mirror)
    assert (catch_up(lake.root, mirror), catch_up(lake.root, mirror)) == (1, 0)
    moments = []
    for n in (1, 2, 3):
        lake.write("raw/one", pl.DataFrame({"a": [n]}))
        lake.put_bytes(io.BytesIO(b"the same"))
        moments.append(time.time_ns())
    for n, moment in enumerate(moments, 1):
        assert lay_back(mirror, tmp_path / f"lake{n}", moment) == 3
        assert Lake(tmp_path / f"lake{n}").read("raw/one")["a"].item() == n
    assert prune(mirror, lake.root, moments[1]) == 1
    assert lay_back(mirror, tmp_path / "again", moments[1]) == 3
