"""Streams encrypted and authenticated with a key from a file: AES-256-GCM in chunks of a mebibyte.

Each stream has a key of its own, derived (HKDF-SHA-256, RFC 5869) from the office's key, a random salt and the stream's
name, so that one cannot stand in another's place. Nonces count the chunks and mark the last (the STREAM construction,
Hoang et al. 2015), so that chunks cannot be cut off, swapped or repeated.
"""

from __future__ import annotations

import io
import os
from typing import IO, TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pipelines.errors import DependencyMissing, UsageError

if TYPE_CHECKING:
    from pathlib import Path

MAGIC: Final = b"popbase sealed 1\n"
SALT: Final = 16
CHUNK: Final = 1 << 20
TAG: Final = 16
SHORTEST_KEY: Final = 32


def read_key(path: Path) -> bytes:
    """The key of a file, at least 32 bytes. UsageError when it is not there or shorter."""
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}", hint="openssl rand -hex 32 > FILE"
        ) from None
    if len(key) < SHORTEST_KEY:
        raise UsageError(f"{path.name} is too short a key", hint="openssl rand -hex 32 > FILE")
    return key


class SealingWriter(io.RawIOBase):
    """What is written goes to a stream encrypted; without `close` it is no whole stream."""

    def __init__(self, target: IO[bytes], key: bytes, name: str) -> None:
        salt = os.urandom(SALT)
        target.write(MAGIC + salt)
        self._target, self._cipher, self._count, self._held = target, _cipher(key, salt, name), 0, bytearray()

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: object) -> int:
        """Take bytes; whole chunks are written on."""
        taken = bytes(data)  # type: ignore[call-overload]
        self._held += taken
        while len(self._held) > CHUNK:
            self._put(bytes(self._held[:CHUNK]), last=False)
            del self._held[:CHUNK]
        return len(taken)

    def close(self) -> None:
        """Write the last chunk, once."""
        if not self.closed:
            self._put(bytes(self._held), last=True)
        super().close()

    def _put(self, chunk: bytes, *, last: bool) -> None:
        self._target.write(self._cipher.encrypt(_nonce(self._count, last=last), chunk, None))
        self._count += 1


class UnsealingReader(io.RawIOBase):
    """The bytes of a sealed stream, each chunk proven before it is given.

    Raises:
        DependencyMissing: another key, another name, or a stream that was changed or cut.
    """

    def __init__(self, source: IO[bytes], key: bytes, name: str) -> None:
        head = source.read(len(MAGIC) + SALT)
        if not head.startswith(MAGIC) or len(head) < len(MAGIC) + SALT:
            raise DependencyMissing(f"{name} is not sealed by popbase", hint="docs/how-to/back-up.md")
        self._source, self._name, self._count = source, name, 0
        self._cipher = _cipher(key, head[len(MAGIC) :], name)
        self._held, self._next = b"", source.read(CHUNK + TAG)
        if not self._next:
            raise DependencyMissing(f"{name} was cut", hint="docs/how-to/back-up.md")

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill the buffer as far as the present chunk goes; 0 at the end."""
        view = memoryview(buffer)  # type: ignore[arg-type]
        if not self._held and self._next:
            self._open_next()
        given = self._held[: len(view)]
        view[: len(given)] = given
        self._held = self._held[len(given) :]
        return len(given)

    def _open_next(self) -> None:
        sealed, self._next = self._next, self._source.read(CHUNK + TAG)
        try:
            nonce = _nonce(self._count, last=not self._next)
            self._held = self._cipher.decrypt(nonce, sealed, None)
        except InvalidTag:
            hint = "another key than it was sealed with, or the file was changed"
            raise DependencyMissing(f"{self._name} cannot be opened", hint=hint) from None
        self._count += 1


def _cipher(key: bytes, salt: bytes, name: str) -> AESGCM:
    derived = HKDF(algorithm=SHA256(), length=32, salt=salt, info=f"popbase backup\x1f{name}".encode())
    return AESGCM(derived.derive(key))


def _nonce(count: int, *, last: bool) -> bytes:
    return count.to_bytes(11, "big") + (b"\x01" if last else b"\x00")
