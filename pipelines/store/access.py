"""Who reads what: roles, the views of the schema `shared`, and readers' logins, from contracts and the matrix of access.

Every view is a security barrier over the golden rows of the publication the pointer names. It runs with its
owner's rights, so readers need, and have, none on the golden tables. Whose member a reader is, is asked once a query.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pipelines.contract.model import Contract
from pipelines.errors import ContractError, Fault, UsageError
from pipelines.settings import ROOT, Settings
from pipelines.store.embedded import PIPELINE, ensure_password, server_url
from pipelines.store.golden import UNTIL, GoldenColumn, GoldenTable, golden_tables, literal
from pipelines.store.matrix import EVERY, Access, Form, Grant, check_access, grants_of, load_access
from pipelines.store.migrations import declare
from pipelines.store.postgres import Connection, compose, execute, fetch

__all__ = [
    "bootstrap_sql", "departments", "ensure_logins", "ensure_views", "load_access", "login_role", "mark_of",
    "prepared_mark", "reader_role", "reader_url",
]  # fmt: skip

READERS = "popbase_reader"
WATCHED = "popbase_watched"
KEEPER = "popbase_keeper"
LONGEST_ROLE = 63
_NUMBER = "(select number from publication.pointer)"
IS_SEEN = f"g.from_publication <= {_NUMBER} and {UNTIL.replace('to_', 'g.to_')} > {_NUMBER}"
_VERSION = {
    "since_publication": "自该次发布起; The publication it stands in since",
    "until_publication": "至该次发布前; The first publication it no longer stood in, null while it stands",
}
_KEYS = {"row_key": "行标识; Key of the row", "person_id": "人员标识; Person, the same in all tables"}


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
    text = (declarations / "sql" / "bootstrap.sql").read_text(encoding="utf-8")
    roles = "\n".join(_department_sql(name) for name in departments(contracts))
    duties = (declarations / "sql" / "duties.sql").read_text(encoding="utf-8")
    body = f"{text}{duties}\n-- The departments' readers.\n{roles}\n"
    return f"{body}\n{_mark_sql(mark_of(body))}\n"


def mark_of(body: str) -> str:
    """The mark by which a database shows how it was prepared."""
    return f"popbase: prepared by {hashlib.sha256(body.encode('utf-8')).hexdigest()[:16]}"


def _department_sql(department: str) -> str:
    role = reader_role(department)
    return (
        f"do $$ begin if not exists (select from pg_roles where rolname = '{role}')"
        f" then create role {role} nologin; end if; end $$;\n"
        f"grant {READERS} to {role};\n"
        f"do $$ begin execute 'grant {role} to {PIPELINE}' || case"
        " when current_setting('server_version_num')::integer >= 160000 then ' with inherit false, set true'"
        f" else '' end; execute 'grant {role} to {KEEPER} with admin ' || case"
        " when current_setting('server_version_num')::integer >= 160000 then 'true, inherit false, set false'"
        " else 'option' end; end $$;"
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
    tables = golden_tables(contracts)
    check_access(access, tables)
    made = "select rolname from pg_roles where starts_with(rolname, %s) or rolname = %s"
    roles = {row["rolname"] for row in fetch(conn, made, (f"{READERS}_", WATCHED))}
    return [
        table.name
        for table in tables
        if declare(conn, f"shared.{table.name}", _view_ddl(table, access, roles))
    ]


def _view_ddl(table: GoldenTable, access: Access, roles: set[str]) -> str:
    name = f'shared."{table.name}"'
    grants = grants_of(access, table)
    readers = dict.fromkeys(READERS if grant.to == EVERY else reader_role(grant.to) for grant in grants)
    comments = _KEYS if table.departments is not None else {"person_id": _KEYS["person_id"]}
    comments = comments | {c.name: f"{c.title.zh}; {c.title.en}" for c in table.columns}
    granted = [role for role in readers if role in roles | {READERS}]
    watched = [f"grant select on {name} to {WATCHED};"] if WATCHED in roles else []
    lines = [
        f'drop function if exists shared."read_{table.name}"(text);',
        f"drop view if exists {name};",
        f"create view {name} with (security_barrier) as {_select(table, access, grants)};",
        f"comment on view {name} is {literal(f'{table.title.zh}; {table.title.en}')};",
        *(f'comment on column {name}."{column}" is {literal(told)};' for column, told in comments.items()),
        *(f"grant select on {name} to {role};" for role in granted),
        *watched,
        *_reading_ddl(table, granted),
        *_version_ddl(table, access, grants, granted),
    ]
    return "\n".join(lines)


def _reading_ddl(table: GoldenTable, readers: list[str]) -> list[str]:
    """A function that writes down who reads a person's rows before it shows them, with the reader's own rights."""
    name, view = f'shared."read_{table.name}"', f'shared."{table.name}"'
    rows = f"select * from {view} as v where v.person_id = read_{table.name}.person_id"  # noqa: S608
    noted = f"perform reading.note({literal(table.name)}, 'person', read_{table.name}.person_id)"
    begins = f"create function {name}(person_id text) returns setof {view} language plpgsql"
    told = f"{table.title.zh}：一人的各行，读取留有记录; {table.title.en}: the rows of one person, each read on record"
    return [
        f"{begins} set search_path = pg_catalog, pg_temp as $body$ begin {noted}; return query {rows}; end $body$;",
        f"comment on function {name} is {literal(told)};",
        *(f"grant execute on function {name} to {role};" for role in readers),
    ]


def _version_ddl(
    table: GoldenTable, access: Access, grants: Sequence[Grant], readers: list[str]
) -> list[str]:
    """By which a reader follows its table from publication to publication: keys of its rows, no values."""
    name = f'shared."{table.name}_version"'
    keys = _KEYS if table.departments is not None else {"person_id": _KEYS["person_id"]}
    title = f"{table.title.zh}：各行在哪些发布中; {table.title.en}: in which publications each row stood"
    return [
        f"drop view if exists {name};",
        f"create view {name} with (security_barrier) as {_versions(table, access, grants, list(keys))};",
        f"comment on view {name} is {literal(title)};",
        *(
            f"comment on column {name}.{column} is {literal(told)};"
            for column, told in (keys | _VERSION).items()
        ),
        *(f"grant select on {name} to {role};" for role in readers),
    ]


def _versions(table: GoldenTable, access: Access, grants: Sequence[Grant], keys: list[str]) -> str:
    """What was opened after the publication that is seen does not show, nor that a row ends after it."""
    asked = ", ".join(f"{is_member(grant.to)} as grant_{n}" for n, grant in enumerate(grants))
    shown = " or ".join(line_holds(n, grant, access) for n, grant in enumerate(grants)) or "false"
    columns = ", ".join(f"g.{key}" for key in keys)
    until = f"case when g.to_publication <= {_NUMBER} then g.to_publication end as until_publication"
    rows = f'from golden."{table.name}" as g cross join reader where g.from_publication <= {_NUMBER} and ({shown})'
    asking = f"with reader as materialized (select {asked})"
    return f"{asking} select {columns}, g.from_publication as since_publication, {until} {rows}"


def _select(table: GoldenTable, access: Access, grants: Sequence[Grant]) -> str:
    """The rows and columns of a table as each of its readers may see them."""
    keys = "g.row_key, g.person_id" if table.departments is not None else "g.person_id"
    if all(grant.form == "plain" and not grant.columns and grant.rows is None for grant in grants):
        columns = ", ".join(f'g."{column.name}"' for column in table.columns)
        return f'select {keys}, {columns} from golden."{table.name}" as g where {IS_SEEN}'  # noqa: S608
    asked = ", ".join(f"{is_member(grant.to)} as grant_{n}" for n, grant in enumerate(grants))
    columns = ", ".join(f'{cell_as_shown(c, access, grants)} as "{c.name}"' for c in table.columns)
    shown = " or ".join(line_holds(n, grant, access) for n, grant in enumerate(grants)) or "false"
    rows = f'select {keys}, {columns} from golden."{table.name}" as g cross join reader'  # noqa: S608
    return f"with reader as materialized (select {asked}) {rows} where {IS_SEEN} and ({shown})"


def is_member(department: str) -> str:
    """Whether the reader belongs to a department; roles that do not exist yet have no members."""
    if department == EVERY:
        return "true"
    return (
        "exists (select from pg_catalog.pg_roles as r"
        f" where r.rolname = {literal(reader_role(department))} and pg_has_role(current_user, r.oid, 'usage'))"
    )


def line_holds(number: int, grant: Grant, access: Access) -> str:
    """When a line of the matrix speaks of the row."""
    if grant.rows is None:
        return f"reader.grant_{number}"
    begins = " or ".join(
        f'starts_with(g."{grant.rows}"::text, {literal(division)})' for division in access.divisions[grant.to]
    )
    return f"(reader.grant_{number} and coalesce({begins}, false))"


def cell_as_shown(column: GoldenColumn, access: Access, grants: Sequence[Grant]) -> str:
    """SQL of the fullest form in which any line shows it, else null."""
    name = column.name
    whens = [
        f"when {line_holds(number, grant, access)} then {_shown(column, access, grant, form)}"
        for form in ("plain", "pseudonym", "masked")
        for number, grant in enumerate(grants)
        if grant.form_of(name) == form
    ]
    cases = f"case {' '.join(whens)} end" if whens else "null"
    return f"({cases})::{column.sql_type}"


def _shown(column: GoldenColumn, access: Access, grant: Grant, form: Form) -> str:
    plain, mask = f'g."{column.name}"', access.mask_of(column.name)
    if form == "plain" or (form == "masked" and mask == "shown"):
        return plain
    if form == "pseudonym":
        return (
            "(select p.pseudonym from masking.pseudonym as p where p.department ="  # noqa: S608
            f" {literal(grant.to)} and p.column_name = {literal(column.name)} and p.value = {plain})"
        )
    return "null" if mask == "hidden" else f"shared.masked_{mask}({plain})"


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
