"""`popbase unmapped`: what departments write in coded columns that no code list and no lookup knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from pipelines.contract.load import load_contracts
from pipelines.errors import UsageError
from pipelines.kernels.codes import UNMAPPED
from pipelines.store.database import open_database
from pipelines.store.lake import Lake
from pipelines.store.records import accepted_chain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.contract.model import Contract
    from pipelines.settings import Settings
    from pipelines.store.ledger import Batch

SHOWN_FROM: Final = 5
"""Rows that must share a value for it to be shown: what fewer write may be somebody's name in the wrong column."""


def unmapped_values(settings: Settings, feed: str | None = None) -> list[dict[str, Any]]:
    """Values that came to no code, in the deliveries in effect: most rows first.

    Returns [{feed, column, list, value, rows}]; `value` is None for all that fewer than SHOWN_FROM rows share.

    Raises:
        UsageError: there is no contract for the feed.
    """
    contracts = load_contracts(settings.contracts)
    if feed is not None and feed not in contracts:
        raise UsageError(f"there is no contract for {feed!r}", hint=f"one of {' '.join(contracts)}")
    chosen = [contract for name, contract in contracts.items() if feed in (None, name)]
    with open_database(settings) as conn:
        chains = [(contract, accepted_chain(conn, contract.feed)) for contract in chosen]
    lake = Lake(settings.lake)
    return [line for contract, chain in chains for line in _lines(lake, contract, chain)]


def _lines(lake: Lake, contract: Contract, chain: list[Batch]) -> Iterator[dict[str, Any]]:
    lists = {column.source: column.list for column in contract.columns if column.type == "code"}
    found = [_values(lake, batch.batch_id, list(lists)) for batch in chain]
    if not found:
        return
    counted = pl.concat(found).group_by("column", "value").len("rows")
    shown = pl.when(pl.col("rows") >= SHOWN_FROM).then("value").alias("value")
    told = counted.group_by("column", shown).agg(pl.col("rows").sum())
    ordered = told.sort("rows", "column", "value", descending=[True, False, False])
    for line in ordered.iter_rows(named=True):
        yield {"feed": contract.feed, "list": lists[line["column"]], **line}


def _values(lake: Lake, batch_id: str, coded: list[str]) -> pl.DataFrame:
    """column, value of every cell of the batch that came to no code."""
    faults = lake.scan(f"faults/{batch_id}").filter(
        (pl.col("code") == UNMAPPED) & pl.col("column").is_in(coded)
    )
    rows = lake.scan(f"standard/{batch_id}")
    there = set(rows.collect_schema().names())
    found = [
        rows.join(faults.filter(pl.col("column") == source), on="row_number").select(
            "column", pl.col(f"raw.{source}").str.strip_chars().alias("value")
        )
        for source in coded
        if f"raw.{source}" in there
    ]
    schema = {"column": pl.String, "value": pl.String}
    return pl.concat([pl.DataFrame(schema=schema), *pl.collect_all(found)])
