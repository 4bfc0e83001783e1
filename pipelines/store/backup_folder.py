"""Where a home is backed up to: one folder, noted in the home; below it `base/`, `wal/`, `lake/` and `keys/`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SECONDS_AT_RISK: Final = 30
"""What was committed is in the archive after so many seconds, and what one segment takes to be copied."""
_SILENT: Final = """\
archive_mode = on  # changing it later would need a new start
archive_command = '/bin/true'
"""
_ARCHIVING: Final = """\
archive_mode = on
archive_command = '/bin/sh "{script}" "%p" "%f"'
archive_timeout = {seconds}
"""
_SCRIPT: Final = """\
#!/bin/sh
# PostgreSQL calls it with a segment's path and name. Whole and on disk, or not there; never another one's place.
set -eu
umask 077
target='{wal}'/"$2".gz
if [ -e "$target" ]; then
    gzip -dc "$target" | cmp -s - "$1"
    exit
fi
gzip -1 <"$1" >"$target.part"
sync "$target.part"
mv "$target.part" "$target"
sync '{wal}'
"""


@dataclass(frozen=True)
class BackupFolder:
    """The folder and its parts."""

    root: Path

    @property
    def base(self) -> Path:
        """Base backups, each a folder named by when it began."""
        return self.root / "base"

    @property
    def wal(self) -> Path:
        """The archive: segments of the write-ahead log, compressed."""
        return self.root / "wal"

    @property
    def lake(self) -> Path:
        """The lake's mirror."""
        return self.root / "lake"

    @property
    def keys(self) -> Path:
        """Public keys; private ones are never here."""
        return self.root / "keys"


def backup_of(home: Path) -> BackupFolder | None:
    """Where the home is backed up to; None where it is not."""
    try:
        noted = json.loads(_note(home).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return BackupFolder(Path(noted["folder"]))


def note_backup(home: Path, folder: BackupFolder) -> None:
    """From now on the home is backed up to that folder."""
    part = _note(home).with_suffix(".part")
    part.write_text(json.dumps({"folder": str(folder.root)}) + "\n", encoding="utf-8")
    part.replace(_note(home))


def _note(home: Path) -> Path:
    return home / "backup.json"


def archive_script(folder: BackupFolder) -> str:
    """The program that puts a segment into the archive."""
    return _SCRIPT.format(wal=str(folder.wal).replace("'", "'\\''"))


def archive_settings(script: Path, folder: BackupFolder | None) -> str:
    """Lines of the server's configuration."""
    if folder is None:
        return _SILENT
    quoted = str(script).replace("'", "''").replace("%", "%%")
    return _ARCHIVING.format(script=quoted, seconds=SECONDS_AT_RISK)
