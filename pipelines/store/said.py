"""Who said what of a row, in one line a row, as golden.row_provenance keeps it."""

from __future__ import annotations

from typing import Final

import polars as pl

LISTS: Final = {"attribute": "attributes", "record_key": "record_keys", "rule": "rules"}
_ORDER: Final = ("table", "row_key", "attribute", "record_key")


def said_by_row(provenance: pl.DataFrame) -> pl.DataFrame:
    """From a line a value (table, row_key, attribute, record_key, rule) to a line a row, sorted.

    Returns (table_name, row_key, attributes, record_keys, rules); the last three are arrays in PostgreSQL's writing,
    of one length, in the order of the attributes.
    """
    ordered = provenance if _is_ordered(provenance) else provenance.sort(_ORDER)
    is_next = pl.any_horizontal(pl.col(name) != pl.col(name).shift() for name in ("table", "row_key"))
    numbered = ordered.with_columns(is_next.fill_null(value=True).cum_sum().set_sorted().alias("place"))
    quoted = numbered.with_columns(_quoted(ordered, name) for name in LISTS)
    told = quoted.group_by("place", maintain_order=True).agg(
        pl.col("table").first().alias("table_name"), pl.col("row_key").first(), *LISTS
    )
    return told.select("table_name", "row_key", *(_array(name).alias(named) for name, named in LISTS.items()))


def _is_ordered(frame: pl.DataFrame) -> bool:
    """Whether each row comes after the one before it, bytewise; survivorship makes them so."""
    after: pl.Expr = pl.lit(value=False)
    for name in reversed(_ORDER):
        now, before = pl.col(name), pl.col(name).shift()
        after = (now > before) | ((now == before) & after)
    return bool(frame.select(after.slice(1).all()).item()) if frame.height > 1 else True


def _quoted(frame: pl.DataFrame, name: str) -> pl.Expr:
    """A column as it stands between quotes; hardly ever is there anything to escape."""
    column = pl.col(name)
    if not frame.select(column.str.contains_any(["\\", '"']).any()).item():
        return column
    return column.str.replace_all("\\", "\\\\", literal=True).str.replace_all('"', '\\"', literal=True)


def _array(name: str) -> pl.Expr:
    return pl.lit('{"') + pl.col(name).list.join('","') + pl.lit('"}')
