from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipelines.kernels.current import apply_batch, operation_notes, removed_share


def batch(rows: list[tuple[str, str, int]]) -> pl.DataFrame:
    return pl.DataFrame(
        [(number, *row) for number, row in enumerate(rows, 1)],
        schema={"row_number": pl.Int32, "record_key": pl.String, "operation": pl.String, "value": pl.Int64},
        orient="row",
    )


def values(state: pl.DataFrame | None) -> dict[str, int]:
    assert state is not None
    return dict(state.sort("record_key").select("record_key", "value").rows())


def test_a_full_batch_is_the_whole_register() -> None:
    first = apply_batch(None, batch([("a", "F", 1), ("b", "F", 2)]), "full")
    assert values(apply_batch(first, batch([("b", "F", 3)]), "full")) == {"b": 3}


def test_an_increment_inserts_updates_and_deletes() -> None:
    first = apply_batch(None, batch([("a", "F", 1), ("b", "F", 2)]), "full")
    step = batch([("a", "D", 0), ("b", "U", 5), ("c", "I", 7)])
    assert values(apply_batch(first, step, "incremental")) == {"b": 5, "c": 7}


def test_flags_that_do_not_fit_are_noted() -> None:
    state = batch([("a", "F", 1)])
    step = batch([("a", "I", 1), ("b", "U", 1), ("c", "D", 1), ("d", "I", 1)])
    assert operation_notes(state, step)["code"].to_list() == ["PB-SQ-004", "PB-SQ-005", "PB-SQ-006"]


def test_the_removed_share_counts_keys_that_leave() -> None:
    state = batch([(key, "F", 1) for key in "abcd"])
    assert removed_share(state, batch([("a", "F", 1), ("z", "F", 1)])) == 0.75
    assert removed_share(None, state) == 0.0


STEPS = st.lists(
    st.dictionaries(st.sampled_from("abcde"), st.tuples(st.sampled_from("IUD"), st.integers(0, 9))),
    max_size=6,
)


@given(STEPS)
def test_increments_do_what_a_dictionary_does(steps: list[dict[str, tuple[str, int]]]) -> None:
    state, model = batch([("a", "F", 0)]), {"a": 0}
    for step in steps:
        rows = [(key, operation, value) for key, (operation, value) in step.items()]
        state = apply_batch(state, batch(rows), "incremental")
        for key, (operation, value) in step.items():
            model.pop(key, None) if operation == "D" else model.update({key: value})
    assert values(state) == model
