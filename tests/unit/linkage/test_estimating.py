from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from pipelines.linkage import recordlinkage_adapter
from pipelines.linkage.estimating import Estimate, estimate

M = {"name": 0.95, "birth": 0.9, "sex": 0.98, "telephone": 0.6}
U = {"name": 0.01, "birth": 0.02, "sex": 0.5, "telephone": 0.05}
START = {name: np.array([0.9, 0.1]) for name in M}
AGREEING = dict.fromkeys(M, (0,))
SHARE = 0.3
Vectors = dict[str, npt.NDArray[np.int8]]


def drawn(share: float, pairs: int, seed: int) -> tuple[Vectors, npt.NDArray[np.bool_]]:
    """Vectors of pairs from a known model: level 0 agrees, 1 does not."""
    dice = np.random.default_rng(seed)
    true = dice.random(pairs) < share
    return {
        name: (dice.random(pairs) >= np.where(true, M[name], U[name])).astype(np.int8) for name in M
    }, true


@pytest.fixture(scope="module")
def candidates() -> tuple[Vectors, npt.NDArray[np.bool_]]:
    return drawn(SHARE, 20_000, 1)


@pytest.fixture(scope="module")
def chance() -> Vectors:
    return drawn(0.0, 5_000, 2)[0]


@pytest.fixture(scope="module")
def found(candidates: tuple[Vectors, npt.NDArray[np.bool_]], chance: Vectors) -> Estimate:
    told = estimate(candidates[0], chance, START, AGREEING)
    assert told is not None
    return told


def test_the_engine_finds_the_model_the_pairs_were_drawn_from(
    found: Estimate, candidates: tuple[Vectors, npt.NDArray[np.bool_]]
) -> None:
    assert found.share == pytest.approx(SHARE, abs=0.02)
    assert found.m == pytest.approx(M, abs=0.02)
    assert found.u == pytest.approx(U, abs=0.02)
    assert np.mean((found.probability > 0.5) == candidates[1]) > 0.98


def test_recordlinkages_ecm_agrees_in_m_u_and_classification(
    found: Estimate, candidates: tuple[Vectors, npt.NDArray[np.bool_]], chance: Vectors
) -> None:
    both = {name: np.concatenate([candidates[0][name], chance[name]]) == 0 for name in M}
    reference = recordlinkage_adapter.estimate(both)
    assert reference is not None
    assert found.m == pytest.approx(reference.m, abs=0.01)
    assert found.u == pytest.approx(reference.u, abs=0.01)
    same = (found.probability > 0.5) == (reference.probability[: len(found.probability)] > 0.5)
    assert same.all()


def test_a_missing_value_is_no_disagreement(
    candidates: tuple[Vectors, npt.NDArray[np.bool_]], chance: Vectors
) -> None:
    lost = np.random.default_rng(3).random(len(candidates[1])) < 0.5
    holed = candidates[0] | {"telephone": np.where(lost, -1, candidates[0]["telephone"]).astype(np.int8)}
    told = estimate(holed, chance, START, AGREEING)
    assert told is not None
    assert told.m["telephone"] == pytest.approx(M["telephone"], abs=0.03)


def test_what_does_not_vary_is_left_out_and_alone_estimates_nothing(chance: Vectors) -> None:
    never = {name: np.ones_like(levels) for name, levels in chance.items()}
    assert estimate(never, never, START, AGREEING) is None
