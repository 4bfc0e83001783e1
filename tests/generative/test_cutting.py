"""Cuts of what constraints forbid, against trying every way to part the nodes."""

from __future__ import annotations

from itertools import product
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.linkage.clustering import cluster
from pipelines.linkage.cutting import cut

_NODES = 6
_PAIRS = [(a, b) for a in range(_NODES) for b in range(a + 1, _NODES)]
_EDGES = st.dictionaries(st.sampled_from(_PAIRS), st.integers(1, 9), min_size=1)


def _least(edges: dict[tuple[int, int], int], sides: list[list[int]]) -> int:
    """The least weight that parts the sides, every way tried."""
    fixed = {node: place for place, side in enumerate(sides) for node in side}
    ways = product(*[[fixed[n]] if n in fixed else range(len(sides)) for n in range(_NODES)])
    return min(sum(w for (a, b), w in edges.items() if way[a] != way[b]) for way in ways)


def _clusters(labels: list[int | None], edges: dict[tuple[int, int], int], names: str) -> list[int]:
    nodes = pl.DataFrame(
        {"record_key": list(names), "unit": range(_NODES), "label": labels, "anchor": list(names)},
        schema_overrides={"label": pl.Int64, "unit": pl.Int32},
    )
    rows = [(names[a], names[b], float(weight)) for (a, b), weight in edges.items()]
    links = pl.DataFrame(rows, schema=["record_a", "record_b", "weight"], orient="row")
    judged = pl.DataFrame(schema=dict.fromkeys(["record_a", "record_b", "verdict"], pl.String))
    found = cluster(nodes, links, judged, 100).clusters
    return [dict(found.iter_rows())[name] for name in names]


@given(_EDGES)
def test_a_cut_between_two_sides_loses_the_least_weight(edges: dict[tuple[int, int], int]) -> None:
    sides = [[0, 2], [1]]

    lost = cut(edges, sides)

    assert sum(edges[edge] for edge in lost) == _least(edges, sides)


@given(_EDGES)
def test_a_cut_between_three_sides_parts_them_at_most_a_third_dearer_than_the_least(
    edges: dict[tuple[int, int], int],
) -> None:
    sides = [[0], [1], [2]]

    lost = cut(edges, sides)

    rest = {edge: weight for edge, weight in edges.items() if edge not in lost}
    assert _least(rest, sides) == 0
    assert 3 * sum(edges[edge] for edge in lost) <= 4 * _least(edges, sides)


@given(_EDGES)
def test_of_two_people_the_clusters_keep_the_most_weight(edges: dict[tuple[int, int], int]) -> None:
    found = _clusters([1, 2, None, None, None, None], edges, "abcdef")

    assert found[0] != found[1]
    assert sum(w for (a, b), w in edges.items() if found[a] != found[b]) == _least(edges, [[0], [1]])


@given(_EDGES, st.lists(st.sampled_from([None, 1, 2, 3]), min_size=_NODES, max_size=_NODES), st.randoms())
@settings(max_examples=60)
def test_no_cluster_holds_two_ids_whatever_the_order_of_links(
    edges: dict[tuple[int, int], int], labels: list[int | None], dice: Any
) -> None:
    shuffled = list(edges.items())
    dice.shuffle(shuffled)

    found = _clusters(labels, dict(shuffled), "abcdef")

    assert found == _clusters(labels, edges, "abcdef")
    known = {(c, label) for c, label in zip(found, labels, strict=True) if label is not None}
    assert len(known) == len({c for c, _ in known})
