"""Estimation of a model from the records themselves, without examples."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from pipelines.errors import UsageError
from pipelines.linkage.engine.blocking import CHUNK
from pipelines.linkage.engine.comparing import compare
from pipelines.linkage.engine.estimation import Estimated, expectation_maximisation
from pipelines.linkage.engine.frequencies import agreement_by_counts
from pipelines.linkage.engine.model import Comparison, LinkageModel
from pipelines.linkage.engine.sampling import chance_pairs
from pipelines.linkage.engine.sessions import Sessions, sessions
from pipelines.linkage.engine.threads import ahead

if TYPE_CHECKING:
    from pipelines.linkage.engine.table import Table

Floats = npt.NDArray[np.float64]

CHANCE_PAIRS: Final = 1_000_000
SESSION_PAIRS: Final = 500_000
_ROUNDS: Final = 6
_SETTLED: Final = 1e-6
_LEAST: Final = 1e-7
_AGREEING: Final = 0.9


@dataclass(frozen=True)
class Fitted:
    """A fitted model and how it came about.

    Attributes:
        model: with m, u and prior filled in.
        summary: pairs, shares and rounds by session; counts and shares only.
        faults: what is not sane about the estimate; empty where nothing is.
        likelihoods: log-likelihood by round of each estimation.
    """

    model: LinkageModel
    summary: dict[str, Any]
    faults: tuple[str, ...]
    likelihoods: tuple[tuple[float, ...], ...]


def fit(
    table: Table,
    model: LinkageModel,
    *,
    chance: int = CHANCE_PAIRS,
    session: int = SESSION_PAIRS,
) -> Fitted:
    """Estimate m, u and the prior.

    u comes from value counts where values must be equal, else from pairs drawn by lot; true pairs among
    those are taken off. m comes from the pairs under each training rule. The prior is declared, or the
    pairs under `prior.rules` over their recall, or what two rules without a common column find together and
    apart (Lincoln and Petersen's estimate of a population caught twice).

    Args:
        table: the encoded records.
        model: m and u that it declares are starting values, or final ones where `is_fixed`.
        chance: pairs drawn by lot.
        session: pairs looked at under each rule, at most.
    """
    if table.pairs == 0:
        raise UsageError("nothing to compare: fewer than two records")
    state = _State(
        by_lot=_chance_shares(table, model, chance),
        brought=sessions(table, model, session),
        fixed=[np.array([level.is_fixed for level in one.levels]) for one in model.comparisons],
    )
    prior = model.prior.probability or min(0.5, 1 / table.height)
    found = _estimated(state, model, [_start(one) for one in model.comparisons], prior)
    likelihoods = [tuple(found.likelihood)]
    for _ in range(_ROUNDS):
        before, prior = prior, _prior(model, state.brought, found, table)
        if abs(prior - before) <= _SETTLED * before:
            break
        found = _estimated(state, model, found.m, prior)
        likelihoods.append(tuple(found.likelihood))
    fitted = _filled(model, found.m, _u(state, model, found.m, prior), prior)
    untold = _untold(model, state.brought)
    faults = (*(f"{name}: m could not be estimated" for name in untold), *_faults(fitted))
    return Fitted(fitted, _summary(state.brought, found, prior), faults, tuple(likelihoods))


@dataclass(frozen=True)
class _State:
    """What is counted once: shares by lot, patterns, and the levels that stay as declared."""

    by_lot: list[Floats]
    brought: Sessions
    fixed: list[npt.NDArray[np.bool_]]


def _estimated(state: _State, model: LinkageModel, m: list[Floats], prior: float) -> Estimated:
    return expectation_maximisation(state.brought.patterns, _u(state, model, m, prior), m, state.fixed)


def _u(state: _State, model: LinkageModel, m: list[Floats], prior: float) -> list[Floats]:
    return [_without_true(*one, prior) for one in zip(model.comparisons, state.by_lot, m, strict=True)]


def _chance_shares(table: Table, model: LinkageModel, count: int) -> list[Floats]:
    """By comparison the share of each level among pairs by lot that have the comparison."""
    a, b = chance_pairs(table, count)
    parts = [slice(start, start + CHUNK) for start in range(0, len(a), CHUNK)]
    asked = [(one, part) for one in model.comparisons for part in parts]
    seen = ahead(lambda one: compare(one[0], table, a[one[1]], b[one[1]]).levels, asked)
    nothing = np.empty(0, np.int8)
    levels = [np.concatenate([nothing, *islice(seen, len(parts))]) for _ in model.comparisons]
    return [_shares_by_lot(table, *one) for one in zip(model.comparisons, levels, strict=True)]


def _shares_by_lot(table: Table, comparison: Comparison, levels: npt.NDArray[np.int8]) -> Floats:
    counted = np.bincount(levels[levels >= 0], minlength=len(comparison.levels)).astype(np.float64) + 0.5
    exact = None
    if comparison.levels[0].test == "exact" and comparison.levels[0].column is None:
        exact = agreement_by_counts(table, comparison.column)
    if exact is None:
        return np.asarray(counted / counted.sum())
    return np.append(max(exact, _LEAST), counted[1:] / counted[1:].sum() * (1 - exact))


def _without_true(comparison: Comparison, by_lot: Floats, m: Floats, prior: float) -> Floats:
    """u: the shares by lot, less what true pairs add to them."""
    u = np.maximum(by_lot - prior * m, 0.02 * by_lot) / (1 - prior)
    u = np.maximum(u, _LEAST)
    kept = np.array([level.is_fixed for level in comparison.levels])
    declared = np.array([level.u or 0.5 for level in comparison.levels])
    return np.where(kept, declared, u / u.sum())


def _start(comparison: Comparison) -> Floats:
    """Declared m, else most of it on the first level."""
    count = len(comparison.levels)
    usual = np.array([_AGREEING, *([(1 - _AGREEING) / (count - 1)] * (count - 1))])
    m = np.array([level.m or usual[place] for place, level in enumerate(comparison.levels)])
    return np.asarray(m / m.sum())


def _prior(model: LinkageModel, brought: Sessions, found: Estimated, table: Table) -> float:
    if model.prior.probability:
        return model.prior.probability
    if model.prior.rules:
        return _bounded(brought.deterministic / model.prior.recall / table.pairs)
    return _bounded(_true_pairs(brought, found) / table.pairs)


def _true_pairs(brought: Sessions, found: Estimated) -> float:
    """True pairs in the table, from those that the rules caught."""
    whole = [found.shares[s] * brought.totals[s] for s in range(len(brought.rules)) if not brought.rules[s]]
    if whole:
        return float(whole[0])
    caught = found.shares * brought.totals
    marked, both = 0.0, 0.0
    for r, s in combinations(range(len(brought.rules)), 2):
        if brought.sources[r] & brought.sources[s]:
            continue
        marked += 2 * caught[r] * caught[s]
        both += _both(brought, found, r, s) + _both(brought, found, s, r)
    if both > 0:
        return max(marked / both, float(caught.max()))
    return float(caught.max())


def _both(brought: Sessions, found: Estimated, session: int, rule: int) -> float:
    """True pairs of a session for which another rule holds as well."""
    patterns = brought.patterns
    here = patterns.session == session
    true = found.probability[here] * patterns.counts[here]
    sampled = patterns.counts[here].sum()
    held = (patterns.rules[here] >> rule) & 1 == 1
    return float(true[held].sum() * brought.totals[session] / sampled) if sampled else 0.0


def _bounded(prior: float) -> float:
    return float(min(max(prior, 1e-12), 0.9))


def _untold(model: LinkageModel, brought: Sessions) -> list[str]:
    """Comparisons that no session could tell anything about."""
    seen = np.any(brought.patterns.levels >= 0, axis=0).tolist()
    return [
        one.name
        for one, told in zip(model.comparisons, seen, strict=True)
        if not told and not all(level.m for level in one.levels)
    ]


def _filled(model: LinkageModel, m: list[Floats], u: list[Floats], prior: float) -> LinkageModel:
    comparisons = []
    for comparison, true, false in zip(model.comparisons, m, u, strict=True):
        levels = tuple(
            level.model_copy(update={"m": _share(true[place]), "u": _share(false[place])})
            for place, level in enumerate(comparison.levels)
        )
        comparisons.append(comparison.model_copy(update={"levels": levels}))
    told = model.prior.model_copy(update={"probability": float(f"{prior:.9g}")})
    return model.model_copy(update={"comparisons": tuple(comparisons), "prior": told})


def _share(value: float) -> float:
    return float(f"{min(max(value, 1e-9), 1 - 1e-9):.9g}")


def _faults(model: LinkageModel) -> list[str]:
    """Levels that weigh more than a better one, and best levels that speak against."""
    found = []
    for comparison in model.comparisons:
        bits = [float(np.log2((level.m or 1) / (level.u or 1))) for level in comparison.levels]
        if bits[0] <= 0:
            found.append(f"{comparison.name}: {comparison.levels[0].name} speaks against a link")
        if bits[-1] > 0:
            found.append(f"{comparison.name}: {comparison.levels[-1].name} speaks for a link")
    return found


def _summary(brought: Sessions, found: Estimated, prior: float) -> dict[str, Any]:
    return {
        "prior": prior,
        "rounds": len(found.likelihood),
        "patterns": len(found.probability),
        "sessions": [
            {"rule": list(rule), "pairs": int(total), "share": round(float(share), 6)}
            for rule, total, share in zip(brought.rules, brought.totals, found.shares, strict=True)
        ],
    }
