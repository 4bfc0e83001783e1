from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from pipelines.linkage.recordlinkage_adapter import estimate

M = {"name": 0.95, "birth": 0.9, "sex": 0.98, "telephone": 0.6}
U = {"name": 0.01, "birth": 0.02, "sex": 0.5, "telephone": 0.05}
SHARE = 0.3


def _vectors(pairs: int = 40_000) -> tuple[dict[str, npt.NDArray[np.bool_]], npt.NDArray[np.bool_]]:
    """Pairs drawn from a known model."""
    dice = np.random.default_rng(20260630)
    true = dice.random(pairs) < SHARE
    return {name: dice.random(pairs) < np.where(true, M[name], U[name]) for name in M}, true


def test_the_ecm_finds_the_model_the_pairs_were_drawn_from() -> None:
    vectors, true = _vectors()
    found = estimate(vectors)
    assert found is not None
    assert found.share == pytest.approx(SHARE, abs=0.02)
    assert found.m == pytest.approx(M, abs=0.02)
    assert found.u == pytest.approx(U, abs=0.02)
    assert np.mean((found.probability > 0.5) == true) > 0.98


def test_equal_vectors_give_equal_estimates() -> None:
    vectors, _ = _vectors(3000)
    once, again = estimate(vectors), estimate(vectors)
    assert once is not None
    assert again is not None
    assert (once.share, once.m, once.u) == (again.share, again.m, again.u)
    assert np.array_equal(once.probability, again.probability)


def test_columns_that_do_not_vary_are_left_out_and_alone_estimate_nothing() -> None:
    vectors, _ = _vectors(3000)
    never = {"never": np.zeros(3000, dtype=np.bool_), "always": np.ones(3000, dtype=np.bool_)}
    found = estimate({**vectors, **never})
    assert found is not None
    assert set(found.m) == set(M)
    assert estimate(never) is None


def test_a_level_that_only_true_pairs_have_still_gives_numbers() -> None:
    vectors, true = _vectors(3000)
    found = estimate({**vectors, "number": true})
    assert found is not None
    assert found.u["number"] < 0.01
