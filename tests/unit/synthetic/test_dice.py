from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.synthetic.dice import Dice

KEYS = np.arange(20_000)


@given(st.permutations(range(50)))
def test_a_throw_belongs_to_its_key_whatever_the_order(order: list[int]) -> None:
    dice = Dice(1)
    together = dice.share("word", np.arange(50))
    assert dice.share("word", np.array(order)).tolist() == together[order].tolist()


def test_words_seeds_and_keys_make_other_throws() -> None:
    throws = [
        Dice(1).bits("a", KEYS),
        Dice(1).bits("b", KEYS),
        Dice(2).bits("a", KEYS),
        Dice(1).bits("a", KEYS, 1),
    ]
    assert len(np.unique(np.concatenate(throws))) == 4 * len(KEYS)


def test_shares_are_even() -> None:
    counts = np.histogram(Dice(3).share("even", KEYS), bins=10, range=(0, 1))[0]
    assert counts.min() > 1800
    assert counts.max() < 2200


def test_choices_follow_their_weights() -> None:
    drawn = Dice(3).choose("weights", (1, 0, 3), KEYS)
    assert set(drawn.tolist()) == {0, 2}
    assert 0.72 < (drawn == 2).mean() < 0.78


def test_waits_have_the_mean_asked_for() -> None:
    assert 95 < Dice(3).wait("wait", 100, KEYS).mean() < 105
