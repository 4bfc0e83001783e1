"""How the embedded server is reached: its port and passwords, kept in one file that only its owner reads."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import socket
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

LONGEST_SOCKET = 100
"""Bytes of a socket's path; the kernel's limit is 107."""


@dataclass(frozen=True)
class Address:
    """How to reach it.

    Attributes:
        port: of the socket's name and of TCP on the loopback.
        passwords: by role.
        is_complete: whether the cluster has all its databases; a start may be killed before.
    """

    port: int
    passwords: dict[str, str] = field(default_factory=dict)
    is_complete: bool = False


def read_address(home: Path) -> Address | None:
    """The address; None before the first start."""
    path = _path(home)
    if not path.exists():
        return None
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return Address(**kept)


def write_address(home: Path, address: Address) -> None:
    """Keep the address, mode 0600, for the home's owner."""
    part = _path(home).with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as kept:
        json.dump(asdict(address), kept)
    if os.geteuid() == 0:
        owner = home.stat()
        os.chown(part, owner.st_uid, owner.st_gid)
    part.replace(_path(home))


def _path(home: Path) -> Path:
    return home / "postgres.json"


def new_password() -> str:
    """A random password that needs no quoting anywhere."""
    return secrets.token_hex(16)


def free_port(wanted: int | None = None) -> int:
    """`wanted` when nobody listens there, else any free port of the loopback."""
    for port in (wanted, 0):
        if port is None:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise OSError("no free port")


def socket_folder(root: Path) -> Path:
    """Folder of the socket: in the cluster's folder, or one below the temp folder when the path is too long."""
    inside = root / "socket"
    if len(os.fsencode(inside / ".s.PGSQL.65535")) <= LONGEST_SOCKET:
        return inside
    name = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"popbase-{name}"


def socket_url(folder: Path, port: int, role: str, database: str, password: str | None = None) -> str:
    """A URL by the socket."""
    user = role if password is None else f"{role}:{password}"
    return f"postgresql://{user}@/{database}?host={quote(str(folder), safe='/')}&port={port}"


def tcp_url(port: int, role: str, password: str, database: str) -> str:
    """A URL by TCP on the loopback."""
    return f"postgresql://{role}:{password}@127.0.0.1:{port}/{database}"


def listens(folder: Path, port: int) -> bool:
    """Whether somebody answers at the socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(folder / f".s.PGSQL.{port}"))
        except OSError:
            return False
    return True
