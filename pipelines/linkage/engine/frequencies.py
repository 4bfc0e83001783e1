"""How common each value is: agreement by chance in closed form, and term frequencies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from pipelines.linkage.engine.name_frequencies import name_classes

if TYPE_CHECKING:
    from pipelines.linkage.engine.model import Comparison, Level, LinkageModel
    from pipelines.linkage.engine.table import Coded, Table

Shares = npt.NDArray[np.float64]

_LEAST_UNSEEN: Final = 0.05


def agreement_by_counts(table: Table, column: str) -> float | None:
    """Share of all pairs, both values given, that have equal values; None for columns of lists."""
    coded = table.columns[column]
    if coded.width > 1:
        return None
    codes = coded.codes[0]
    given = codes >= 0
    if table.apart is None:
        equal = _squares(coded.counts) - given.sum()
        pairs = int(given.sum()) * (int(given.sum()) - 1)
    else:
        of = codes[given].astype(np.int64) * (int(table.apart.max()) + 1) + table.apart[given]
        within = np.unique(of, return_counts=True)[1]
        equal = _squares(coded.counts) - _squares(within)
        pairs = _squares(np.array([given.sum()])) - _squares(np.bincount(table.apart[given]))
    return float(equal / pairs) if pairs else None


def _squares(counts: npt.NDArray[np.int64]) -> int:
    return int((counts.astype(np.int64) ** 2).sum())


def frequency(table: Table, model: LinkageModel, comparison: Comparison, level: Level) -> Shares:
    """Chance, by code of the value, that another person's value agrees at a level; on average its u.

    Counted are other persons: of the records with a value its own is left out, and those that
    the model expects to be the same person's (a person's two records do not make a name common).
    What is never seen on others shares the rest of u: evenly, and of Chinese names by the frequencies
    of their characters, so that a rare name seen once weighs more than a common one seen once.
    """
    name = level.column or comparison.column
    coded = table.columns[name]
    counts, chances = _classes(table, name, coded, level)
    copies = (
        2 * float(model.prior.probability or 0) * table.pairs / max(1, table.height) * float(level.m or 0)
    )
    others = np.maximum(counts - 1 - copies, 0)
    total = max(1, int(coded.counts.sum()))
    expected = float(level.u or 0) * total * total
    weighted = float((coded.counts * chances).sum()) or 1.0
    unseen = max(expected - float((coded.counts * others).sum()), _LEAST_UNSEEN * expected) / weighted
    shares = (others + unseen * chances) / total
    average = float((coded.counts * shares).sum()) / total
    return np.asarray(np.clip(shares * float(level.u or 0) / average if average else shares, 1e-12, 0.999))


def _classes(table: Table, name: str, coded: Coded, level: Level) -> tuple[Shares, Shares]:
    """Of each value how many records agree with it at the level, and a chance from its characters."""
    if level.test == "exact":
        return coded.counts.astype(np.float64), np.ones(len(coded.counts))
    return name_classes(table.names.taken[name], str(level.grade), coded.counts)
