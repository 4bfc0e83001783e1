"""Three duties apart: what operation, security and audit may do in the database, as grants made from one table.

sql/duties.sql makes the roles and what they act through; here stands what each may read of popbase's own tables. None
writes one. What the audit reads it goes on reading when a schema gains a table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from pipelines.errors import UsageError
from pipelines.store.access import WATCHED
from pipelines.store.embedded import ensure_password, server_url
from pipelines.store.migrations import declare
from pipelines.store.postgres import compose, execute, fetch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipelines.settings import Settings
    from pipelines.store.postgres import Connection

Duty = Literal["operation", "security", "audit"]
LOGINS: Final[Mapping[Duty, str]] = {
    "operation": "popbase_operator",
    "security": "popbase_security_officer",
    "audit": "popbase_auditor",
}
"""By which the embedded server is used in a duty."""
WHOLE: Final = ("audit", "ledger", "migration", "publication")
"""Schemas of which the audit reads every table."""
TABLES: Final[Mapping[Duty, tuple[str, ...]]] = {
    "operation": (
        "ledger.approval", "ledger.batch", "ledger.conservation", "ledger.delivery", "ledger.replay",
        "ledger.run", "ledger.stage_time", "ledger.withdrawal", "migration.applied", "migration.declared",
        "publication.movement", "publication.pointer", "publication.publication", "quality.fault_count",
        "quality.rule_result", "quality.verdict", "quality.waiver", "shared.publication",
    ),
    "security": ("shared.publication",),
    "audit": (
        "feedback.exchange", "quality.fault_count", "quality.rule_result", "quality.rule_waived",
        "quality.verdict", "quality.waiver", "resolution.event", "resolution.event_cause", "shared.publication",
    ),
}  # fmt: skip
UNMASKING: Final = ("shared.ask_unmasking(text, text)", "shared.unmasked_person(bigint)")


def role_of(duty: Duty) -> str:
    """The group role of a duty."""
    return f"popbase_{duty}"


def ensure_duties(conn: Connection) -> bool:
    """Grant each duty what it may read; whether anything changed. Without their roles there is nothing to do."""
    made = fetch(
        conn, "select count(*) as n from pg_roles where rolname = any(%s)", ([*map(role_of, LOGINS)],)
    )
    if made[0]["n"] < len(LOGINS):
        return False
    return declare(conn, "duties", "\n".join(_ddl()))


def _ddl() -> Iterator[str]:
    for duty, tables in TABLES.items():
        schemas = sorted({table.split(".", maxsplit=1)[0] for table in tables})
        yield f"grant usage on schema {', '.join(schemas)} to {role_of(duty)};"
        yield f"grant select on {', '.join(tables)} to {role_of(duty)};"
    schemas_read = ", ".join(WHOLE)
    yield f"grant usage on schema {schemas_read} to {role_of('audit')};"
    yield f"grant select on all tables in schema {schemas_read} to {role_of('audit')};"
    yield f"alter default privileges in schema {schemas_read} grant select on tables to {role_of('audit')};"
    yield f"grant execute on function {', '.join(UNMASKING)} to {role_of('security')};"
    yield f"grant select on all tables in schema shared to {WATCHED};"
    yield f"alter default privileges in schema shared grant select on tables to {WATCHED};"
    yield "grant usage on schema audit to popbase_keeper;"
    yield "grant insert on audit.event to popbase_keeper;"


def ensure_duty_logins(settings: Settings, conn: Connection) -> None:
    """Give each duty a login on the embedded server; `conn` is its superuser's."""
    for duty, login in LOGINS.items():
        if not fetch(conn, "select from pg_roles where rolname = %s", (login,)):
            execute(conn, compose(conn, "create role {login} login", login=login))
        password = ensure_password(settings, login)
        execute(conn, compose(conn, "alter role {login} password", login=login) + " %s", (password,))
        execute(conn, compose(conn, "grant {role} to {login}", role=role_of(duty), login=login))


def duty_url(settings: Settings, duty: Duty) -> str:
    """A URL that logs in with a duty's rights, on the embedded server.

    Raises:
        UsageError: on another server, where a DBA gives people logins.
    """
    if settings.duty_database_url is not None:
        return settings.duty_database_url
    if settings.database_url is not None:
        hint = f"POPBASE_DUTY_DATABASE_URL: your own login, to which a DBA granted {role_of(duty)}"
        raise UsageError(f"the duty {duty} has logins of its own on this server", hint=hint)
    return server_url(settings, "popbase", LOGINS[duty])
