"""m and u of comparison vectors by the engine's expectation–maximisation, levels and missing values whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pipelines.linkage.engine.estimation import Patterns, expectation_maximisation

Levels = npt.NDArray[np.int8]
Floats = npt.NDArray[np.float64]

_LEAST: Final = 1e-6
_CANDIDATES, _CHANCE = 0, 1


@dataclass(frozen=True)
class Estimate:
    """What an estimation found.

    Attributes:
        share: of true pairs among the candidates.
        m, u: {comparison: share of true (chance) pairs that agree}.
        probability: of each candidate pair to be true, shape (pairs,).
    """

    share: float
    m: dict[str, float]
    u: dict[str, float]
    probability: Floats


def estimate(
    candidates: Mapping[str, Levels],
    chance: Mapping[str, Levels],
    start: Mapping[str, Floats],
    agreeing: Mapping[str, Sequence[int]],
) -> Estimate | None:
    """Estimate m and u without examples.

    Candidates and chance pairs are sessions of their own: m is common, each has its share of true pairs and
    its u. A missing value says nothing; it does not count as disagreement.

    Args:
        candidates: {comparison: level of each candidate pair}, -1 missing.
        chance: the same of pairs that nothing brought together.
        start: {comparison: m by level} to begin with.
        agreeing: {comparison: levels that count as agreement}.

    Returns:
        None where there is nothing to estimate: fewer than two comparisons that vary.
    """
    names = [name for name in agreeing if _varies(candidates[name], chance[name])]
    if len(names) < 2:
        return None
    patterns, place = _patterns([candidates[name] for name in names], [chance[name] for name in names])
    by_chance = [_by_chance(chance[name], len(start[name])) for name in names]
    begin = [start[name] / start[name].sum() for name in names]
    fixed = [np.zeros(len(one), np.bool_) for one in begin]
    found = expectation_maximisation(patterns, by_chance, begin, fixed)
    probability = np.round(found.probability[place[: len(candidates[names[0]])]], 6)
    u = _shares(patterns, (1 - found.probability) * patterns.counts, by_chance)
    return Estimate(
        round(float(found.shares[_CANDIDATES]), 6),
        {name: _agreement(one, agreeing[name]) for name, one in zip(names, found.m, strict=True)},
        {name: _agreement(one, agreeing[name]) for name, one in zip(names, u, strict=True)},
        probability,
    )


def _varies(candidates: Levels, chance: Levels) -> bool:
    given = np.concatenate([candidates, chance])
    return len(np.unique(given[given >= 0])) > 1


def _patterns(candidates: list[Levels], chance: list[Levels]) -> tuple[Patterns, npt.NDArray[np.int64]]:
    """Distinct vectors of both sessions, and of each pair its pattern."""
    rows = [np.column_stack(part) for part in (candidates, chance)]
    sessions = np.repeat([_CANDIDATES, _CHANCE], [len(part) for part in rows]).astype(np.int8)
    distinct, place, counts = np.unique(
        np.column_stack([sessions, np.concatenate(rows)]), axis=0, return_inverse=True, return_counts=True
    )
    nothing = np.zeros(len(distinct), np.int64)
    patterns = Patterns(distinct[:, 1:], distinct[:, 0].astype(np.int64), nothing, counts.astype(np.float64))
    return patterns, place.ravel()


def _by_chance(levels: Levels, count: int) -> Floats:
    counted = np.bincount(levels[levels >= 0], minlength=count).astype(np.float64) + _LEAST
    return np.asarray(counted / counted.sum())


def _shares(patterns: Patterns, weight: Floats, like: list[Floats]) -> list[Floats]:
    """Share of each level by comparison, over both sessions."""
    shares = []
    for column, one in zip(patterns.levels.T, like, strict=True):
        given = column >= 0
        counted = np.bincount(column[given], weight[given], len(one)).astype(np.float64) + _LEAST
        shares.append(counted / counted.sum())
    return shares


def _agreement(shares: Floats, agreeing: Sequence[int]) -> float:
    return round(float(shares[list(agreeing)].sum()), 6)
