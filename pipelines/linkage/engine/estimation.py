"""Expectation–maximisation on counts of comparison patterns (Dempster, Laird and Rubin 1977; Winkler 1988).

Pairs that one blocking rule brought together agree in its columns by construction. Such comparisons are
left out of that rule's patterns, and every rule has its own share of true pairs; m is common to all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_PSEUDO: Final = 0.5
_PULL: Final = 200.0
_FIRST_SHARE: Final = 0.3
_TOLERANCE: Final = 1e-9
_MOST_ROUNDS: Final = 500


@dataclass(frozen=True)
class Patterns:
    """Distinct comparison vectors.

    Attributes:
        levels: shape (patterns, comparisons); -1 where a value is missing or the comparison left out.
        session: the blocking rule of each pattern.
        rules: bits of the rules that hold.
        counts: pairs with the pattern.
    """

    levels: npt.NDArray[np.int8]
    session: npt.NDArray[np.int64]
    rules: npt.NDArray[np.int64]
    counts: Floats


@dataclass(frozen=True)
class Estimated:
    """What was found.

    Attributes:
        m: of each comparison by level.
        shares: of true pairs in each session.
        probability: of each pattern to be of true pairs.
        likelihood: log-likelihood (with the logarithm of the prior's density) after each round.
    """

    m: list[Floats]
    shares: Floats
    probability: Floats
    likelihood: list[float]


def expectation_maximisation(
    patterns: Patterns, u: list[Floats], start: list[Floats], fixed: list[npt.NDArray[np.bool_]]
) -> Estimated:
    """Estimate m, the shares of true pairs, and how chance pairs look under each rule.

    Pairs that a rule brings together agree in other columns more often than chance has it (families share
    surname and address), so every session has a u of its own, which u among all pairs only pulls at.

    Args:
        patterns: of all sessions.
        u: of each comparison by level, among all pairs.
        start: m to begin with.
        fixed: levels whose m is kept.
    """
    sessions = int(patterns.session.max(initial=0)) + 1
    m = [one.copy() for one in start]
    false = [np.tile(one, (sessions, 1)) for one in u]
    shares = np.full(sessions, _FIRST_SHARE)
    likelihood: list[float] = []
    probability = np.zeros(len(patterns.counts))
    for _ in range(_MOST_ROUNDS):
        told = _log_likelihood(patterns, [np.tile(one, (sessions, 1)) for one in m])
        told += np.log(shares)[patterns.session]
        untold = _log_likelihood(patterns, false) + np.log1p(-shares)[patterns.session]
        total = np.logaddexp(told, untold)
        probability = np.exp(told - total)
        likelihood.append(float((patterns.counts * total).sum()) + _log_prior(m, false, u, shares))
        if len(likelihood) > 1 and likelihood[-1] - likelihood[-2] < _TOLERANCE * abs(likelihood[-1]):
            break
        weight = probability * patterns.counts
        shares = _shares(patterns, weight, sessions)
        counted = _counted(patterns, weight, m, sessions)
        m = [_maximised(one.sum(axis=0), old, kept) for one, old, kept in zip(counted, m, fixed, strict=True)]
        counted = _counted(patterns, patterns.counts - weight, m, sessions)
        false = [_pulled(one, to) for one, to in zip(counted, u, strict=True)]
    return Estimated(m, shares, probability, likelihood)


def _log_likelihood(patterns: Patterns, shares: list[Floats]) -> Floats:
    """Logarithm of each pattern's likelihood; `shares` of shape (sessions, levels) by comparison."""
    total = np.zeros(len(patterns.counts))
    for column, by_level in zip(patterns.levels.T, shares, strict=True):
        logs = np.column_stack([np.log(by_level), np.zeros(len(by_level))])
        total += logs[patterns.session, column]  # -1, a missing level, is the last column
    return total


def _shares(patterns: Patterns, weight: Floats, sessions: int) -> Floats:
    true = np.bincount(patterns.session, weight, sessions)
    total = np.bincount(patterns.session, patterns.counts, sessions)
    return np.asarray((true + _PSEUDO) / (total + 2 * _PSEUDO))


def _counted(patterns: Patterns, weight: Floats, like: list[Floats], sessions: int) -> list[Floats]:
    """Weight at each level of each comparison; shape (sessions, levels)."""
    counted: list[Floats] = []
    for column, one in zip(patterns.levels.T, like, strict=True):
        given = column >= 0
        place = patterns.session[given] * len(one) + column[given]
        by_place = np.bincount(place, weight[given], sessions * len(one)).astype(np.float64)
        counted.append(by_place.reshape(sessions, len(one)))
    return counted


def _maximised(counted: Floats, old: Floats, kept: npt.NDArray[np.bool_]) -> Floats:
    """The most likely m under a Dirichlet prior, the kept levels as they were."""
    new = old.copy()
    free = (counted + _PSEUDO)[~kept]
    if len(free):
        new[~kept] = free / free.sum() * (1 - old[kept].sum())
    return new


def _pulled(counted: Floats, to: Floats) -> Floats:
    """The most likely u of each session under a Dirichlet prior around `to`."""
    new = counted + _PULL * to
    return np.asarray(new / new.sum(axis=1, keepdims=True))


def _log_prior(m: list[Floats], false: list[Floats], u: list[Floats], shares: Floats) -> float:
    of_m = sum(float(np.log(one).sum()) for one in m)
    of_u = sum(float((to * np.log(one)).sum()) for one, to in zip(false, u, strict=True))
    return _PSEUDO * (of_m + float(np.log(shares).sum() + np.log1p(-shares).sum())) + _PULL * of_u
