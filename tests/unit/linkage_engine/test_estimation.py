from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import UsageError
from pipelines.linkage.engine.estimation import Patterns, expectation_maximisation
from pipelines.linkage.engine.fitting import fit
from pipelines.linkage.engine.model import LinkageModel
from pipelines.linkage.engine.table import encode

COUNTS = st.lists(st.integers(0, 500), min_size=18, max_size=18)


def _patterns(counts: list[int]) -> Patterns:
    """Two sessions, comparisons of two and three levels, missing values among them."""
    levels = np.array([[i, j] for i in (-1, 0, 1) for j in (0, 1, 2)] * 2, dtype=np.int8)
    session = np.repeat(np.arange(2), 9)
    return Patterns(levels, session, np.zeros(18, np.int64), np.array(counts, dtype=np.float64))


@settings(max_examples=30)
@given(COUNTS)
def test_the_likelihood_never_falls(counts: list[int]) -> None:
    u = [np.array([0.1, 0.9]), np.array([0.05, 0.15, 0.8])]
    start = [np.array([0.9, 0.1]), np.array([0.8, 0.1, 0.1])]
    fixed = [np.zeros(2, np.bool_), np.array([False, False, True])]
    found = expectation_maximisation(_patterns(counts), u, start, fixed)
    steps = np.diff(found.likelihood)
    assert (steps >= -1e-7 * np.abs(found.likelihood[1:])).all()
    assert found.m[1][2] == 0.1
    assert [float(one.sum()) for one in found.m] == pytest.approx([1, 1])


PLAN = {
    "name": "people",
    "key": "key",
    "blocking": ["a", "b", "c"],
    "comparisons": [
        {"name": name, "column": name, "levels": [{"name": "same", "test": "exact"}]} for name in "abcd"
    ],
}
SHARES = {"a": 0.9, "b": 0.8, "c": 0.7, "d": 0.95}


def _people(persons: int) -> pl.DataFrame:
    """Every person twice; of the second record each column is right with its share, else by lot."""
    dice = np.random.default_rng(5)
    first = {name: dice.integers(0, 300, persons) for name in SHARES}
    second = {
        name: np.where(dice.random(persons) < share, first[name], dice.integers(0, 300, persons))
        for name, share in SHARES.items()
    }
    columns = {name: np.concatenate([first[name], second[name]]).astype(str) for name in SHARES}
    return pl.DataFrame(columns).with_row_index("key")


def test_shares_and_prior_that_made_the_records_are_found_again() -> None:
    model = LinkageModel.model_validate(PLAN)
    table = encode(_people(3000), model)
    fitted = fit(table, model)
    for comparison in fitted.model.comparisons:
        assert comparison.levels[0].m == pytest.approx(SHARES[comparison.name], abs=0.03)
        assert comparison.levels[0].u == pytest.approx(1 / 300, rel=0.05)
    assert float(fitted.model.prior.probability or 0) * table.pairs == pytest.approx(3000, rel=0.05)
    assert fitted.faults == ()
    assert fitted.model.is_fitted


def test_a_comparison_that_every_rule_touches_is_named() -> None:
    model = LinkageModel.model_validate(PLAN | {"training": [["a", "b"]]})
    fitted = fit(encode(_people(300), model), model)
    assert [fault for fault in fitted.faults if "could not" in fault] == [
        "a: m could not be estimated",
        "b: m could not be estimated",
    ]


def test_what_is_fixed_stays_as_declared() -> None:
    levels = [
        {"name": "same", "test": "exact", "m": 0.5, "u": 0.25, "is_fixed": True},
        {"name": "other", "test": "otherwise", "m": 0.5, "u": 0.75, "is_fixed": True},
    ]
    comparisons = [{"name": "d", "column": "d", "levels": levels}, *PLAN["comparisons"][:3]]
    model = LinkageModel.model_validate(PLAN | {"comparisons": comparisons})
    same = fit(encode(_people(300), model), model).model.comparisons[0].levels[0]
    assert (same.m, same.u) == (0.5, 0.25)


def test_one_record_is_nothing_to_compare() -> None:
    model = LinkageModel.model_validate(PLAN)
    with pytest.raises(UsageError, match="fewer than two"):
        fit(encode(_people(300)[:1], model), model)
