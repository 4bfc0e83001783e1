"""TLS with SCRAM on a real server that has it: what is let in, and what is refused, by whom.

Debian's PostgreSQL is asked: the wheel's is built without TLS.
"""

from __future__ import annotations

import datetime as dt
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pipelines.errors import DependencyMissing
from pipelines.settings import settings_from_environment
from pipelines.store.address import free_port
from pipelines.store.database import database_url, open_database
from pipelines.store.postgres import connect, execute, fetch

FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
PASSWORD = "a:secret/with@signs"  # noqa: S105 - of a server that lives for seconds
ACCESS = """\
local   all all          peer map=boss
hostssl all old 127.0.0.1/32 md5
hostssl all all 127.0.0.1/32 scram-sha-256
"""
pytestmark = pytest.mark.skipif(
    not FOLDERS or os.geteuid() != 0,
    reason="needs root and Debian's postgresql-15 (apt install postgresql-15)",
)


@dataclass(frozen=True)
class Secured:
    """A server that speaks TLS only; its CA, and another one that has nothing to do with it."""

    folder: Path
    port: int

    def url(self, user: str = "boss", host: str = "localhost") -> str:
        return f"postgresql://{user}@{host}:{self.port}/popbase"


def certificate(
    name: str, issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """A CA, or a certificate of one for a host."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    )
    return made.sign(issuer[1] if issuer else key, hashes.SHA256()), key


def write(folder: Path) -> None:
    """ca.pem, other.pem, and the server's server.crt and server.key."""
    authority, other = certificate("the county's CA"), certificate("somebody's CA")
    served, key = certificate("localhost", authority)
    for name, made in (("ca.pem", authority[0]), ("other.pem", other[0]), ("server.crt", served)):
        (folder / name).write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.key").write_bytes(private)
    (folder / "server.key").chmod(0o600)
    (folder / "password").write_text(PASSWORD + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def secured() -> Iterator[Secured]:
    account = pwd.getpwnam("postgres")
    folder = Path(tempfile.mkdtemp(prefix="popbase-tls-"))
    port, data = free_port(), folder / "data"
    write(folder)
    for path in (folder, *folder.iterdir()):
        os.chown(path, account.pw_uid, account.pw_gid)

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [FOLDERS[-1] / program, *arguments], user=account.pw_uid, group=account.pw_gid, extra_groups=[],
            cwd="/", check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    run("initdb", "-D", str(data), "-U", "boss", "--auth=peer", "--encoding=UTF8", "--locale=C.UTF-8", "-N")
    (data / "pg_hba.conf").write_text(ACCESS)
    (data / "pg_ident.conf").write_text("boss postgres boss\nboss root boss\n")
    settings = (
        f"-c ssl=on -c ssl_cert_file={folder}/server.crt -c ssl_key_file={folder}/server.key -c fsync=off"
        f" -c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder}"
    )
    run("pg_ctl", "start", "-w", "-D", str(data), "-l", str(folder / "log"), "-o", settings)
    try:
        prepare(folder, port)
        yield Secured(folder, port)
    finally:
        run("pg_ctl", "stop", "-m", "immediate", "-D", str(data))
        shutil.rmtree(folder)


def prepare(folder: Path, port: int) -> None:
    with connect(f"postgresql://boss@/postgres?host={folder}&port={port}") as conn:
        execute(conn, "alter role boss password %s", (PASSWORD,))
        execute(conn, "set password_encryption = 'md5'")
        for role in ("old", "older"):
            execute(conn, f"create role {role} login superuser password %s", (PASSWORD,))
        conn.commit()
        conn.autocommit = True
        execute(conn, "create database popbase template template0 encoding 'UTF8' locale 'C.UTF-8'")


def given(monkeypatch: pytest.MonkeyPatch, secured: Secured, url: str, ca: str | None = "ca.pem") -> str:
    """The URL that popbase makes of such an environment."""
    monkeypatch.setenv("POPBASE_DATABASE_URL", url)
    monkeypatch.setenv("POPBASE_DATABASE_PASSWORD_FILE", str(secured.folder / "password"))
    monkeypatch.delenv("POPBASE_DATABASE_CA_FILE", raising=False)
    if ca is not None:
        monkeypatch.setenv("POPBASE_DATABASE_CA_FILE", str(secured.folder / ca))
    return database_url(settings_from_environment())


def test_a_proven_server_is_worked_with_by_tls(monkeypatch: pytest.MonkeyPatch, secured: Secured) -> None:
    given(monkeypatch, secured, secured.url())
    with open_database(settings_from_environment()) as conn:
        assert (conn.info.ssl_in_use, conn.info.ssl_attribute("protocol")) == (True, "TLSv1.3")
        assert fetch(conn, "select number from publication.pointer") == [{"number": 0}]


@pytest.mark.parametrize(
    ("user", "host", "ca", "more", "said"),
    [
        ("boss", "localhost", None, "?sslmode=disable", "no encryption"),
        ("boss", "localhost", "other.pem", "", "certificate verify failed"),
        ("boss", "127.0.0.1", "ca.pem", "", "does not match host name"),
        ("old", "localhost", "ca.pem", "", "server requested"),
        ("older", "localhost", "ca.pem", "", "password authentication failed"),
        ("nobody", "localhost", "ca.pem", "", "password authentication failed"),
    ],
    ids=["plaintext", "another CA", "another host", "md5 asked", "md5 kept", "nobody"],
)
def test_what_is_not_proven_is_refused_and_no_password_is_told(
    monkeypatch: pytest.MonkeyPatch,
    secured: Secured,
    user: str,
    host: str,
    ca: str | None,
    more: str,
    said: str,
) -> None:
    url = given(monkeypatch, secured, secured.url(user, host) + more, ca)
    with pytest.raises(DependencyMissing) as caught, connect(url):
        pass
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)


def test_without_the_proof_md5_would_be_let_in(monkeypatch: pytest.MonkeyPatch, secured: Secured) -> None:
    """What the refusals above are worth: the same role and server, no CA named."""
    with connect(given(monkeypatch, secured, secured.url("old"), ca=None)) as conn:
        assert fetch(conn, "select current_user as name") == [{"name": "old"}]
