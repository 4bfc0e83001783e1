"""The engine equals all pairs compared slowly, one by one, whatever the records."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import combinations, product
from math import log2
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.linkage.engine.linking import link
from pipelines.linkage.engine.model import Level, LinkageModel
from pipelines.linkage.engine.table import encode
from tests.unit.linkage_engine.naive import naive_edits, naive_jaro_winkler, naive_slip
from tests.unit.linkage_engine.tables import Rows, declared, frame

ROW = st.fixed_dictionaries(
    {
        "given": st.sampled_from(["anna", "anne", "hanna", "smith", "b", None]),
        "surname": st.sampled_from(["smith", "smiht", "smit", "anna", None]),
        "born": st.sampled_from(["1990-01-12", "1990-01-21", "1990-02-01", "1971-08-30", None]),
        "telephones": st.sampled_from(["1", "1;2", "2;3", None]),
        "height": st.sampled_from(["170", "171.5", "180", None]),
        "origin": st.sampled_from(["a", "b"]),
    }
)


def _days(u: str, v: str) -> int:
    return abs((date.fromisoformat(u) - date.fromisoformat(v)).days)


HOLDS: dict[str, Callable[[Level, str, str], bool]] = {
    "exact": lambda _, u, v: u == v,
    "jaro_winkler": lambda level, u, v: naive_jaro_winkler(u, v) >= float(level.at_least or 0) - 1e-9,
    "edits": lambda level, u, v: naive_edits(u, v) <= float(level.at_most or 0),
    "date_slip": lambda _, u, v: naive_slip(date.fromisoformat(u), date.fromisoformat(v)),
    "same_month": lambda _, u, v: u[:7] == v[:7],
    "days": lambda level, u, v: _days(u, v) <= float(level.at_most or 0),
    "number": lambda level, u, v: abs(float(u) - float(v)) <= float(level.at_most or 0),
    "otherwise": lambda *_: True,
}


def _holds(level: Level, x: dict[str, Any], y: dict[str, Any], u: str, v: str) -> bool:
    if level.test == "crossed":
        return (u, v) == (y[str(level.column)], x[str(level.column)])
    return HOLDS[level.test](level, u, v)


def _level(model: LinkageModel, number: int, x: dict[str, Any], y: dict[str, Any]) -> int:
    """The best level of any two values of a comparison's column, -1 where a side has none."""
    comparison = model.comparisons[number]
    values = [(row[comparison.column] or "").split(";") for row in (x, y)]
    found = [
        next(n for n, level in enumerate(comparison.levels) if _holds(level, x, y, u, v))
        for u, v in product(*values)
        if u and v
    ]
    return min(found, default=-1)


def _meet(x: dict[str, Any], y: dict[str, Any]) -> bool:
    telephones = [set((row["telephones"] or "").split(";")) - {""} for row in (x, y)]
    same = {name: x[name] is not None and x[name] == y[name] for name in ("surname", "born")}
    initial = x["given"] and y["given"] and x["given"][0] == y["given"][0]
    return same["surname"] or bool(initial and same["born"]) or bool(telephones[0] & telephones[1])


def _slowly(rows: Rows, model: LinkageModel) -> dict[tuple[str, str], tuple[float, list[int]]]:
    prior = float(model.prior.probability or 0)
    found = {}
    for i, j in combinations(range(len(rows)), 2):
        x, y = rows[i], rows[j]
        if not _meet(x, y) or (model.apart and x[model.apart] == y[model.apart]):
            continue
        levels = [_level(model, number, x, y) for number in range(len(model.comparisons))]
        bits = [
            log2(float(c.levels[n].m or 0) / float(c.levels[n].u or 1))
            for c, n in zip(model.comparisons, levels, strict=True)
            if n >= 0
        ]
        weight = log2(prior / (1 - prior)) + sum(bits)
        if weight >= model.possible_weight + 1e-5:
            found[f"k{i:03}", f"k{j:03}"] = (weight, levels)
    return found


@settings(max_examples=60)
@given(st.lists(ROW, max_size=10), st.booleans())
def test_the_engine_finds_what_comparing_slowly_finds(rows: Rows, apart: bool) -> None:  # noqa: FBT001
    model = declared(apart="origin" if apart else None)
    found = link(encode(frame(rows), model), model, chunk=8).pairs
    levels = [f"level_{one.name}" for one in model.comparisons]
    expected = _slowly(rows, model)
    assert {(a, b) for a, b in found.select("a", "b").iter_rows()} == set(expected)
    for row in found.iter_rows(named=True):
        weight, by_level = expected[row["a"], row["b"]]
        assert row["weight"] == pytest.approx(weight, abs=1e-5)
        assert [row[name] for name in levels] == by_level


@settings(max_examples=20)
@given(st.lists(ROW, min_size=2, max_size=10), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(rows: Rows, dice: Any) -> None:
    records = frame(rows)
    order = list(range(len(rows)))
    dice.shuffle(order)
    model = declared()
    one, other = (link(encode(table, model), model).pairs for table in (records, records[order]))
    assert isinstance(one, pl.DataFrame)
    assert one.equals(other)
