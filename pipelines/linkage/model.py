"""m, u and weights: the model of Fellegi and Sunter (1969) with frequencies of values (Winkler 1989)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import numpy.typing as npt

from pipelines.linkage import estimating, recordlinkage_adapter
from pipelines.linkage.policy import LEVELS, level

if TYPE_CHECKING:
    from pipelines.linkage.comparing import Compared
    from pipelines.linkage.estimating import Estimate
    from pipelines.linkage.policy import LinkagePolicy

Bits = npt.NDArray[np.float64]
Estimator = Literal["engine", "recordlinkage"]

_TOLD: Final[dict[Estimator, str]] = {"engine": "EM", "recordlinkage": "recordlinkage ECM"}
# Levels that count as agreement: all that the ECM's binary vectors see, and what sanity is asked of.
_AGREE: Final = {
    "name": ("same", "former", "sound", "near", "fits"),
    "birth": ("same", "slip"),
    "sex": ("same",),
    "citizen_id": ("repair", "rounded", "same_fault"),
    "telephone": ("same",),
    "household": ("same",),
    "address": ("same", "street"),
    "employer": ("same",),
    "local_number": ("same",),
}
_CONDITIONAL: Final = {"fits"}  # of degraded names only: no share of all pairs
_PSEUDO_PAIRS: Final = 200.0  # weight of the policy's m beside the estimate
_MOST_BITS: Final = 24.0
_SANE_SHARE: Final = (0.02, 0.999)
_SANE_M: Final = 0.6


@dataclass(frozen=True)
class Model:
    """Likelihoods of every level.

    Attributes:
        m: {comparison: m by level number}.
        u: {comparison: u by level number; NaN where the value's frequency counts}.
        population: of how many units frequencies are taken.
        summary: where m came from, for reports; counts and shares only.
    """

    m: dict[str, Bits]
    u: dict[str, Bits]
    population: int
    summary: dict[str, Any]

    def weights(self, compared: Compared, comparison: str) -> Bits:
        """log2(m / u) of each pair; 0 where a side is missing."""
        levels, counts = compared.levels[comparison], compared.counts[comparison]
        u = self.u[comparison][levels]
        u = np.where(np.isnan(u), counts / self.population, u)
        bits = np.log2(self.m[comparison][levels] / u)
        return np.asarray(np.where(levels < 0, 0.0, np.clip(bits, -_MOST_BITS, _MOST_BITS)))


def fit(
    compared: Compared,
    chance: Compared,
    pairs: int,
    units: int,
    policy: LinkagePolicy,
    estimator: Estimator = "engine",
) -> Model:
    """The policy's model, with m of the comparisons named there estimated where that is sane.

    Args:
        compared: candidate pairs, all or a sample.
        chance: pairs that nothing brought together, so that the estimation sees both kinds.
        pairs: number of candidate pairs.
        units: number of units.
        policy: thresholds and likelihoods.
        estimator: the engine's EM on whole levels, or recordlinkage's ECM on binary vectors.
    """
    declared = declared_model(units, policy)
    summary = {"pairs": pairs, **declared.summary}
    if pairs < policy.fit.min_pairs:
        return replace(declared, summary={**summary, "why": "too few pairs"})
    found = _estimate(compared, chance, declared, estimator)
    why = _insane(found)
    if found is None or why:
        return replace(declared, summary={**summary, "why": why})
    m = {name: _shares(name, declared.m[name], compared.levels[name], found) for name in policy.fitted}
    told = {name: dict(zip(LEVELS[name], m[name].round(4).tolist(), strict=True)) for name in m}
    summary |= {"m_from": _TOLD[estimator], "share": found.share, "m": told}
    return replace(declared, m={**declared.m, **m}, summary=summary)


def declared_model(units: int, policy: LinkagePolicy) -> Model:
    """The model as policies/linkage.yml has it, nothing estimated."""
    declared = {name: [policy.comparisons[name][key] for key in names] for name, names in LEVELS.items()}
    population = max(units, policy.population_floor)
    return Model(
        m={name: np.array([one.m for one in levels]) for name, levels in declared.items()},
        u={
            name: np.array([np.nan if one.u is None else one.u for one in levels])
            for name, levels in declared.items()
        },
        population=population,
        summary={"population": population, "m_from": "policy"},
    )


def _estimate(compared: Compared, chance: Compared, declared: Model, estimator: Estimator) -> Estimate | None:
    if estimator == "recordlinkage":
        return recordlinkage_adapter.estimate(_vectors(compared, chance))
    seen = {name: compared.levels[name] for name in _AGREE}
    return estimating.estimate(seen, chance.levels, declared.m, _agreeing())


def _agreeing() -> dict[str, list[int]]:
    return {name: [level(name, one) for one in levels] for name, levels in _AGREE.items()}


def _vectors(compared: Compared, chance: Compared) -> dict[str, npt.NDArray[np.bool_]]:
    vectors = {}
    for name, agreeing in _agreeing().items():
        levels = np.concatenate([compared.levels[name], chance.levels[name]])
        vectors[name] = np.isin(levels, agreeing)
    return vectors


def _insane(found: Estimate | None) -> str:
    """Why an estimate cannot be used, or nothing."""
    if found is None:
        return "no estimate"
    if not _SANE_SHARE[0] < found.share < _SANE_SHARE[1]:
        return f"share of true pairs {found.share:.3f}"
    for name in ("name", "birth"):
        m, u = found.m.get(name, 0.0), found.u.get(name, 1.0)
        if m < _SANE_M or m <= u:
            return f"{name}: m {m:.3f}, u {u:.3f}"
    return ""


def _shares(name: str, declared: Bits, levels: npt.NDArray[np.int8], found: Estimate) -> Bits:
    """Share of each level among the true pairs that have the comparison, shrunk to the policy's."""
    places = np.arange(len(declared))
    given = levels >= 0
    chances = found.probability[: len(levels)][given]
    counted = np.bincount(levels[given], weights=chances, minlength=len(declared))
    unconditional = np.array([one not in _CONDITIONAL for one in LEVELS[name]])
    total = counted[unconditional].sum() + _PSEUDO_PAIRS
    shares = (counted + _PSEUDO_PAIRS * declared) / total
    return np.where(unconditional[places], np.clip(shares, 1e-4, 1 - 1e-4).round(6), declared)
