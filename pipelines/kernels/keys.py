"""Record keys: how a row of a feed is known again in the next delivery."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import polars as pl


def record_keys(raw: pl.DataFrame, feed: str, alternatives: Sequence[Sequence[str]]) -> pl.Series:
    """`<feed>|<part>|<part>` of every row: the first alternative whose parts are given and that is unique.

    Where no alternative has all its parts, the last one with those it has: `<feed>|<part>|`.
    Rows that share a key after all alternatives get `#2`, `#3`, … in the order of their content, so that the
    order of rows in a file changes nothing.

    Args:
        raw: the rows as delivered, columns `raw.<source>`.
        feed: the feed's name.
        alternatives: source columns of each key, the preferred first.
    """
    candidates = [_candidate(raw, parts, feed) for parts in alternatives]
    frame = pl.DataFrame({f"key{i}": key for i, key in enumerate(candidates)})
    names = frame.columns
    usable = [
        pl.when(pl.col(name).is_not_null() & (pl.len().over(name) == 1)).then(pl.col(name)) for name in names
    ]
    partly = _candidate(raw, alternatives[-1], feed, blank="")
    chosen = frame.select(pl.coalesce(*usable, *reversed(names), partly).alias("key"))
    return _numbered(raw, chosen["key"])


def _candidate(raw: pl.DataFrame, parts: Sequence[str], feed: str, blank: str | None = None) -> pl.Series:
    """The key of one alternative; `blank` stands for a blank part, and null makes the whole key null."""
    cells = [pl.coalesce(blank_to_null(raw, part), pl.lit(blank, pl.String)) for part in parts]
    whole = reduce(lambda key, cell: key + "|" + cell, cells, pl.lit(feed))
    return raw.select(whole.alias("key")).to_series()


def blank_to_null(raw: pl.DataFrame, source: str) -> pl.Expr:
    """The stripped text of a source column; blank, or a column that did not come, is null."""
    name = f"raw.{source}"
    if name not in raw.columns:
        return pl.lit(None, dtype=pl.String)
    stripped = pl.col(name).str.strip_chars()
    return pl.when(stripped != "").then(stripped)


def _numbered(raw: pl.DataFrame, key: pl.Series) -> pl.Series:
    repeated = key.is_duplicated()
    if not repeated.any():
        return key
    content = sorted(name for name in raw.columns if name.startswith("raw."))
    rows = raw.select(content).with_columns(key.alias("key")).with_row_index("place")
    twins = rows.filter(repeated).sort("key", *content, "place", nulls_last=True)
    numbered = twins.select("place", nth=pl.int_range(1, pl.len() + 1).over("key").cast(pl.String))
    suffix = rows.select("place").join(numbered, on="place", how="left", maintain_order="left")["nth"]
    named = pl.select(pl.when(suffix.is_null() | (suffix == "1")).then(key).otherwise(key + "#" + suffix))
    return named.to_series().alias("record_key")
