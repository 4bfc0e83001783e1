"""The key that certificates are signed with: a file of the data office, never in the database."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pipelines.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.settings import Settings


def signing_key(settings: Settings) -> Ed25519PrivateKey:
    """The private key; where there is none yet, it is made, readable by its owner only, its public half beside it.

    Raises:
        UsageError: the file is no Ed25519 key, or only its public half is there, as in a restored home.
    """
    path = settings.signing_key
    if not path.exists() and path.with_suffix(".pub").exists():
        raise UsageError(
            f"{path.name} is gone, and what it signed would not fit a new one",
            hint="put the office's copy back",
        )
    if not path.exists():
        _make(path)
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{path.name} is no Ed25519 key", hint="POPBASE_SIGNING_KEY_FILE names a PEM file")
    if not path.with_suffix(".pub").exists():
        _write_public(path.with_suffix(".pub"), key)
    return key


def _write_public(path: Path, key: Ed25519PrivateKey) -> None:
    part = path.with_suffix(".pub.part")
    part.write_bytes(public_pem(key.public_key()))
    part.replace(path)


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    part = path.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(private)
    part.replace(path)


def public_pem(key: Ed25519PublicKey) -> bytes:
    """The public key as auditors keep it."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def public_key(path: Path) -> Ed25519PublicKey:
    """The public key of a PEM file; UsageError when it is none."""
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except (OSError, ValueError):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"{path.name} is no public Ed25519 key", hint="the office's signing.pub")
    return key


def signed(key: Ed25519PrivateKey, body: str) -> str:
    """The signature of a text, base64."""
    return base64.b64encode(key.sign(body.encode())).decode()


def is_signed(key: Ed25519PublicKey, body: str, signature: str) -> bool:
    """Whether the signature is that key's over the text."""
    try:
        key.verify(base64.b64decode(signature, validate=True), body.encode())
    except (InvalidSignature, ValueError):
        return False
    return True
