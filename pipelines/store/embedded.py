"""The embedded server: a private PostgreSQL cluster of one home, over initdb and pg_ctl.

Three databases: `popbase` (ours), `front` (the departments' exchange database), `airflow` (its metadata). The
superuser is reached by the socket only, and only by the account that owns the home.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import re
import secrets
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg2

from pipelines.errors import DependencyMissing
from pipelines.settings import Settings
from pipelines.store import address as at
from pipelines.store.backup_folder import archive_script, archive_settings, backup_of
from pipelines.store.placement import HINT, Placement, place, root_of
from pipelines.store.postgres import advisory_lock, connect, execute, fetch

ADMIN, PIPELINE, AIRFLOW = "popbase", "popbase_pipeline", "popbase_airflow"
OWNERS = {"popbase": PIPELINE, "front": PIPELINE, "airflow": AIRFLOW}
"""The databases and who owns them at first."""
LONGEST_START = 120
"""Seconds; a crash of a large database is recovered from within them."""
_FIRST_START = "popbase first start"

# Of errors the server's log keeps nothing: their messages quote values, so they are told to the client alone.
_SETTINGS = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '"{folder}"'
unix_socket_permissions = 0700
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
shared_buffers = '256MB'
work_mem = '32MB'
maintenance_work_mem = '256MB'
max_wal_size = '4GB'
max_parallel_workers_per_gather = 0  # /dev/shm of a container is small
jit = off
log_min_messages = 'log'
log_min_error_statement = 'panic'
log_error_verbosity = 'terse'
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_statement = 'none'
"""
_ACCESS = """\
# written at every start
local  replication  {admin}  peer map=popbase
local  all  {admin},{pipeline},{airflow}  peer map=popbase
local  all  +popbase_reader,+popbase_operation,+popbase_security,+popbase_audit  scram-sha-256
host   all  {pipeline},{airflow},+popbase_reader,+popbase_operation,+popbase_security,+popbase_audit  127.0.0.1/32  scram-sha-256
"""


@dataclass(frozen=True)
class Server:
    """A server that runs.

    Attributes:
        data: its data folder.
        socket: folder of its socket.
        port: its port, of the socket and of TCP on the loopback.
        pid: its main task.
    """

    data: Path
    socket: Path
    port: int
    pid: int


def server_status(settings: Settings) -> Server | None:
    """The home's server; None when it does not run."""
    root, kept = root_of(settings.home), at.read_address(settings.home)
    if root is None or kept is None or not at.listens(at.socket_folder(root), kept.port):
        return None
    try:
        lines = (root / "data" / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    if len(lines) < 8 or lines[7].strip() != "ready":
        return None
    return Server(root / "data", at.socket_folder(root), kept.port, int(lines[0]))


def start_server(settings: Settings) -> Server:
    """Start the home's server, make its cluster first when there is none; nothing happens when it runs.

    Raises:
        DependencyMissing: without binaries, or when the server does not start.
    """
    running = _complete(settings)
    if running is not None:
        return running
    with _lock(settings.home):
        if server_status(settings) is None:
            _start(settings)
        running = _complete(settings) or _ensure_databases(settings)
    if running is None:
        raise DependencyMissing(
            "the embedded server stopped again", hint=f"see the log below {settings.home}"
        )
    return running


def _complete(settings: Settings) -> Server | None:
    kept = at.read_address(settings.home)
    return server_status(settings) if kept is not None and kept.is_complete else None


def stop_server(settings: Settings) -> None:
    """Stop the home's server; nothing happens when it does not run."""
    with _lock(settings.home):
        if server_status(settings) is not None:
            where = place(settings)
            where.postgres("pg_ctl", "stop", "-w", "-m", "fast", "-D", str(where.data))


def server_url(settings: Settings, database: str, role: str = PIPELINE, *, tcp: bool = False) -> str:
    """A URL of the running server; by the socket, or by TCP with the role's password in it."""
    kept, root = at.read_address(settings.home), root_of(settings.home)
    if kept is None or root is None:
        raise DependencyMissing("the embedded server was never started", hint="popbase database start")
    if tcp:
        return at.tcp_url(kept.port, role, kept.passwords[role], database)
    password = None if role in (ADMIN, PIPELINE, AIRFLOW) else kept.passwords[role]
    return at.socket_url(at.socket_folder(root), kept.port, role, database, password)


def ensure_password(settings: Settings, role: str) -> str:
    """The role's password, made when it has none yet; the server is told by the caller."""
    with _lock(settings.home):
        kept = at.read_address(settings.home)
        if kept is None:
            raise DependencyMissing("the embedded server was never started", hint="popbase database start")
        if role not in kept.passwords:
            kept = replace(kept, passwords={**kept.passwords, role: at.new_password()})
            at.write_address(settings.home, kept)
        return kept.passwords[role]


def run_psql(settings: Settings, url: str) -> int:
    """Open psql; the password goes by the environment, where `ps` does not show it. Returns its exit code."""
    parts = urlsplit(url)
    plain = url.replace(f":{parts.password}@", "@", 1) if parts.password else url
    folder = settings.pg_bin or (place(settings).binaries if settings.database_url is None else None)
    program = folder / "psql" if folder is not None and (folder / "psql").exists() else "psql"
    environment = os.environ | ({"PGPASSWORD": unquote(parts.password)} if parts.password else {})
    try:
        return subprocess.call([program, plain], env=environment)  # noqa: S603 - our own command
    except FileNotFoundError:
        raise DependencyMissing(
            "psql is not installed", hint="or use any client: popbase database url"
        ) from None


@contextmanager
def _lock(home: Path) -> Iterator[None]:
    """One start, stop or new password at a time, whoever asks."""
    home.mkdir(parents=True, exist_ok=True)
    held = os.open(home / ".postgres.lock", os.O_RDONLY | os.O_CREAT, 0o644)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def _start(settings: Settings) -> None:
    where = place(settings)
    if not where.data.exists():
        _initialise(where)
    _same_version(where)
    until = time.monotonic() + LONGEST_START
    while server_status(settings) is None and time.monotonic() < until:
        if not _is_coming_up(where):
            _launch(settings, where)
        time.sleep(0.1)


def _launch(settings: Settings, where: Placement) -> None:
    kept = at.read_address(settings.home) or at.Address(at.free_port())
    kept = replace(kept, port=at.free_port(kept.port))
    at.write_address(settings.home, kept)
    configure(where, kept.port, archiving(settings.home, where))
    try:
        where.postgres(
            "pg_ctl", "start", "-w", "-t", "120", "-D", str(where.data), "-l", str(where.root / "log")
        )
    except DependencyMissing:
        if not _is_coming_up(where):
            raise


def archiving(home: Path, where: Placement) -> str:
    """Lines on archiving, with the script they call beside the cluster, where the home is backed up."""
    folder, script = backup_of(home), where.root / "archive.sh"
    if folder is not None:
        where.write(script, archive_script(folder))
    return archive_settings(script, folder)


def _is_coming_up(where: Placement) -> bool:
    """Whether a server runs already: a start that was killed leaves one that comes up by itself.

    A server that was killed seems to run until its parent has noticed, so the answer does not hold for long.
    """
    return where.run(str(where.binaries / "pg_ctl"), "status", "-D", str(where.data)).returncode == 0


def _initialise(where: Placement) -> None:
    """Make the cluster beside its place and rename it: a killed start leaves no half cluster.

    The program that a killed start leaves behind goes on for a while, so every attempt has a folder of its own.
    """
    where.run("/bin/sh", "-c", 'rm -rf "$1"/data.*', "sh", str(where.root))
    part = where.root / f"data.{secrets.token_hex(4)}"
    where.postgres(
        "initdb", "-D", str(part), "-U", ADMIN, "--auth-local=peer", "--auth-host=scram-sha-256",
        "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums",
    )  # fmt: skip
    where.run("/bin/sh", "-c", 'echo "include \'popbase.conf\'" >> "$1"', "sh", str(part / "postgresql.conf"))
    where.run("/bin/mv", str(part), str(where.data))


def _same_version(where: Placement) -> None:
    """A cluster is of one major version; another one's binaries cannot open it."""
    made = (where.data / "PG_VERSION").read_text(encoding="utf-8").strip()
    told = where.run(str(where.binaries / "postgres"), "--version").stdout
    if not re.search(rf"\) {made}\b", told):
        raise DependencyMissing(f"the cluster below {where.root} was made by PostgreSQL {made}", hint=HINT)


def configure(where: Placement, port: int, more: str) -> None:
    """Write the server's configuration; `more` are lines on archiving or recovery."""
    folder = at.socket_folder(where.root)
    where.run("/bin/mkdir", "-m", "700", "-p", str(folder))
    if where.run("/bin/sh", "-c", 'test -O "$1" && ! test -L "$1"', "sh", str(folder)).returncode:
        raise DependencyMissing(f"{folder} belongs to another account", hint=HINT)
    quoted = str(folder).replace("'", "''")
    where.write(where.data / "popbase.conf", _SETTINGS.format(port=port, folder=quoted) + more)
    where.write(where.data / "pg_hba.conf", _ACCESS.format(admin=ADMIN, pipeline=PIPELINE, airflow=AIRFLOW))
    where.write(where.data / "pg_ident.conf", _identities(where))


def _identities(where: Placement) -> str:
    """Which accounts of this machine may be which role by the socket: the owner of the home, and root."""
    accounts = {pwd.getpwuid(os.geteuid()).pw_name, "root"}
    if where.account is not None:
        accounts.add(where.account.pw_name)
    roles = (ADMIN, PIPELINE, AIRFLOW)
    return "".join(f'popbase "{account}" {role}\n' for account in sorted(accounts) for role in roles)


def _ensure_databases(settings: Settings) -> Server | None:
    """Roles that log in, with their passwords, and the databases; a start that was killed is made good."""
    passwords = {role: at.new_password() for role in (PIPELINE, AIRFLOW)}
    with connect(server_url(settings, "postgres", ADMIN)) as conn:
        advisory_lock(conn, _FIRST_START)
        for role, password in passwords.items():
            if not fetch(conn, "select from pg_roles where rolname = %s", (role,)):
                execute(conn, f"create role {role} login")
            execute(conn, f"alter role {role} password %s", (password,))
        execute(conn, "revoke connect on database postgres, template1 from public")
    for database in OWNERS:
        _make_database(settings, database)
    kept = at.read_address(settings.home)
    if kept is not None:
        at.write_address(settings.home, at.Address(kept.port, kept.passwords | passwords, is_complete=True))
    return server_status(settings)


def _make_database(settings: Settings, name: str) -> None:
    """CREATE DATABASE runs outside of any transaction; killed in between, it leaves nothing.

    The server goes on with the statement of a start that was killed: the lock waits for it.
    """
    conn = psycopg2.connect(server_url(settings, "postgres", ADMIN))
    try:
        conn.autocommit = True
        with conn.cursor() as cursor:
            cursor.execute("select pg_advisory_lock(hashtextextended(%s, 0))", (_FIRST_START,))
            cursor.execute("select from pg_database where datname = %s", (name,))
            if cursor.fetchone() is None:
                cursor.execute(
                    f"create database {name} owner {OWNERS[name]}"
                    " template template0 encoding 'UTF8' locale 'C.UTF-8'"
                )
            cursor.execute(f"revoke connect, temporary on database {name} from public")
    finally:
        conn.close()
