"""What the audit of the published tables found, for the departments that said it. In the caller's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from pipelines.kernels.audited import AUDITED, faults_behind
from pipelines.kernels.golden import row_keys
from pipelines.store.ledger import batches_named
from pipelines.store.postgres import copy_frame, execute, fetch, fetch_frame
from pipelines.store.records import current_records

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.contract.model import Contract
    from pipelines.store.lake import Lake
    from pipelines.store.postgres import Connection

PERSON: Final = "person"
_SAID: Final = {"row_key": pl.String, "attribute": pl.String, "record_key": pl.String}
_STANDING: Final = {
    "record_key": pl.String, "column": pl.String, "code": pl.String, "is_same": pl.Boolean, "known": pl.String,
}  # fmt: skip


def faults_of(
    lake: Lake,
    run_id: str,
    table: str,
    failing: pl.DataFrame,
    rules: Mapping[str, tuple[str, ...]],
    contracts: Mapping[str, Contract],
) -> pl.DataFrame:
    """Whose records the failing rows (row_key, person_id, rule_id) of a golden table came from (AUDITED)."""
    told = failing.filter(pl.col("rule_id").is_in(list(rules)))
    if told.is_empty():
        return pl.DataFrame(schema=AUDITED)
    if table == PERSON:
        said = lake.scan(f"provenance/{run_id}").filter(pl.col("table") == PERSON).select(list(_SAID))
        spoken = said.join(told.lazy().select("row_key").unique(), on="row_key", how="semi").collect()
    else:
        spoken = _domain_said(lake, run_id, table, told, contracts)
    return faults_behind(told, spoken, rules, contracts)


def _domain_said(
    lake: Lake, run_id: str, table: str, told: pl.DataFrame, contracts: Mapping[str, Contract]
) -> pl.DataFrame:
    """A row of a domain table is one record's, with all its columns."""
    persons = told.lazy().select("person_id").unique()
    parts = [pl.DataFrame(schema=_SAID)]
    for feed, contract in contracts.items():
        if contract.publishes is not None and contract.publishes.table == table:
            mine = lake.scan(f"resolved/{run_id}").filter(pl.col("record_key").str.starts_with(f"{feed}|"))
            keys = mine.join(persons, on="person_id", how="semi").collect()["record_key"]
            attributes = pl.DataFrame({"attribute": contract.publishes.columns})
            parts.append(
                pl.DataFrame([row_keys(keys), keys]).join(attributes, how="cross").select(list(_SAID))
            )
    return pl.concat(parts)


def record_audited(
    conn: Connection, lake: Lake, number: int, inputs: Mapping[str, Any], found: pl.DataFrame
) -> None:
    """Write down what an audit found (AUDITED), in place of what the one before had."""
    execute(conn, "delete from feedback.audited")
    for (feed,), part in found.group_by("feed", maintain_order=True):
        records = current_records(lake, batches_named(conn, inputs["feeds"].get(feed, [])))
        if records is not None:
            rows = part.join(records.select("record_key", "batch_id"), on="record_key")
            copy_frame(conn, "feedback.audited", rows.with_columns(publication=pl.lit(number)))


def audited_faults(conn: Connection, feed: str, batch_id: str) -> pl.DataFrame:
    """What the newest audit found of the feed: record_key, column, code, is_same, known.

    `is_same` says whether the record is still this batch's, as it was at the audit; `known` is the value of the finding
    that stands, if there is one.
    """
    sql = (
        'select a.record_key, a.column_name as "column", a.code, a.batch_id = %s as is_same, f.value as known'
        " from feedback.audited a left join feedback.finding f using (feed, record_key, column_name)"
        " where a.feed = %s order by 1, 2, 3"
    )
    return fetch_frame(conn, sql, (batch_id, feed), schema=_STANDING)


def mark_of_audit(conn: Connection, feed: str) -> str:
    """Changes when an audit finds something else of the feed; empty when it found nothing."""
    sql = (
        "select coalesce(encode(sha256(convert_to(string_agg(concat_ws(chr(31), record_key, column_name, code, batch_id),"
        " chr(30) order by record_key, column_name, code), 'UTF8')), 'hex'), '') as mark"
        " from feedback.audited where feed = %s"
    )
    return str(fetch(conn, sql, (feed,))[0]["mark"])
