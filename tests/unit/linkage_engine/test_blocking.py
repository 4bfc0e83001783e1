from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.linkage.engine.blocking import apply_rules, candidate_chunks
from pipelines.linkage.engine.table import encode
from tests.unit.linkage_engine.tables import Rows, declared, frame

RULES = (("surname",), ("given", "born"), ("telephones",))
ROW = st.fixed_dictionaries(
    {
        "given": st.sampled_from(["x", "y", None]),
        "surname": st.sampled_from(["p", "q", "r", None]),
        "born": st.sampled_from(["1990-01-12", "1990-01-21", None]),
        "telephones": st.sampled_from(["1", "1;2", "2;3", "3;2;1", None]),
        "origin": st.sampled_from(["a", "b"]),
    }
)


def _made(rows: Rows, size: int, *, apart: bool = False, cap: int = 1000) -> list[tuple[int, int]]:
    model = declared(blocking=RULES, apart="origin" if apart else None)
    table = encode(frame(rows), model)
    chunks = candidate_chunks(apply_rules(table, model.blocking, cap), size)
    return [pair for a, b in chunks for pair in zip(a.tolist(), b.tolist(), strict=True)]


def _meet(x: dict[str, str | None], y: dict[str, str | None]) -> bool:
    telephones = [set((one["telephones"] or "").split(";")) - {""} for one in (x, y)]
    same = {name: x[name] is not None and x[name] == y[name] for name in ("given", "surname", "born")}
    return same["surname"] or (same["given"] and same["born"]) or bool(telephones[0] & telephones[1])


@settings(max_examples=40)
@given(st.lists(ROW, max_size=12), st.sampled_from([1, 3, 100]), st.booleans())
def test_every_pair_that_a_rule_makes_comes_once(rows: Rows, size: int, apart: bool) -> None:  # noqa: FBT001
    expected = [
        (i, j)
        for i, j in combinations(range(len(rows)), 2)
        if _meet(rows[i], rows[j]) and not (apart and rows[i]["origin"] == rows[j]["origin"])
    ]
    assert sorted(_made(rows, size, apart=apart)) == expected


def test_a_key_on_too_many_records_makes_no_pairs_and_hides_none_of_a_later_rule() -> None:
    rows = [{"surname": "p", "telephones": "1"}] * 2 + [{"surname": "p"}] * 3
    assert _made(rows, 100, cap=4) == [(0, 1)]


def test_a_rule_without_columns_compares_everything() -> None:
    model = declared(blocking=[[]])
    table = encode(frame([{}] * 5), model)
    chunks = candidate_chunks(apply_rules(table, model.blocking, 2))
    assert sum(len(a) for a, _ in chunks) == table.pairs == 10


@pytest.mark.parametrize("rows", [[], [{"surname": "p"}]])
def test_too_few_records_make_no_pairs(rows: Rows) -> None:
    assert _made(rows, 100) == []
