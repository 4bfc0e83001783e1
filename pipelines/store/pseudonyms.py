"""Pseudonyms: what a department sees instead of a value, made with a key that is no part of the database.

HMAC-SHA-256 over department, column and value: stable over publications, another one for each department. The
database holds the outcome, so that views can show it; it cannot make or undo one without the key.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from typing import TYPE_CHECKING, Final

import polars as pl

from pipelines.errors import UsageError
from pipelines.store.golden import golden_tables
from pipelines.store.matrix import grants_of
from pipelines.store.postgres import compose, copy_frame, fetch, fetch_frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipelines.contract.model import Contract
    from pipelines.settings import Settings
    from pipelines.store.matrix import Access
    from pipelines.store.postgres import Connection

SHORTEST_KEY: Final = 32
_NEW: Final = """
select distinct g.{column} as value from {table} as g
where g.{column} is not null and not exists (
    select from masking.pseudonym as p
    where p.department = %s and p.column_name = %s and p.value = g.{column})
order by 1
"""


def ensure_pseudonyms(
    settings: Settings, conn: Connection, contracts: Mapping[str, Contract], access: Access
) -> int:
    """Make the pseudonyms that golden values still lack, where the matrix shows any; returns how many."""
    made = 0
    for table, department, column in _shown(contracts, access):
        query = compose(conn, _NEW, table=f"golden.{table}", column=column)
        new = fetch_frame(conn, query, (department, column), schema={"value": pl.String})
        if new.height:
            key = _same_key(settings, conn)
            names = [pseudonym(key, department, column, value) for value in new["value"]]
            made += _keep(conn, department, column, new.with_columns(pl.Series("pseudonym", names)))
    return made


def _same_key(settings: Settings, conn: Connection) -> bytes:
    """The key that pseudonyms were made with until now; a new one only where there are none."""
    if not settings.pseudonym_key.exists() and fetch(conn, "select from masking.pseudonym limit 1"):
        raise UsageError(
            f"{settings.pseudonym_key.name} is gone: a new key would give everybody another pseudonym",
            hint="put the office's copy back",
        )
    return pseudonym_key(settings)


def _shown(contracts: Mapping[str, Contract], access: Access) -> Iterator[tuple[str, str, str]]:
    """table, department, column of every cell of the matrix that is a pseudonym."""
    for table in golden_tables(contracts):
        for grant in grants_of(access, table):
            for column in table.columns:
                if grant.form_of(column.name) == "pseudonym":
                    yield table.name, grant.to, column.name


def _keep(conn: Connection, department: str, column: str, named: pl.DataFrame) -> int:
    said = pl.lit(department).alias("department"), pl.lit(column).alias("column_name")
    return copy_frame(conn, "masking.pseudonym", named.select(*said, "value", "pseudonym"))


def pseudonym(key: bytes, department: str, column: str, value: str) -> str:
    """32 hexadecimal digits."""
    told = f"{department}\x1f{column}\x1f{value}".encode()
    return hmac.new(key, told, hashlib.sha256).hexdigest()[:32]


def pseudonym_key(settings: Settings) -> bytes:
    """The key; where there is none yet, it is made, readable by its owner only. UsageError when it is too short."""
    path = settings.pseudonym_key
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_hex(SHORTEST_KEY) + "\n")
        part.replace(path)
    key = path.read_bytes().strip()
    if len(key) < SHORTEST_KEY:
        raise UsageError(
            f"{path.name} is too short a key", hint="POPBASE_PSEUDONYM_KEY_FILE: 32 bytes or more"
        )
    return key
