"""Operation, security and audit: what each duty can do, and what it is refused, tried with logins that hold it."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.contract.load import load_contracts
from pipelines.errors import PopbaseError, UsageError
from pipelines.settings import Settings
from pipelines.store import audit
from pipelines.store.access import departments, reader_role
from pipelines.store.database import open_database, prepare
from pipelines.store.duties import LOGINS, TABLES, Duty, duty_url, role_of
from pipelines.store.embedded import ADMIN, PIPELINE, server_url, stop_server
from pipelines.store.postgres import connect, execute, fetch
from tests.integration.conftest import Server

DEBIAN = Path("/usr/lib/postgresql/15/bin")
SOMEBODY = departments(load_contracts())[0]
EVENT = "insert into audit.event (kind, subject, actor) values ('sampled', 'x', 'x')"
WRITES = ("insert into ledger.approval (subject, approved_by, reason) values ('x', 'x', 'x')",
          "update publication.pointer set number = 7", "delete from ledger.batch", EVENT,
          "create table ledger.mine (a text)", "create temp table mine (a text)", "truncate ledger.run")  # fmt: skip
PERSONS = ("select 1 from golden.person", "select 1 from shared.person", "select 1 from masking.pseudonym",
           "select 1 from feedback.finding", "select 1 from resolution.membership")  # fmt: skip
BECOMING = ("set role popbase_owner", "set role popbase_pipeline", "set role popbase_keeper",
            f"set role {reader_role(SOMEBODY)}")  # fmt: skip
GRANTS = (f"grant {reader_role(SOMEBODY)} to popbase_operator", f"select duty.admit('popbase_auditor', '{SOMEBODY}')",
          "grant popbase_audit to popbase_operator", "grant popbase_security to popbase_auditor")  # fmt: skip
REFUSED: dict[Duty, tuple[str, ...]] = {
    "operation": (*WRITES, *PERSONS, *BECOMING, *GRANTS, "select 1 from audit.event", "select 1 from ledger.unmasking",
                  "select 1 from ledger.export", "select 1 from duty.conflict", "select 1 from publication.certificate"),
    "security": (*WRITES, *PERSONS, *BECOMING, "select 1 from audit.event", "select 1 from ledger.batch",
                 "grant popbase_security to popbase_operator",
                 f"select duty.admit('popbase_security_officer', '{SOMEBODY}')",
                 f"select duty.admit('popbase_auditor', '{SOMEBODY}')", f"select duty.admit('popbase', '{SOMEBODY}')",
                 f"select duty.admit('popbase_pipeline', '{SOMEBODY}')", f"select duty.admit('popbase_owner', '{SOMEBODY}')"),
    "audit": (*WRITES, *PERSONS, *BECOMING, *GRANTS),
}  # fmt: skip


@pytest.mark.parametrize("duty", LOGINS)
def test_a_duty_is_refused_what_is_not_its_own(database: Server, copy: str, duty: Duty) -> None:
    _prepared(database, copy)
    with connect(server_url(database.settings, copy, LOGINS[duty])) as conn:
        for statement in REFUSED[duty]:
            with pytest.raises(PopbaseError, match="InsufficientPrivilege"):
                execute(conn, statement)
            conn.rollback()
        for table in TABLES[duty]:
            fetch(conn, f"select count(*) from {table}")  # noqa: S608


def _prepared(database: Server, copy: str) -> Settings:
    settings = replace(database.settings, database_url=database.url(copy))
    prepare(settings, database.url(copy))
    return settings


def test_the_audit_reads_every_table_of_what_it_audits(database: Server, copy: str) -> None:
    _prepared(database, copy)
    unread = (
        "select c.relname from pg_class as c where relnamespace = any(%s::regnamespace[]) and relkind in ('r', 'v')"
        " and not has_table_privilege(c.oid, 'select')"
    )
    written = (
        "select c.relname from pg_class as c join pg_namespace as n on n.oid = relnamespace"
        " where nspname !~ '^(pg_|information_schema)' and relkind in ('r', 'v', 'p')"
        " and has_table_privilege(c.oid, 'insert, update, delete, truncate, trigger, references')"
    )
    with connect(database.url(copy)) as conn:
        execute(conn, "set role popbase_owner; create table ledger.later (a text)")
    with connect(server_url(database.settings, copy, LOGINS["audit"])) as conn:
        assert fetch(conn, unread, (["audit", "ledger", "migration", "publication"],)) == []
        assert fetch(conn, written) == []
        assert fetch(conn, "select a from ledger.later") == []


def test_security_makes_a_login_a_reader_and_that_is_an_event(database: Server, copy: str) -> None:
    settings = _prepared(database, copy)
    login = f"trial_{copy}"
    database.admin(f"create role {login} login")
    member = f"select pg_has_role('{login}', '{reader_role(SOMEBODY)}', 'member') as is_member"
    with connect(server_url(database.settings, copy, LOGINS["security"])) as conn:
        execute(conn, "select duty.admit(%s, %s)", (login, SOMEBODY))
        conn.commit()
        assert fetch(conn, member) == [{"is_member": True}]
        execute(conn, "select duty.dismiss(%s, %s)", (login, SOMEBODY))
        conn.commit()
        assert fetch(conn, member) == [{"is_member": False}]
    with connect(database.url(copy)) as conn:
        assert [fault for _, fault in audit.faults(conn) if fault] == []
        told = [(e["kind"], e["subject"], e["actor"], e["facts"]) for e in audit.events(conn)]
    database.admin(f"drop role {login}")
    facts, actor = {"department": SOMEBODY}, LOGINS["security"]
    assert told == [("admitted", login, actor, facts), ("dismissed", login, actor, facts)]
    assert settings.database_url is not None


def test_the_pipelines_own_account_makes_nobody_a_reader(database: Server, copy: str) -> None:
    with connect(database.url(copy, PIPELINE)) as conn:
        for statement in (*GRANTS[1:], f"grant {reader_role(SOMEBODY)} to popbase_airflow", "set role popbase_keeper",
                          "drop view duty.conflict"):  # fmt: skip
            with pytest.raises(PopbaseError, match="InsufficientPrivilege"):
                execute(conn, statement)
            conn.rollback()


def test_a_login_with_two_duties_is_told(database: Server, copy: str) -> None:
    login = f"both_{copy}"
    database.admin(f"create role {login} login; grant popbase_audit, popbase_operation to {login}")
    with connect(server_url(database.settings, copy, LOGINS["audit"])) as conn:
        told = fetch(conn, "select * from duty.conflict")
    database.admin(f"drop role {login}")
    assert told == [{"login": login, "duties": ["popbase_audit", "popbase_operation"]}]


def test_functions_with_their_owners_rights_look_only_where_they_are_told(
    database: Server, copy: str
) -> None:
    loose = (
        "select p.oid::regprocedure::text as name from pg_proc as p join pg_namespace as n on n.oid = pronamespace"
        " where nspname !~ '^(pg_|information_schema)' and prosecdef"
        " and not coalesce(proconfig, '{}') @> array['search_path=pg_catalog, pg_temp']"
    )
    with connect(database.url(copy, ADMIN)) as conn:
        assert fetch(conn, loose) == []


def test_on_another_server_people_have_logins_of_their_own() -> None:
    other = Settings(home=Path("/nowhere"), database_url="postgresql://elsewhere/popbase")
    with pytest.raises(UsageError, match="logins of its own") as caught:
        duty_url(other, "audit")
    assert role_of("audit") in str(caught.value.hint)
    assert duty_url(
        replace(other, duty_database_url="postgresql://me@elsewhere/popbase"), "audit"
    ).startswith("postgresql://me@")


@pytest.mark.long
@pytest.mark.skipif(not DEBIAN.exists(), reason="there is no PostgreSQL 15: postgresql-15")
def test_the_duties_hold_on_the_oldest_server_too() -> None:
    """Before 16 a membership has no options of its own: whoever may admit is a member."""
    folder = Path(tempfile.mkdtemp(prefix="popbase-duties-"))
    folder.chmod(0o755)
    settings = Settings(home=folder / "home", pg_bin=DEBIAN)
    try:
        with open_database(settings) as conn:
            execute(conn, "select 1")
        with connect(server_url(settings, "postgres", ADMIN)) as conn:
            execute(conn, "create role trial login")
        with connect(server_url(settings, "popbase", LOGINS["security"])) as conn:
            execute(conn, "select duty.admit('trial', %s)", (SOMEBODY,))
        for duty, login in LOGINS.items():
            with connect(server_url(settings, "popbase", login)) as conn:
                for statement in REFUSED[duty]:
                    with pytest.raises(PopbaseError, match="InsufficientPrivilege"):
                        execute(conn, statement)
                    conn.rollback()
    finally:
        stop_server(settings)
        shutil.rmtree(folder)
