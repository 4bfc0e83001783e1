"""What the records of cases say: read for a reviewer who gives a name and a purpose, and written down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from pipelines.contract.load import load_contracts
from pipelines.errors import UsageError
from pipelines.speaking import records_of_run
from pipelines.store import signing
from pipelines.store.lake import Lake
from pipelines.store.postgres import fetch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.settings import Settings
    from pipelines.store.postgres import Connection

SHOWN: Final = (
    "name", "former_name_key", "citizen_id_cleaned", "born_on", "sex_code", "telephone", "household_number",
    "registered_address", "residence_address", "property_address", "employer_name", "guardian_name_key", "guardian_telephone",
)  # fmt: skip
"""What two records are compared by, as a person reads it."""

Sides = dict[str, tuple[str, str]]


def seen_values(
    settings: Settings, conn: Connection, cases: Sequence[dict[str, Any]], *, by: str, purpose: str
) -> dict[int, Sides]:
    """{case: {column: (what one record says, what the other says)}}; who looks is written down first.

    Raises:
        UsageError: without a name and a purpose.
    """
    if not by.strip() or not purpose.strip():
        raise UsageError("seeing values needs a name and a purpose", hint="--show-values PURPOSE --by NAME")
    numbers = [case["case_id"] for case in cases]
    keys = sorted({case[side] for case in cases for side in ("record_a", "record_b")})
    subject = f"review:{numbers[0]}" if len(numbers) == 1 else f"review:{len(numbers)} cases"
    signing.record_unmasking(conn, subject, 0, _persons(conn, keys), by=by.strip(), purpose=purpose.strip())
    said = records_now(settings, conn).filter(pl.col("record_key").is_in(keys))
    present = [name for name in SHOWN if name in said.columns]
    rows = {row["record_key"]: row for row in said.select("record_key", *present).iter_rows(named=True)}
    return {
        case["case_id"]: {
            name: (_cell(rows, case["record_a"], name), _cell(rows, case["record_b"], name))
            for name in present
        }
        for case in cases
    }


def records_now(settings: Settings, conn: Connection) -> pl.DataFrame:
    """The records that the newest run resolved."""
    inputs = fetch(conn, "select inputs from ledger.run order by started_at desc, run_id limit 1")[0][
        "inputs"
    ]
    return records_of_run(conn, Lake(settings.lake), inputs, load_contracts(settings.contracts))


def _persons(conn: Connection, keys: list[str]) -> list[str]:
    sql = "select distinct person_id from resolution.membership where record_key = any(%s) order by person_id"
    return [row["person_id"] for row in fetch(conn, sql, (keys,))]


def _cell(rows: dict[str, dict[str, Any]], key: str, name: str) -> str:
    value = rows.get(key, {}).get(name)
    return "" if value is None else str(value)
