"""One pass over a streamed frame for all that a suite asks of it.

Great Expectations asks in several rounds, and a round would be a pass over the file. So a suite is first run on no rows,
which says what it will ask; a sweep then answers all of it from one read of the frame. What was not foreseen, or cannot
be computed together with the rest, is asked of the frame when its turn comes: a sweep never changes an answer.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from pipelines.quality.masks import Mask
from pipelines.quality.query import rows_of


@dataclass
class Asked:
    """What was asked of a frame so far: masks and single values by their keys, queries by their text."""

    masks: dict[Any, Mask] = field(default_factory=dict)
    values: dict[Any, pl.Expr] = field(default_factory=dict)
    queries: dict[str, None] = field(default_factory=dict)


@dataclass(frozen=True)
class Swept:
    """The answers of one pass: failing rows by mask, single values, numbers of a query's rows, the named column."""

    masks: Mapping[Hashable, pl.Series] = field(default_factory=dict)
    values: Mapping[Hashable, Any] = field(default_factory=dict)
    queries: Mapping[str, pl.Series] = field(default_factory=dict)
    named: pl.Series | None = None


def sweep(frame: pl.LazyFrame, asked: Asked, name: str) -> Swept:
    """Answer all that was asked, and take the column `name`, in one read; nothing if Polars cannot do it in one.

    Masks that judge rows one by one are streamed and kept as bits. Of masks that need all rows only the columns they
    look at are kept, and dropped when they are answered.
    """
    alone = {key: mask for key, mask in asked.masks.items() if not mask.needs_all}
    together = {key: mask for key, mask in asked.masks.items() if mask.needs_all}
    try:
        rows, told, *found = pl.collect_all(plans(frame, asked, name), engine="streaming")
        masks = _columns(alone, rows) | _columns(together, rows.select(_named(together)))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return Swept()
    cells = [cell.item() for cell in told.get_columns()[1:]]
    queries = {query: one.to_series() for query, one in zip(asked.queries, found, strict=True)}
    return Swept(masks, dict(zip(asked.values, cells, strict=True)), queries, rows[name])


def plans(frame: pl.LazyFrame, asked: Asked, name: str) -> list[pl.LazyFrame]:
    """What a sweep collects together, so that Polars reads the file once: rows, single values, rows of queries."""
    alone = {key: mask for key, mask in asked.masks.items() if not mask.needs_all}
    together = {key: mask for key, mask in asked.masks.items() if mask.needs_all}
    values = [pl.len(), *asked.values.values()]  # a select has to have a column
    return [
        frame.select(*_named(alone), *_sources(together, name)),
        frame.select(value.alias(str(n)) for n, value in enumerate(values)),
        *(rows_of(frame, query) for query in asked.queries),
    ]


def _named(masks: Mapping[Hashable, Mask]) -> list[pl.Expr]:
    return [mask.failing.alias(f"\x00{n}") for n, mask in enumerate(masks.values())]


def _sources(masks: Mapping[Hashable, Mask], name: str) -> list[str]:
    looked_at = (mask.failing.meta.root_names() for mask in masks.values())
    return sorted({name}.union(*looked_at))


def _columns(masks: Mapping[Hashable, Mask], found: pl.DataFrame) -> dict[Hashable, pl.Series]:
    return {key: found[f"\x00{n}"] for n, key in enumerate(masks)}
