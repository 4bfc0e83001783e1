"""The lake's mirror: every file the lake keeps, kept a second time before anybody can rely on it.

The mirror holds versions, `<name>/<nanoseconds since 1970>`, because a file may be written anew under its name. The
lake of a moment is, of each name, the last version up to it. On the lake's own disk a version is a hard link.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Final

MARK: Final = ".mirror"
"""File in the lake's root that names the mirror's folder."""
NEVER: Final = ("contents", "state")
"""Folders of the lake that have no mirror: what is in them is kept for speed, and made again where it is missing."""
_ONCE: Final = "bytes"


def mirror_of(lake: Path) -> Path | None:
    """The lake's mirror; None where none is kept."""
    try:
        return Path((lake / MARK).read_text(encoding="utf-8").strip())
    except FileNotFoundError:
        return None


def set_mirror(lake: Path, folder: Path | None) -> None:
    """Keep every further file of the lake there too; None ends it."""
    if folder is None:
        (lake / MARK).unlink(missing_ok=True)
        return
    lake.mkdir(parents=True, exist_ok=True)
    part = lake / f"{MARK}.part"
    part.write_text(f"{folder}\n", encoding="utf-8")
    part.replace(lake / MARK)


def keep_version(source: Path, name: Path, mirror: Path, at: int | None = None) -> bool:
    """Keep a file as a version of that name; False where it need not be: of bytes by their hash one is enough.

    Args:
        source: the file, complete and on disk.
        name: its name below the lake's root.
        mirror: the mirror's folder.
        at: since when it is the file of that name, nanoseconds since 1970; default now.
    """
    folder = mirror / name
    if name.parts[0] in NEVER or (name.parts[0] == _ONCE and folder.exists() and any(_versions(folder))):
        return False
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    link_or_copy(source, folder / str(at or time.time_ns()))
    return True


def link_or_copy(source: Path, target: Path) -> None:
    """The same file under another name, or where the disk is another one a copy that is on it for good."""
    try:
        os.link(source, target)
    except FileExistsError:
        return
    except OSError:
        part = target.with_name(f".{target.name}.part")
        shutil.copyfile(source, part)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(target)


def catch_up(lake: Path, mirror: Path) -> int:
    """Bring files into the mirror that the lake kept before it had one; returns how many."""
    files = [path for path in lake.rglob("*") if path.is_file() and not path.name.startswith(".")]
    return sum(_catch_up_one(path, path.relative_to(lake), mirror) for path in sorted(files))


def _catch_up_one(path: Path, name: Path, mirror: Path) -> bool:
    try:
        written = path.stat().st_mtime_ns
    except FileNotFoundError:  # a run goes on meanwhile; what it keeps, it mirrors itself
        return False
    newest = max(_versions(mirror / name), default=0)
    return newest < written and keep_version(path, name, mirror, written)


def lay_back(mirror: Path, lake: Path, moment: int) -> int:
    """Make a lake as it was at a moment, nanoseconds since 1970; returns the number of files."""
    laid = 0
    for folder in _names(mirror):
        version = max((v for v in _versions(folder) if v <= moment), default=None)
        if version is not None:
            target = lake / folder.relative_to(mirror)
            target.parent.mkdir(parents=True, exist_ok=True)
            link_or_copy(folder / str(version), target)
            laid += 1
    return laid


def prune(mirror: Path, lake: Path, moment: int) -> int:
    """Delete versions that no moment from the given one on needs; returns how many.

    Needed are versions from the moment on, the last before it, and nothing older; of a name that the lake deleted
    since, the last before the moment goes too.
    """
    gone = 0
    for folder in _names(mirror):
        older = sorted(v for v in _versions(folder) if v < moment)
        is_there = (lake / folder.relative_to(mirror)).exists()
        for version in older[:-1] if is_there else older:
            (folder / str(version)).unlink()
            gone += 1
        if not any(folder.iterdir()):
            folder.rmdir()
    return gone


def _names(mirror: Path) -> list[Path]:
    return sorted({path.parent for path in mirror.rglob("*") if path.is_file() and path.name.isdigit()})


def _versions(folder: Path) -> list[int]:
    return [int(path.name) for path in folder.iterdir() if path.name.isdigit()] if folder.is_dir() else []
