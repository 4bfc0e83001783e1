"""The shared database: where it is, prepared and up to date before anybody works with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pipelines.contract.load import load_contracts
from pipelines.contract.model import Contract
from pipelines.errors import DependencyMissing
from pipelines.settings import Settings
from pipelines.store import access
from pipelines.store.crosswalks import ensure_crosswalks
from pipelines.store.duties import Duty, duty_url, ensure_duties, ensure_duty_logins
from pipelines.store.embedded import ADMIN, AIRFLOW, PIPELINE, server_status, server_url, start_server
from pipelines.store.golden import ensure_tables
from pipelines.store.histories import ensure_histories
from pipelines.store.migrations import migrate
from pipelines.store.postgres import Connection, advisory_lock, compose, connect, execute, fetch
from pipelines.store.pseudonyms import ensure_pseudonyms

_prepared: set[tuple[Settings, str, int]] = set()
"""What this interpreter has prepared already, with the embedded server's pid: looking again costs 20 ms."""


def database_url(settings: Settings, *, tcp: bool = False) -> str:
    """URL of the shared database; the embedded server is started when none is set.

    With `tcp`, the embedded server's URL goes by the loopback and holds a password.
    """
    return settings.database_url or _embedded_url(settings, "popbase", PIPELINE, tcp=tcp)


def front_database_url(settings: Settings, *, tcp: bool = False) -> str:
    """URL of the departments' exchange database; the embedded server is started when none is set."""
    return settings.front_database_url or _embedded_url(settings, "front", PIPELINE, tcp=tcp)


def airflow_database_url(settings: Settings) -> str:
    """URL by TCP of a database on the embedded server for Airflow's metadata, under a role of its own."""
    return _embedded_url(settings, "airflow", AIRFLOW, tcp=True)


def _embedded_url(settings: Settings, database: str, role: str, *, tcp: bool) -> str:
    start_server(settings)
    return server_url(settings, database, role, tcp=tcp)


@contextmanager
def open_database(settings: Settings) -> Iterator[Connection]:
    """One transaction on the shared database, which is started, prepared and migrated first.

    Raises:
        DependencyMissing: when it cannot be reached, or nobody prepared it for popbase.
        ContractError: when contracts, policies or applied SQL files do not fit it.
    """
    url = database_url(settings)
    running = server_status(settings) if settings.database_url is None else None
    known = (settings, url, running.pid if running else 0)
    if known not in _prepared:
        prepare(settings, url)
        _prepared.add(known)
    with connect(url) as conn:
        _be_the_pipeline(conn)
        yield conn


@contextmanager
def open_in_duty(settings: Settings, duty: Duty) -> Iterator[Connection]:
    """One transaction with the rights of a duty; whoever has a login of his own needs no other.

    Raises:
        UsageError: on a server of its own, without `duty_database_url`.
    """
    if settings.duty_database_url is None and settings.database_url is None:
        with open_database(settings):
            pass
    with connect(duty_url(settings, duty)) as conn:
        yield conn


def prepare(settings: Settings, url: str) -> None:
    """Bring roles, schema, golden tables and shared views up to date; what fits is left alone."""
    contracts = load_contracts(settings.contracts)
    _bootstrap(settings, url, contracts)
    with connect(url) as conn:
        _be_the_pipeline(conn)
        conn.commit()
        migrate(conn, settings.sql)
        ensure_tables(conn, contracts)
        ensure_duties(conn)
        matrix = access.load_access(settings.policies / "access.yml")
        ensure_histories(conn, contracts, matrix)
        ensure_crosswalks(conn, contracts)
        if access.ensure_views(conn, contracts, matrix):
            ensure_pseudonyms(settings, conn, contracts, matrix)


def _bootstrap(settings: Settings, url: str, contracts: Mapping[str, Contract]) -> None:
    """Prepare the database when we may; on a DBA's server say what the DBA has to do."""
    script = access.bootstrap_sql(contracts, settings.declarations)
    with connect(url) as conn:
        mark = access.prepared_mark(conn)
        may_prepare = settings.database_url is None or _is_superuser(conn)
    if mark is not None and mark in script:
        return
    if mark is None and not may_prepare:
        hint = "popbase database bootstrap | psql, as a superuser; sql/bootstrap.sql says how"
        raise DependencyMissing("the database was not prepared for popbase", hint=hint)
    if may_prepare:
        admin = url if settings.database_url is not None else server_url(settings, "popbase", ADMIN)
        with connect(admin) as conn:
            advisory_lock(conn, "popbase bootstrap")
            execute(conn, script)
            if settings.database_url is None:
                access.ensure_logins(settings, conn, access.departments(contracts))
                ensure_duty_logins(settings, conn)


def _is_superuser(conn: Connection) -> bool:
    return bool(fetch(conn, "select rolsuper from pg_roles where rolname = current_user")[0]["rolsuper"])


def _be_the_pipeline(conn: Connection) -> None:
    """A superuser's URL works too, but no stage runs with a superuser's rights."""
    if _is_superuser(conn):
        execute(conn, compose(conn, "set role {role}", role=PIPELINE))
