"""Base backups of the embedded server beside an archive of its write-ahead log, and the lake's mirror.

A base backup is a copy of the cluster while it works (pg_basebackup), checked against its own list of hashes
(see base_check.py). With the archive any moment after it can be had back, see restoring.py.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from pipelines.errors import DependencyMissing, UsageError
from pipelines.store import address as at
from pipelines.store.backup_folder import BackupFolder, backup_of, note_backup
from pipelines.store.base_check import check_base
from pipelines.store.embedded import ADMIN, archiving, configure, server_url, start_server
from pipelines.store.mirror import catch_up, prune, set_mirror
from pipelines.store.placement import Placement, place
from pipelines.store.postgres import connect, execute, fetch
from pipelines.store.turns import turn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.settings import Settings

LONGEST_ARCHIVING: Final = 60
"""Seconds after which a segment that is not in the archive is a fault."""
_CLUSTER: Final = """
select system_identifier::text as system, timeline_id as timeline
from pg_control_system(), pg_control_checkpoint()
"""
_ARCHIVED: Final = """
select archived_count, failed_count, last_archived_wal >= %s as is_there from pg_stat_archiver
"""
HINT: Final = "docs/how-to/back-up.md"


@dataclass(frozen=True)
class Base:
    """A base backup; moments from `ended_at` on can be had back from it."""

    folder: Path
    began_at: datetime
    ended_at: datetime

    @property
    def facts(self) -> Path:
        """What is known of it."""
        return self.folder.with_suffix(".json")

    @property
    def first_segment(self) -> str:
        """The first segment of the write-ahead log that it needs."""
        label = (self.folder / "backup_label").read_text(encoding="utf-8")
        return label.split("(file ", 1)[1].split(")", 1)[0]


def bases_of(folder: BackupFolder) -> list[Base]:
    """The complete base backups, oldest first."""
    return sorted(_read_bases(folder), key=lambda base: base.began_at)


def _read_bases(folder: BackupFolder) -> Iterator[Base]:
    for facts in folder.base.glob("*.json"):
        told = json.loads(facts.read_text(encoding="utf-8"))
        began, ended = (datetime.fromisoformat(told[name]) for name in ("began_at", "ended_at"))
        if facts.with_suffix("").is_dir():
            yield Base(facts.with_suffix(""), began, ended)


def back_up(settings: Settings, to: Path | None, keep: int) -> dict[str, Any]:
    """Take a base backup; archiving and the lake's mirror begin with the first one.

    Args:
        settings: where everything is.
        to: the folder; default is the one used before, or `backup` in the home.
        keep: how many base backups stay; what only older ones need is deleted.

    Returns {"folder", "base", "bytes", "lake_files", "deleted": base backups, "seconds", "is_same_disk"}.

    Raises:
        UsageError: on a DBA's server; when the folder belongs to another cluster, or its account cannot write there.
        DependencyMissing: when a program of PostgreSQL fails, or the archive takes nothing.
    """
    if settings.database_url is not None:
        raise UsageError("this server is its DBA's to back up, with the lake after it", hint=HINT)
    started = time.monotonic()
    start_server(settings)
    where, folder = place(settings), _folder(settings, to)
    with turn(settings, "backup"):
        _prepare(settings, where, folder)
        copied = catch_up(settings.lake, folder.lake)
        base = _take_base(settings, where, folder)
        _await_archive(settings)
        deleted = _delete_older(settings, where, folder, keep)
    return {
        "folder": str(folder.root),
        "base": base.folder.name,
        "bytes": sum(path.stat().st_size for path in base.folder.rglob("*") if path.is_file()),
        "lake_files": copied,
        "deleted": deleted,
        "seconds": round(time.monotonic() - started, 1),
        "is_same_disk": folder.root.stat().st_dev == settings.home.stat().st_dev,
    }


def _folder(settings: Settings, to: Path | None) -> BackupFolder:
    return BackupFolder(to) if to else backup_of(settings.home) or BackupFolder(settings.home / "backup")


def _prepare(settings: Settings, where: Placement, folder: BackupFolder) -> None:
    """Make the folder, and let the server archive and the lake mirror into it."""
    _make_folders(where, folder)
    with connect(server_url(settings, "postgres", ADMIN)) as conn:
        if fetch(conn, "show archive_mode")[0]["archive_mode"] == "off":
            hint = "popbase database stop, then popbase backup: it starts again with archiving"
            raise UsageError("this server was started before there were backups", hint=hint)
        _belong_to(folder, fetch(conn, _CLUSTER)[0])
    note_backup(settings.home, folder)
    kept = at.read_address(settings.home)
    configure(where, kept.port if kept else 0, archiving(settings.home, where))
    where.postgres("pg_ctl", "reload", "-D", str(where.data))
    set_mirror(settings.lake, folder.lake)
    public = settings.signing_key.with_suffix(".pub")
    if public.exists():
        shutil.copyfile(public, folder.keys / public.name)


def _make_folders(where: Placement, folder: BackupFolder) -> None:
    """What the server writes is its account's, the rest is ours; nobody else reads any of it."""
    folder.root.mkdir(mode=0o711, parents=True, exist_ok=True)
    for part in (folder.base, folder.wal, folder.lake, folder.keys):
        part.mkdir(mode=0o700, exist_ok=True)
    for part in (folder.base, folder.wal):
        if where.account is not None:
            os.chown(part, where.account.pw_uid, where.account.pw_gid)
        if where.run("/bin/sh", "-c", 'test -w "$1" && test -x "$1"', "sh", str(part)).returncode:
            account = where.account.pw_name if where.account else "the server's account"
            raise UsageError(
                f"{account} cannot write to {part}", hint="popbase backup --to FOLDER, where it can"
            )


def _belong_to(folder: BackupFolder, cluster: dict[str, Any]) -> None:
    """One folder holds one line of history: what was restored goes on in a folder of its own."""
    note = folder.root / "cluster.json"
    if not note.exists():
        note.write_text(json.dumps(cluster) + "\n", encoding="utf-8")
    if json.loads(note.read_text(encoding="utf-8")) != cluster:
        raise UsageError(
            f"{folder.root} holds the backups of another cluster, or of this one before it was restored",
            hint="popbase backup --to FOLDER, a new one",
        )


def _take_base(settings: Settings, where: Placement, folder: BackupFolder) -> Base:
    server = start_server(settings)
    began = datetime.now(UTC)
    name = began.strftime("%Y%m%dT%H%M%S%fZ")
    part, made = folder.base / f"{name}.part", folder.base / name
    where.run("/bin/sh", "-c", 'rm -rf "$1"/*.part', "sh", str(folder.base))
    where.postgres(
        "pg_basebackup", "-D", str(part), "-h", str(server.socket), "-p", str(server.port), "-U", ADMIN,
        "--no-password", "--checkpoint=fast", "--wal-method=stream", "--manifest-checksums=SHA256",
    )  # fmt: skip
    check_base(where, part)
    where.run("/bin/mv", str(part), str(made))
    base = Base(made, began, datetime.now(UTC))
    told = {"began_at": base.began_at.isoformat(), "ended_at": base.ended_at.isoformat()}
    where.write(base.facts, json.dumps(told) + "\n")
    return base


def _await_archive(settings: Settings) -> None:
    """Close a segment and see it in the archive: a backup whose archive takes nothing ends with a fault."""
    url = server_url(settings, "postgres", ADMIN)
    with connect(url) as conn:
        execute(conn, "select pg_logical_emit_message(true, 'popbase', 'backup')")
    with connect(url) as conn:
        failed = fetch(conn, _ARCHIVED, ("",))[0]["failed_count"]
        segment = fetch(conn, "select pg_walfile_name(pg_switch_wal()) as name")[0]["name"]
    until = time.monotonic() + LONGEST_ARCHIVING
    while time.monotonic() < until:
        with connect(url) as conn:
            told = fetch(conn, _ARCHIVED, (segment,))[0]
        if told["is_there"]:
            return
        if told["failed_count"] > failed + 1:
            break
        time.sleep(0.2)
    raise DependencyMissing("the archive does not take the write-ahead log", hint=f"its log says why; {HINT}")


def _delete_older(settings: Settings, where: Placement, folder: BackupFolder, keep: int) -> int:
    """Delete base backups but the newest, and what of the archive and the mirror only they needed."""
    bases = bases_of(folder)
    older, oldest = bases[:-keep], bases[-keep:][0]
    for base in older:
        where.run("/bin/rm", "-rf", str(base.facts), str(base.folder))
    if older:
        where.postgres("pg_archivecleanup", "-x", ".gz", str(folder.wal), oldest.first_segment)
        prune(folder.lake, settings.lake, int(oldest.began_at.timestamp() * 1e9))
    return len(older)
