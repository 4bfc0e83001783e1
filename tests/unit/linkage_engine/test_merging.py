from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import ContractError
from pipelines.linkage.engine.linking import link
from pipelines.linkage.engine.merging import link_merged, merged
from pipelines.linkage.engine.model import LinkageModel
from pipelines.linkage.engine.table import encode
from tests.unit.linkage_engine.tables import declared, frame, level

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "given": st.sampled_from(["anna", "anne", "bert", None]),
            "surname": st.sampled_from(["smith", "smyth", "jones"]),
            "born": st.sampled_from(["1970-01-12", "1970-01-21", None]),
            "telephones": st.sampled_from(["1", "2", "1;3", None]),
        }
    ),
    max_size=14,
)


def _weights(pairs: pl.DataFrame) -> dict[tuple[str, str], float]:
    return {(a, b): weight for a, b, weight in pairs.select("a", "b", "weight").iter_rows()}


def test_a_record_is_compared_with_all_that_the_others_know_together() -> None:
    moved = [
        {"given": "anna", "surname": "smith", "born": "1970-01-12", "telephones": tel} for tel in ("1", "2")
    ]
    people = frame(
        [
            *moved,
            {"given": "anna", "surname": "smith", "telephones": "2"},
            {"surname": "jones", "given": "carl"},
        ]
    )
    model = declared(merge_weight=4)
    once, twice = (_weights(way(encode(people, model), model).pairs) for way in (link, link_merged))
    assert once[("k001", "k002")] > 4 > once[("k000", "k002")]
    assert twice[("k000", "k002")] > 4


def test_a_way_is_as_strong_as_its_weakest_link() -> None:
    people = frame(
        [
            {"given": "anna", "surname": "smith", "born": "1970-01-12", "telephones": "1;2"},
            {"given": "anna", "surname": "smith", "born": "1970-01-12", "telephones": "1"},
            {"given": "anna", "surname": "smith", "telephones": "2"},
        ]
    )
    model = declared(merge_weight=3)
    once, twice = (_weights(way(encode(people, model), model).pairs) for way in (link, link_merged))
    assert twice[("k001", "k002")] == min(once[("k000", "k001")], once[("k000", "k002")])


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_without_links_to_merge_nothing_changes(rows: list[dict[str, Any]]) -> None:
    people, model = frame(rows), declared(merge_weight=1000)
    assert link_merged(encode(people, model), model).pairs.equals(link(encode(people, model), model).pairs)


@settings(max_examples=40, deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_merged_link(rows: list[dict[str, Any]], dice: Any) -> None:
    people, model = frame(rows), declared(merge_weight=2)
    order = list(range(people.height))
    dice.shuffle(order)
    expected = link_merged(encode(people, model), model)
    assert link_merged(encode(people[order], model), model).pairs.equals(expected.pairs)
    assert expected.pairs.select("a", "b").is_unique().all()


@settings(max_examples=40, deadline=None)
@given(ROWS, st.integers(1, 5))
def test_merged_rows_hold_the_values_of_all_their_rows(rows: list[dict[str, Any]], every: int) -> None:
    table = encode(frame(rows), declared())
    whole = (np.arange(table.height) // every * every).astype(np.int32)
    found = merged(table, whole)
    for name, column in table.columns.items():
        together = found.columns[name].codes
        for place, first in enumerate(np.unique(whole)):
            held = set(column.codes[:, whole == first].ravel()) - {-1}
            kept = [code for code in together[:, place] if code >= 0]
            assert len(kept) == min(len(held), 4)
            assert set(kept) <= held


def _family(**of_household: str) -> LinkageModel:
    born = [level("same", "exact", 0.9, 0.001, kin=0.01), level("other", "otherwise", 0.1, 0.999)]
    given = [level("same", "exact", 0.9, 0.01), level("other", "otherwise", 0.1, 0.99)]
    household = [level("same", "exact", 0.9, 0.0001), level("other", "otherwise", 0.1, 0.9999)]
    comparisons = [
        {"name": "given", "column": "given", "levels": given},
        {"name": "born", "column": "born", "levels": born},
        {"name": "home", "column": "telephones", "levels": household, **of_household},
    ]
    return declared(comparisons=comparisons, columns={}, prior={"probability": 0.001}, possible_weight=-9)


def test_what_tells_the_family_says_nothing_between_relatives() -> None:
    twins = frame(
        [
            {"given": name, "surname": "smith", "born": "1970-01-12", "telephones": "1"}
            for name in ("anna", "bert")
        ]
    )
    model = _family(tells="family")
    found = link(encode(twins, model), model).pairs["weight"][0]
    strangers = (
        math.log2(0.1 / 0.99) + math.log2(0.9 / 0.001) + math.log2(0.9 / 0.0001) + math.log2(0.001 / 0.999)
    )
    relatives = math.log2(0.1 / 0.99) + math.log2(0.9 / 0.01) - math.log2(4)
    assert found == pytest.approx(-math.log2(2**-strangers + 2**-relatives), abs=1e-6)
    assert found < 1.5 < strangers


def test_a_merge_below_the_review_threshold_is_no_model() -> None:
    with pytest.raises((ContractError, ValueError), match="merge_weight"):
        declared(merge_weight=-5)
