"""The schema of the database: numbered files applied once, and tables and views made from declarations.

A file `sql/NNN_name.sql` is applied in one transaction together with its line in migration.applied. A file whose
first line is `-- no-transaction` holds one statement that PostgreSQL refuses inside a transaction.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import ContractError, Fault
from pipelines.store.postgres import (
    Connection,
    acting_as,
    advisory_lock,
    compose,
    execute,
    fetch,
    has_table,
)

OWNER = "popbase_owner"
NAME = re.compile(r"^\d{3}_[a-z0-9_]+\.sql$")
LOCK = "popbase schema"
_DECLARED = """
insert into migration.declared (name, sha256) values (%s, %s)
on conflict (name) do update set sha256 = excluded.sha256, declared_at = now()
"""


@dataclass(frozen=True)
class Migration:
    """One file of the schema."""

    name: str
    text: str

    @property
    def sha256(self) -> str:
        """Hash of its bytes."""
        return hashlib.sha256(self.text.encode("utf-8")).hexdigest()

    @property
    def in_transaction(self) -> bool:
        """Whether it runs inside a transaction, as nearly all do."""
        return not self.text.startswith("-- no-transaction")


def read_migrations(folder: Path) -> list[Migration]:
    """The numbered files of the folder, in order."""
    files = sorted(path for path in folder.glob("*.sql") if NAME.match(path.name))
    return [Migration(path.name, path.read_bytes().decode("utf-8")) for path in files]


def migrate(conn: Connection, folder: Path) -> list[str]:
    """Apply what was not applied yet; return the names. Commits after each file.

    Raises:
        ContractError: when an applied file was edited or is gone.
    """
    files = read_migrations(folder)
    if not _pending(conn, files):
        return []
    applied = []
    for migration in files:
        advisory_lock(conn, LOCK)
        if migration.name not in _applied(conn):
            _apply(conn, migration)
            applied.append(migration.name)
        conn.commit()
    return applied


def _applied(conn: Connection) -> dict[str, str]:
    if not has_table(conn, "migration.applied"):
        return {}
    return {row["name"]: row["sha256"] for row in fetch(conn, "select name, sha256 from migration.applied")}


def _pending(conn: Connection, files: list[Migration]) -> list[Migration]:
    applied = _applied(conn)
    known = {migration.name: migration for migration in files}
    faults = [
        Fault(f"sql/{name}", "file", "was edited after it was applied: write a new file instead")
        if name in known
        else Fault(f"sql/{name}", "file", "was applied and is gone")
        for name, sha256 in sorted(applied.items())
        if name not in known or known[name].sha256 != sha256
    ]
    if faults:
        raise ContractError(faults)
    return [migration for migration in files if migration.name not in applied]


def _apply(conn: Connection, migration: Migration) -> None:
    if migration.in_transaction:
        with acting_as(conn, OWNER):
            execute(conn, migration.text)
            _note(conn, migration)
        return
    conn.commit()
    conn.autocommit = True
    execute(conn, compose(conn, "set role {role}", role=OWNER))
    execute(conn, migration.text)
    _note(conn, migration)
    execute(conn, "reset role")
    conn.autocommit = False


def _note(conn: Connection, migration: Migration) -> None:
    line = "insert into migration.applied (name, sha256) values (%s, %s)"
    execute(conn, line, (migration.name, migration.sha256))


def declare(conn: Connection, name: str, ddl: str) -> bool:
    """Run the DDL of a table or view as the owner, unless it ran before in just this wording.

    DDL on what readers look at waits for them, so it runs only when a declaration has changed, and gives up after
    ten seconds instead of making everybody queue behind it.
    """
    sha256 = hashlib.sha256(ddl.encode("utf-8")).hexdigest()
    if _declared(conn, name) == sha256:
        return False
    advisory_lock(conn, LOCK)
    if _declared(conn, name) == sha256:
        return False
    with acting_as(conn, OWNER):
        execute(conn, "set local lock_timeout = '10s'")
        execute(conn, ddl)
        execute(conn, "set local lock_timeout = 0")
        execute(conn, _DECLARED, (name, sha256))
    return True


def _declared(conn: Connection, name: str) -> str | None:
    rows = fetch(conn, "select sha256 from migration.declared where name = %s", (name,))
    return rows[0]["sha256"] if rows else None
