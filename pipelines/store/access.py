"""Who reads what: roles, the views of the schema `shared`, and readers' logins, from contracts and access.yml.

Every view is a security barrier over the golden rows of the publication the pointer names. It runs with its
owner's rights, so readers need, and have, none on the golden tables.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from pipelines.contract.model import Contract
from pipelines.errors import ContractError, Fault, UsageError
from pipelines.settings import ROOT, Settings
from pipelines.store.embedded import ensure_password, server_url
from pipelines.store.golden import PERSON_COLUMNS, GoldenColumn, GoldenTable, golden_tables, literal
from pipelines.store.migrations import declare
from pipelines.store.postgres import Connection, compose, execute, fetch

Mask = Literal["shown", "hidden", "name", "identity_number", "telephone", "address", "year"]
READERS = "popbase_reader"
PLAIN = "popbase_plain_person"
LONGEST_ROLE = 63
_NUMBER = "(select number from publication.pointer)"
_IS_SEEN = f"g.from_publication <= {_NUMBER} and (g.to_publication is null or g.to_publication > {_NUMBER})"


class Access(BaseModel):
    """Policy of access.

    Attributes:
        plain_person: departments that see shared.person unmasked.
        masks: how all others see its columns; one that is not named is hidden.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    plain_person: tuple[str, ...] = ()
    masks: dict[str, Mask] = {}

    @field_validator("masks")
    @classmethod
    def _known(cls, masks: dict[str, Mask]) -> dict[str, Mask]:
        unknown = sorted(masks.keys() - set(PERSON_COLUMNS))
        if unknown:
            raise ValueError(f"shared.person has no column {', '.join(unknown)}")
        return masks


def load_access(path: Path) -> Access:
    """The access policy; ContractError with every fault."""
    try:
        declared: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Access.model_validate(declared)
    except yaml.YAMLError:
        raise ContractError([Fault(path.name, "file", "is not YAML")]) from None
    except ValidationError as error:
        faults = [Fault(path.name, ".".join(map(str, f["loc"])) or "file", f["msg"]) for f in error.errors()]
        raise ContractError(faults) from None


def departments(contracts: Mapping[str, Contract]) -> list[str]:
    """Every department that owns a contract or is named as a reader by one, in order."""
    owners = {contract.owner.department for contract in contracts.values()}
    readers = {name for c in contracts.values() if c.publishes for name in c.publishes.readers}
    return sorted(owners | readers)


def reader_role(department: str) -> str:
    """The group role of a department's readers."""
    return _role(f"{READERS}_{department}")


def login_role(department: str) -> str:
    """The login by which a department reads an embedded server."""
    return _role(f"popbase_login_{department}")


def _role(name: str) -> str:
    """PostgreSQL would cut a longer name, and two departments could become one."""
    if len(name) > LONGEST_ROLE:
        raise ContractError([Fault("contracts", "owner.department", f"{name} is longer than {LONGEST_ROLE}")])
    return name


def bootstrap_sql(contracts: Mapping[str, Contract], declarations: Path = ROOT) -> str:
    """What a superuser runs once: sql/bootstrap.sql and the roles of these contracts' departments."""
    access = load_access(declarations / "policies" / "access.yml")
    text = (declarations / "sql" / "bootstrap.sql").read_text(encoding="utf-8")
    roles = "\n".join(_department_sql(name, access) for name in departments(contracts))
    body = f"{text}\n-- The departments' readers.\n{roles}\n"
    return f"{body}\n{_mark_sql(mark_of(body))}\n"


def mark_of(body: str) -> str:
    """The mark by which a database shows how it was prepared."""
    return f"popbase: prepared by {hashlib.sha256(body.encode('utf-8')).hexdigest()[:16]}"


def _department_sql(department: str, access: Access) -> str:
    role = reader_role(department)
    member = "grant {} to {};" if department in access.plain_person else "revoke {} from {};"
    return (
        f"do $$ begin if not exists (select from pg_roles where rolname = '{role}')"
        f" then create role {role} nologin; end if; end $$;\n"
        f"grant {READERS} to {role};\n{member.format(PLAIN, role)}"
    )


def _mark_sql(mark: str) -> str:
    comment = f"execute format('comment on database %I is %L', current_database(), '{mark}');"
    return f"do $$ begin {comment} end $$;"


def prepared_mark(conn: Connection) -> str | None:
    """The mark the database was prepared with; None when it never was."""
    sql = "select shobj_description(oid, 'pg_database') as mark from pg_database where datname = current_database()"
    mark: str | None = fetch(conn, sql)[0]["mark"]
    return mark if mark and mark.startswith("popbase: ") else None


def ensure_views(conn: Connection, contracts: Mapping[str, Contract], access: Access) -> list[str]:
    """Make the views of `shared` and grant them; return the names of what changed.

    Departments whose role does not exist yet get their grant when it does.
    """
    rows = fetch(conn, "select rolname from pg_roles where starts_with(rolname, %s)", (f"{READERS}_",))
    roles = {row["rolname"] for row in rows}
    return [
        table.name
        for table in golden_tables(contracts)
        if declare(conn, f"shared.{table.name}", _view_ddl(table, access, roles))
    ]


def _view_ddl(table: GoldenTable, access: Access, roles: set[str]) -> str:
    name = f'shared."{table.name}"'
    made = _person_view(table, access) if table.departments is None else _domain_view(table)
    readers = [READERS] if table.departments is None else [reader_role(d) for d in table.departments]
    lines = [
        f"drop view if exists {name};",
        f"create view {name} with (security_barrier) as {made};",
        f"comment on view {name} is {literal(f'{table.title.zh}; {table.title.en}')};",
        *(
            f'comment on column {name}."{c.name}" is {literal(f"{c.title.zh}; {c.title.en}")};'
            for c in table.columns
        ),
        *(f"grant select on {name} to {role};" for role in readers if role in roles | {READERS}),
    ]
    return "\n".join(lines)


def _domain_view(table: GoldenTable) -> str:
    columns = ", ".join(f'g."{column.name}"' for column in table.columns)
    return f'select g.row_key, g.person_id, {columns} from golden."{table.name}" as g where {_IS_SEEN}'  # noqa: S608


def _person_view(table: GoldenTable, access: Access) -> str:
    """Masked unless the reader is a member of popbase_plain_person, which is asked once a query."""
    columns = ", ".join(_masked(column, access.masks.get(column.name, "hidden")) for column in table.columns)
    asked = f"select pg_has_role(current_user, '{PLAIN}', 'usage') as sees_plain"
    rows = f'select g.person_id, {columns} from golden."{table.name}" as g cross join reader'  # noqa: S608
    return f"with reader as materialized ({asked}) {rows} where {_IS_SEEN}"


def _masked(column: GoldenColumn, mask: Mask) -> str:
    plain = f'g."{column.name}"'
    if mask == "shown":
        return plain
    masked = f"null::{column.sql_type}" if mask == "hidden" else f"shared.masked_{mask}({plain})"
    return f'case when reader.sees_plain then {plain} else {masked} end as "{column.name}"'


def ensure_logins(settings: Settings, conn: Connection, names: Iterable[str]) -> None:
    """Give each department a login on the embedded server; `conn` is its superuser's."""
    for department in names:
        login, group = login_role(department), reader_role(department)
        if not fetch(conn, "select from pg_roles where rolname = %s", (login,)):
            execute(conn, compose(conn, "create role {login} login", login=login))
        password = ensure_password(settings, login)
        execute(conn, compose(conn, "alter role {login} password", login=login) + " %s", (password,))
        execute(conn, compose(conn, "alter role {login} set search_path = shared", login=login))
        execute(conn, compose(conn, "grant {group} to {login}", group=group, login=login))


def reader_url(settings: Settings, department: str) -> str:
    """A URL that logs in as the department's reader, on the embedded server.

    Raises:
        UsageError: on another server, where a DBA gives people logins, or for an unknown department.
    """
    if settings.database_url is not None:
        hint = f"ask the DBA for a login that is a member of {reader_role(department)}"
        raise UsageError("readers of this server have logins of their own", hint=hint)
    try:
        return server_url(settings, "popbase", login_role(department))
    except KeyError:
        raise UsageError(f"no contract names the department {department!r}") from None
