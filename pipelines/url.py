"""URLs of databases whose secrets lie in files, so that no environment, process list or log shows one."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from pipelines.errors import UsageError

SCHEMES: Final = ("postgresql", "postgres")
PROVEN: Final = {"sslmode": "verify-full", "require_auth": "scram-sha-256"}
"""With a CA at hand: the server proves by its certificate that it is the host of the URL, and never asks for a
password in the clear or hashed by MD5, so that whoever stands between learns nothing."""


def read_secret(path: str, variable: str) -> str:
    """The one line of a file; UsageError when it cannot be read or is empty."""
    try:
        secret = Path(path).read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"the file that {variable} names cannot be read", hint=path) from None
    if not secret:
        raise UsageError(f"the file that {variable} names is empty", hint=path)
    return secret


def with_password(url: str, password: str, variable: str) -> str:
    """The URL with the password in it.

    Raises:
        UsageError: for anything but a URL with a user and without a password.
    """
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or not parts.username or parts.password is not None:
        hint = "postgresql://USER@HOST/DATABASE, the password in the file alone"
        raise UsageError(f"{variable} needs a URL with a user and without a password", hint=hint)
    user, host = parts.netloc.split("@", 1)
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{host}"))


def with_proof(url: str, ca_file: str) -> str:
    """The URL by which the server has to prove who it is: TLS, a certificate of that CA for that host, SCRAM."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query)) | {"sslrootcert": ca_file} | PROVEN
    return urlunsplit(parts._replace(query=urlencode(options, safe="/")))
