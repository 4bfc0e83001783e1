"""What an erasure by order keeps out of later deliveries: a list of keyed hashes, by which rows are known again.

HMAC-SHA-256 of citizen IDs and record keys with the data office's key: without that file the list tells nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Final

import polars as pl

from pipelines.errors import UsageError
from pipelines.kernels.keys import record_keys
from pipelines.store.postgres import execute, fetch
from pipelines.store.pseudonyms import pseudonym_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.contract.model import Contract
    from pipelines.settings import Settings
    from pipelines.store.person_erasing import Person
    from pipelines.store.postgres import Connection

CODE: Final = "PB-RW-012"
"""Of a row that is withheld by order."""


def withhold(settings: Settings, conn: Connection, erasure_id: int, person: Person) -> int:
    """Put a person's citizen IDs and record keys on the list; how many."""
    key = pseudonym_key(settings)
    told = {_hash(key, "number", n) for n in person.numbers}
    told |= {_hash(key, "record", _plain(k)) for k in person.keys}
    sql = (
        "insert into ledger.withheld (key_hmac, erasure_id) select h, %s from unnest(%s) as h"
        " on conflict (key_hmac) do nothing"
    )
    return execute(conn, sql, (erasure_id, sorted(told)))


def withheld_rows(
    settings: Settings, conn: Connection, contract: Contract, raw: pl.DataFrame, standard: pl.DataFrame
) -> list[int]:
    """Numbers of the rows of a delivery that are withheld by order.

    Args:
        settings: where the key is.
        conn: the transaction.
        contract: of the feed.
        raw: the rows as read.
        standard: those of them that became records.

    Raises:
        UsageError: there is a list, and its key is gone.
    """
    listed = {row["key_hmac"] for row in fetch(conn, "select key_hmac from ledger.withheld")}
    if not listed:
        return []
    if not settings.pseudonym_key.exists():
        raise UsageError(
            f"{settings.pseudonym_key.name} is gone: what was erased by order would come back",
            hint="put the office's copy back",
        )
    key = pseudonym_key(settings)
    found = _known(key, listed, standard)
    others = raw.join(standard.select("row_number"), on="row_number", how="anti")
    keyed = record_keys(others, contract.feed, contract.key).alias("record_key")
    found |= _known(key, listed, others.select("row_number", keyed))
    cells = [name for name in others.columns if name.startswith("raw.")]
    for number, *row in others.select("row_number", *cells).iter_rows():
        if any(_hash(key, "number", cell.strip().upper()) in listed for cell in row if cell):
            found.add(number)
    return sorted(found)


def _known(key: bytes, listed: Iterable[str], rows: pl.DataFrame) -> set[int]:
    """Numbers of rows whose record key, or citizen ID where they have that column, is listed."""
    number = pl.col("citizen_id") if "citizen_id" in rows.columns else pl.lit(None, dtype=pl.String)
    told = rows.select("row_number", "record_key", number.alias("number"))
    return {
        row
        for row, record, citizen_id in told.iter_rows()
        if _hash(key, "record", _plain(record)) in listed
        or (citizen_id is not None and _hash(key, "number", citizen_id) in listed)
    }


def _plain(record_key: str) -> str:
    """Without what tells twins apart, which depends on who else is there."""
    head, mark, tail = record_key.rpartition("#")
    return head if mark and tail.isdigit() else record_key


def _hash(key: bytes, kind: str, value: str) -> str:
    return hmac.new(key, f"withheld\x1f{kind}\x1f{value}".encode(), hashlib.sha256).hexdigest()
