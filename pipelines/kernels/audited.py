"""Rows of published tables that break a rule, as faults of the records that their values came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from pipelines.contract.model import Contract

AUDITED: Final = {
    "feed": pl.String, "record_key": pl.String, "column_name": pl.String, "code": pl.String,
}  # fmt: skip
"""One row a record and rule; `column_name` are the department's own columns, joined."""
JOINED: Final = " + "
_COLUMNS: Final = {
    "feed": pl.String, "attribute": pl.String, "source": pl.String, "place": pl.Int64,
}  # fmt: skip


def faults_behind(
    failing: pl.DataFrame,
    said: pl.DataFrame,
    rules: Mapping[str, tuple[str, ...]],
    contracts: Mapping[str, Contract],
) -> pl.DataFrame:
    """Whose records the failing rows came from (AUDITED).

    A fault is that of the record that said the value. Where nobody said any of the rule's attributes, it is that of
    every record that spoke for the row and could have said one. A rule about no delivered attribute is nobody's.

    Args:
        failing: row_key, rule_id.
        said: row_key, attribute, record_key: who said the values of these rows.
        rules: the attributes that each rule judges; a rule that is not here has no findings.
        contracts: by feed.
    """
    judged = [(rule, attribute) for rule, attributes in rules.items() for attribute in attributes]
    wanted = pl.DataFrame(judged, schema={"rule_id": pl.String, "attribute": pl.String}, orient="row")
    asked = failing.select("row_key", "rule_id").join(wanted, on="rule_id")
    spoken = asked.join(said, on=["row_key", "attribute"])
    silent = asked.join(spoken, on=["row_key", "rule_id"], how="anti")
    behind = silent.join(said.select("row_key", "record_key").unique(), on="row_key")
    found = pl.concat([spoken, behind.select(spoken.columns)])
    feed = pl.col("record_key").str.split("|").list.first().alias("feed")
    named = found.with_columns(feed).join(_columns(contracts), on=["feed", "attribute"])
    return (
        named.unique(["record_key", "rule_id", "source"])
        .sort("feed", "record_key", "rule_id", "place")
        .group_by("feed", "record_key", pl.col("rule_id").alias("code"), maintain_order=True)
        .agg(pl.col("source").str.join(JOINED).alias("column_name"))
        .select(list(AUDITED))
    )


def _columns(contracts: Mapping[str, Contract]) -> pl.DataFrame:
    """The source column of each attribute, by feed; of two of one name the first, which is the one that speaks."""
    rows = [
        (feed, column.name, column.source, place)
        for feed, contract in contracts.items()
        for place, column in enumerate(contract.columns)
    ]
    columns = pl.DataFrame(rows, schema=_COLUMNS, orient="row")
    return columns.unique(["feed", "attribute"], keep="first", maintain_order=True)
