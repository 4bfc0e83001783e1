"""Whether a base backup is whole: by pg_verifybackup where it runs, else by the same list of hashes.

The wheel's pg_verifybackup 18.4 ends with a segmentation fault, even for --version.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from pipelines.errors import DependencyMissing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.store.placement import Placement

_MANIFEST: Final = "backup_manifest"
_SUM: Final = b'"Manifest-Checksum"'
_BESIDE: Final = {_MANIFEST, "postgresql.auto.conf", "recovery.signal", "standby.signal"}
HINT: Final = "this base backup cannot be used; popbase restore --to-time of an earlier one's days can"


def check_base(where: Placement, folder: Path) -> None:
    """Compare a base backup with the manifest the server wrote for it.

    Raises:
        DependencyMissing: the first file that is gone, too many or other than it was.
    """
    program = str(where.binaries / "pg_verifybackup")
    if where.run(program, "--version").returncode == 0:
        where.postgres("pg_verifybackup", "--exit-on-error", str(folder))
        return
    fault = next(manifest_faults(folder), None)
    if fault is not None:
        raise DependencyMissing(f"the base backup {folder.name} is damaged: {fault}", hint=HINT)


def manifest_faults(folder: Path) -> Iterator[str]:
    """What differs from the manifest; it names sizes and SHA-256 of all files but those of pg_wal."""
    try:
        told = (folder / _MANIFEST).read_bytes()
        manifest: dict[str, Any] = json.loads(told)
    except (OSError, ValueError):
        yield f"{_MANIFEST} cannot be read"
        return
    if hashlib.sha256(told[: told.rindex(_SUM)]).hexdigest() != manifest["Manifest-Checksum"]:
        yield f"{_MANIFEST} was changed"
    listed = {entry["Path"]: entry for entry in manifest["Files"] if entry["Path"] not in _BESIDE}
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    there = {name for name in there if not name.startswith("pg_wal/")} - _BESIDE
    yield from (f"{name} is gone" for name in sorted(listed.keys() - there))
    yield from (f"{name} does not belong to it" for name in sorted(there - listed.keys()))
    yield from (f"{name} was changed" for name in sorted(listed) if not _is_as_listed(folder, listed[name]))


def _is_as_listed(folder: Path, entry: dict[str, Any]) -> bool:
    path = folder / entry["Path"]
    if not path.exists() or path.stat().st_size != entry["Size"]:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == str(entry["Checksum"])
