"""The backups a second time, encrypted: for a place that popbase's keepers do not keep.

`<to>/<name>.sealed` for every file of the backup folder, a base backup being one file, and `index.sealed`, which names
them all, so that a file that is gone is told. What the backup folder no longer has goes from the copy too.
"""

from __future__ import annotations

import json
import os
import shutil
import tarfile
from typing import TYPE_CHECKING, Any, Final

from pipelines.errors import DependencyMissing, UsageError
from pipelines.store.backup_folder import BackupFolder
from pipelines.store.sealing import SealingWriter, UnsealingReader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INDEX: Final = "index"
SEALED: Final = ".sealed"
_CHANGING: Final = ("keys", "cluster.json")
"""Small files that are sealed anew each time."""
HINT: Final = "docs/how-to/back-up.md"


def is_sealed(folder: Path) -> bool:
    """Whether a folder is such a copy."""
    return (folder / f"{INDEX}{SEALED}").exists()


def seal_copy(folder: BackupFolder, to: Path, key: bytes) -> dict[str, Any]:
    """Bring the encrypted copy up to the backup folder; what is there already is not written again.

    Returns {"folder", "files": sealed now, "deleted", "bytes": written}.

    Raises:
        UsageError: the copy was sealed with another key, or lies inside the backup folder.
    """
    if to == folder.root or folder.root in to.parents:
        raise UsageError(
            "the encrypted copy lies inside of what it copies", hint="--encrypt-to another folder"
        )
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    known = set(_index(to, key)) if is_sealed(to) else set()
    names = list(_names(folder))
    fresh = [n for n in names if n not in known or n.split("/")[0] in _CHANGING or not _path(to, n).exists()]
    written = sum(_seal(folder, to, key, name) for name in fresh)
    written += _write(to, key, INDEX, lambda out: out.write(json.dumps(sorted(names)).encode()) and None)
    gone = _delete_others(to, set(names))
    return {"folder": str(to), "files": len(fresh), "deleted": gone, "bytes": written}


def _names(folder: BackupFolder) -> Iterator[str]:
    """Files that are whole, by name; a base backup counts as one that ends in `.tar`."""
    for path in sorted(folder.base.glob("*.json")):
        yield f"base/{path.name}"
        yield f"base/{path.stem}.tar"
    for part in (folder.wal, folder.lake, folder.keys):
        for path in sorted(part.rglob("*")):
            if path.is_file() and not path.name.startswith(".") and path.suffix != ".part":
                yield str(path.relative_to(folder.root))
    if (folder.root / "cluster.json").exists():
        yield "cluster.json"


def _seal(folder: BackupFolder, to: Path, key: bytes, name: str) -> int:
    source = folder.root / name
    if name.startswith("base/") and name.endswith(".tar"):
        return _write(to, key, name, lambda out: _pack(source.with_suffix(""), out))
    return _write(to, key, name, lambda out: _copy(source, out))


def _pack(base: Path, out: SealingWriter) -> None:
    with tarfile.open(fileobj=out, mode="w|") as tar:
        tar.add(base, arcname=".")


def _copy(source: Path, out: SealingWriter) -> None:
    with source.open("rb") as file:
        shutil.copyfileobj(file, out, 1 << 20)


def _write(to: Path, key: bytes, name: str, fill: Any) -> int:
    """Whole and on disk, or not there."""
    target = _path(to, name)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    with part.open("wb") as file:
        with SealingWriter(file, key, name) as out:
            fill(out)
        file.flush()
        os.fsync(file.fileno())
        size = file.tell()
    part.replace(target)
    return size


def _path(to: Path, name: str) -> Path:
    return to / f"{name}{SEALED}"


def _index(to: Path, key: bytes) -> list[str]:
    with _path(to, INDEX).open("rb") as file, UnsealingReader(file, key, INDEX) as told:
        names: list[str] = json.loads(told.readall() or b"[]")
    return names


def _delete_others(to: Path, names: set[str]) -> int:
    kept = {_path(to, name) for name in (*names, INDEX)}
    gone = [path for path in to.rglob("*") if path.is_file() and path not in kept]
    for path in gone:
        path.unlink()
    return len(gone)


def open_copy(sealed: Path, key: bytes, into: Path) -> BackupFolder:
    """Decrypt a copy into a folder, as the backup folder it was made of.

    Raises:
        DependencyMissing: another key, or a file that was changed or is gone.
    """
    for name in _index(sealed, key):
        source = _path(sealed, name)
        if not source.exists():
            raise DependencyMissing(f"{source.name} is gone from the encrypted copy", hint=HINT)
        with source.open("rb") as file, UnsealingReader(file, key, name) as told:
            _lay(told, into / name)
    for part in ("base", "wal", "lake", "keys"):
        (into / part).mkdir(parents=True, exist_ok=True)
    return BackupFolder(into)


def _lay(told: UnsealingReader, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if target.parent.name == "base" and target.suffix == ".tar":
        with tarfile.open(fileobj=told, mode="r|") as tar:
            tar.extractall(target.with_suffix(""), filter="tar")
        while told.read(1 << 20):  # what the archive is padded with is proven too
            pass
        return
    with target.open("wb") as file:
        shutil.copyfileobj(told, file, 1 << 20)
