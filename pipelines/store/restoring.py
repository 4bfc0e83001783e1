"""A home as it was at a moment: a base backup, the archived log after it, and the lake's versions up to then.

The home that was backed up is not touched; the restored one has its own server, port and passwords.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from pipelines.contract.load import load_contracts
from pipelines.errors import DependencyMissing, UsageError
from pipelines.store import address as at
from pipelines.store.access import departments, ensure_logins
from pipelines.store.backing_up import Base, bases_of
from pipelines.store.backup_folder import archive_settings
from pipelines.store.base_check import check_base
from pipelines.store.embedded import ADMIN, configure, server_status, server_url, start_server
from pipelines.store.mirror import lay_back
from pipelines.store.placement import Placement, place
from pipelines.store.postgres import connect, fetch, has_table
from pipelines.store.sealed_copy import is_sealed, open_copy
from pipelines.store.sealing import read_key

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.settings import Settings
    from pipelines.store.backup_folder import BackupFolder

LONGEST_RECOVERY: Final = 4 * 3600
"""Seconds."""
_RECOVERY: Final = """\
hot_standby = off  # the server is ready when it has come to the moment
restore_command = 'gzip -dc "{wal}/%f.gz" > "%p" 2>/dev/null'
recovery_target_action = 'promote'
"""
_TOO_LATE: Final = "recovery ended before configured recovery target was reached"
_LAST: Final = re.compile(r"last completed transaction was at log time (\S+ \S+)\+00")


def restore(settings: Settings, folder: BackupFolder, into: Path, moment: datetime | None) -> dict[str, Any]:
    """Make a new home as the backed-up one was at a moment.

    Args:
        settings: of the new home all but its place.
        folder: the backups, or their encrypted copy.
        into: the new home, which is empty or not there.
        moment: with a time zone; None for the end of the archive.

    Returns {"home", "base", "last_commit_at", "publication", "lake_files", "seconds"}; `last_commit_at` is of the last
    transaction that was applied after the base backup, None where there was none.

    Raises:
        UsageError: when there is no base backup before the moment, the archive ends before it, or `into` is in use.
        DependencyMissing: when a program of PostgreSQL fails: a backup that was damaged, too.
    """
    started = time.monotonic()
    if into.exists() and any(into.iterdir()):
        raise UsageError(f"{into} is not empty", hint="--into a new folder; the old home stays as it is")
    home = replace(settings, home=into, database_url=None)
    if is_sealed(folder.root):
        return _restore_sealed(home, folder, moment, started)
    base = _base_for(folder, moment)
    where = place(home)
    try:
        _recover(home, where, folder, base, moment)
    except BaseException:
        _remove(home, where)
        raise
    return _lay_lake(home, where, folder, base, moment) | {"seconds": round(time.monotonic() - started, 1)}


def _restore_sealed(
    home: Settings, folder: BackupFolder, moment: datetime | None, started: float
) -> dict[str, Any]:
    """From an encrypted copy, by way of a decrypted one beside the new cluster, which is removed afterwards."""
    if home.backup_key_file is None:
        raise UsageError(
            f"{folder.root} is encrypted", hint="--key FILE, or POPBASE_BACKUP_KEY_FILE names its key"
        )
    key = read_key(home.backup_key_file)
    where = place(home)
    try:
        plain = open_copy(folder.root, key, where.root / "opened")
        _give_to_account(where, plain)
        base = _base_for(plain, moment)
        _recover(home, where, plain, base, moment)
        made = _lay_lake(home, where, plain, base, moment)
    except BaseException:
        _remove(home, where)
        raise
    shutil.rmtree(plain.root)
    return made | {"seconds": round(time.monotonic() - started, 1)}


def _give_to_account(where: Placement, folder: BackupFolder) -> None:
    """The server reads base backups and the archive by itself."""
    if where.account is not None:
        for part in (folder.base, folder.wal):
            for path in (folder.root, part, *part.rglob("*")):
                os.chown(path, where.account.pw_uid, where.account.pw_gid, follow_symlinks=False)


def _remove(home: Settings, where: Placement) -> None:
    where.run(str(where.binaries / "pg_ctl"), "stop", "-m", "immediate", "-D", str(where.data))
    shutil.rmtree(where.root)
    shutil.rmtree(home.home, ignore_errors=True)


def _lay_lake(
    home: Settings, where: Placement, folder: BackupFolder, base: Base, moment: datetime | None
) -> dict[str, Any]:
    """The lake and the public keys, after the database; what `restore` tells."""
    until = int(moment.timestamp() * 1_000_000) * 1000 + 999 if moment else time.time_ns()
    files = lay_back(folder.lake, home.lake, until)
    shutil.copytree(folder.keys, home.signing_key.parent, dirs_exist_ok=True)
    return {
        "home": str(home.home),
        "base": base.folder.name,
        "last_commit_at": _last_commit(where),
        "publication": _open_again(home),
        "lake_files": files,
    }


def _base_for(folder: BackupFolder, moment: datetime | None) -> Base:
    """The newest base backup that was complete at the moment."""
    bases = bases_of(folder)
    fitting = [base for base in bases if moment is None or base.ended_at <= moment]
    if fitting:
        return fitting[-1]
    if bases:
        first = bases[0].ended_at.isoformat(timespec="seconds")
        raise UsageError("there is no base backup before that moment", hint=f"the first is of {first}")
    raise UsageError(f"{folder.root} holds no base backup", hint="popbase backup makes one; or --from FOLDER")


def _recover(
    home: Settings, where: Placement, folder: BackupFolder, base: Base, moment: datetime | None
) -> None:
    check_base(where, base.folder)
    if where.run("/bin/cp", "-a", str(base.folder), str(where.data)).returncode:
        raise DependencyMissing(f"{base.folder} cannot be copied to {where.root}", hint="is there room?")
    address = at.Address(at.free_port())
    at.write_address(home.home, address)
    configure(where, address.port, archive_settings(where.data, None) + _recovery(folder, moment))
    where.write(where.data / "recovery.signal", "")
    log = str(where.root / "log")
    where.run(str(where.binaries / "pg_ctl"), "start", "-w", "-D", str(where.data), "-l", log)
    _await_moment(home, where)


def _await_moment(home: Settings, where: Placement) -> None:
    """Until the server has come to the moment: pg_ctl returns when recovery has begun."""
    until = time.monotonic() + LONGEST_RECOVERY
    while server_status(home) is None:
        is_up = where.run(str(where.binaries / "pg_ctl"), "status", "-D", str(where.data)).returncode == 0
        if _TOO_LATE in _log(where):
            hint = "leave --to-time out to restore all there is"
            raise UsageError("the archive ends before that moment", hint=hint)
        if not is_up or time.monotonic() > until:
            last = (_log(where).splitlines() or ["it says nothing"])[-1]
            raise DependencyMissing(f"recovery stopped: {last}", hint="docs/how-to/back-up.md")
        time.sleep(0.1)


def _recovery(folder: BackupFolder, moment: datetime | None) -> str:
    wal = str(folder.wal).replace("'", "''").replace("%", "%%")
    lines = _RECOVERY.format(wal=wal)
    if moment is None:
        return lines
    return lines + f"recovery_target_time = '{moment.astimezone(UTC).isoformat(sep=' ')}'\n"


def _log(where: Placement) -> str:
    return where.run("/bin/cat", str(where.root / "log")).stdout


def _last_commit(where: Placement) -> datetime | None:
    found = _LAST.findall(_log(where))
    return datetime.fromisoformat(f"{found[-1]}+00:00") if found else None


def _open_again(home: Settings) -> int | None:
    """Passwords of its own for every login; returns the publication that readers see."""
    start_server(home)
    with connect(server_url(home, "popbase", ADMIN)) as conn:
        if not has_table(conn, "publication.pointer"):
            return None
        ensure_logins(home, conn, departments(load_contracts(home.contracts)))
        return int(fetch(conn, "select number from publication.pointer")[0]["number"])
