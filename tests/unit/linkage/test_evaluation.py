from __future__ import annotations

from itertools import combinations
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.linkage.evaluation import evaluate

ROW = st.tuples(
    st.sampled_from(["a/x", "b/y"]),
    st.sampled_from("PQR"),
    st.sampled_from(["1", "2", "3", None]),
    st.booleans(),
    st.sampled_from(["i", "j", None]),
)
Rows = list[tuple[str, str, str | None, bool, str | None]]
SCHEMA = {
    "feed": pl.String,
    "person": pl.String,
    "person_id": pl.String,
    "own_id_valid": pl.Boolean,
    "citizen_id": pl.String,
}


def _frame(rows: Rows) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row").with_row_index("row")
    return frame.with_columns(record_key=pl.format("k{}", "row")).drop("row")


def _scores(pairs: list[tuple[bool, bool]]) -> dict[str, float]:
    """Of pairs (truly one, linked): the oracle, by enumeration."""
    right = sum(true and linked for true, linked in pairs)
    linked, true = sum(linked for _, linked in pairs), sum(true for true, _ in pairs)
    precision = right / linked if linked else 1.0
    recall = right / true if true else 1.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"precision": precision, "recall": recall, "f1": f1}


def _brute_force(rows: Rows) -> dict[str, Any]:
    pairs = [(a, b, a[1] == b[1], a[2] is not None and a[2] == b[2]) for a, b in combinations(rows, 2)]
    by_id = [
        (a[1] == b[1], a[4] is not None and a[4] == b[4] and a[2] is not None and b[2] is not None)
        for a, b in combinations(rows, 2)
    ]
    return {
        "pairwise": _scores([(t, f) for _, _, t, f in pairs]),
        "without_valid_id": _scores([(t, f) for a, b, t, f in pairs if not (a[3] and b[3])]),
        "by_feed": {
            feed: _scores([(t, f) for a, b, t, f in pairs if feed in (a[0], b[0])])
            for feed in sorted({row[0] for row in rows})
        },
        "exact_id_baseline": _scores(by_id),
        "persons_of_two_people": sum(
            len({row[1] for row in rows if row[2] == found}) > 1
            for found in {row[2] for row in rows} - {None}
        ),
    }


def _b_cubed(rows: Rows) -> tuple[float, float]:
    precision, recall = [], []
    for n, row in enumerate(rows):
        found = [other for m, other in enumerate(rows) if m == n or (row[2] and other[2] == row[2])]
        true = [other for other in rows if other[1] == row[1]]
        both = sum(other[1] == row[1] for other in found)
        precision.append(both / len(found))
        recall.append(both / len(true))
    return sum(precision) / len(rows), sum(recall) / len(rows)


@given(st.lists(ROW, min_size=1, max_size=12))
def test_counts_by_group_sizes_equal_enumerated_pairs(rows: Rows) -> None:
    found, expected = evaluate(_frame(rows)), _brute_force(rows)
    for name in ("pairwise", "without_valid_id", "exact_id_baseline"):
        assert found[name] == pytest.approx(expected[name])
    assert set(found["by_feed"]) == set(expected["by_feed"])
    for feed, scores in expected["by_feed"].items():
        assert found["by_feed"][feed] == pytest.approx(scores)


@given(st.lists(ROW, min_size=1, max_size=12))
def test_b_cubed_equals_the_mean_over_records(rows: Rows) -> None:
    found = evaluate(_frame(rows))["cluster"]
    assert (found["precision"], found["recall"]) == pytest.approx(_b_cubed(rows))


def test_only_ids_that_are_valid_as_delivered_make_a_person_with_two() -> None:
    rows: Rows = [("a/x", "P", "1", True, "i"), ("a/x", "P", "1", False, "j")]
    assert evaluate(_frame(rows))["persons_with_two_valid_ids"] == 0
    rows.append(("a/x", "P", "1", True, "j"))
    assert evaluate(_frame(rows))["persons_with_two_valid_ids"] == 1
    excused = _frame(rows).with_columns(is_excused=pl.lit(value=True))
    assert evaluate(excused)["persons_with_two_valid_ids"] == 0


def test_nothing_to_link_and_nothing_linked_is_perfect() -> None:
    scores = evaluate(_frame([("a/x", "P", None, True, None)]))
    assert scores["pairwise"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0}
