from __future__ import annotations

import math

import numpy as np
import pytest

from pipelines.kernels.agreement import Z, kappa, wilson


def said(table: list[list[int]]) -> tuple[list[str], list[str]]:
    """Two reviewers' words, from counts of (first, second)."""
    pairs = [(str(i), str(j)) for i, row in enumerate(table) for j, n in enumerate(row) for _ in range(n)]
    return [a for a, _ in pairs], [b for _, b in pairs]


def plain_kappa(shares: np.ndarray) -> float:
    agreed, chance = np.trace(shares), shares.sum(axis=1) @ shares.sum(axis=0)
    return float((agreed - chance) / (1 - chance))


def test_kappa_of_a_known_table() -> None:
    """20 and 15 agreed of 50, 5 and 10 not: observed .70, chance .50."""
    assert kappa(*said([[20, 5], [10, 15]])).estimate == pytest.approx(0.4)


def test_the_interval_is_that_of_the_delta_method_done_by_numbers() -> None:
    table = np.array([[40, 5, 2], [6, 30, 4], [1, 3, 19]])
    shares, count, step = table / table.sum(), int(table.sum()), 1e-6
    slopes = np.zeros_like(shares)
    for place in np.ndindex(shares.shape):
        moved = shares.copy()
        moved[place] += step
        slopes[place] = (plain_kappa(moved / moved.sum()) - plain_kappa(shares)) / step
    variance = ((slopes**2 * shares).sum() - (slopes * shares).sum() ** 2) / count
    found = kappa(*said(table.tolist()))
    assert found.low is not None
    assert found.estimate is not None
    assert found.estimate - found.low == pytest.approx(Z * math.sqrt(variance), rel=1e-3)


def test_two_who_always_say_one_thing_have_no_kappa() -> None:
    assert kappa(["link"] * 9, ["link"] * 9).estimate is None
    assert kappa([], []).estimate is None


def test_the_score_interval_of_a_known_share() -> None:
    """Newcombe 1998, table I: 81 of 263 is .2553 to .3662; 0 of 20 is 0 to .1611; 1 of 29 is .0061 to .1718."""
    for part, whole, low, high in ((81, 263, 0.2553, 0.3662), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)):
        found = wilson(part, whole)
        assert [found.low, found.high] == pytest.approx([low, high], abs=5e-5)
    assert wilson(0, 0).estimate is None
