"""The links to give up so that a cluster keeps its constraints, with as little weight lost as can be.

Two sides: a minimum cut, exact (Ford and Fulkerson 1956, shortest paths first: Edmonds and Karp 1972). More sides:
the isolating cuts of each but the dearest, at most twice the least weight (Dahlhaus and others, 1994).
"""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    Edges = Mapping[tuple[int, int], int]
    _Flow = dict[int, dict[int, int]]


def cut(edges: Edges, sides: Sequence[Collection[int]]) -> set[tuple[int, int]]:
    """Edges that part the sides from each other.

    Args:
        edges: weight of each pair of nodes, an integer above 0; no pair twice, no node with itself.
        sides: nodes that belong together; no node on two sides. Their order decides nothing but ties.
    """
    found = []
    for number, side in enumerate(sides[:1] if len(sides) == 2 else sides):
        others = [node for place, other in enumerate(sides) if place != number for node in other]
        near = _reachable(_exhausted(edges, side, others), side)
        found.append({edge for edge in edges if (edge[0] in near) != (edge[1] in near)})
    if len(found) > 1:
        found.remove(max(found, key=lambda lost: sum(edges[edge] for edge in lost)))
    return set().union(*found)


def _exhausted(edges: Edges, sources: Collection[int], sinks: Collection[int]) -> _Flow:
    """What is left of every edge once no path leads from the sources to the sinks."""
    left: _Flow = defaultdict(dict)
    for (a, b), weight in sorted(edges.items()):
        left[a][b] = left[b][a] = weight
    while path := _path(left, sources, set(sinks)):
        least = min(left[a][b] for a, b in path)
        for a, b in path:
            left[a][b] -= least
            left[b][a] += least
    return left


def _path(left: _Flow, sources: Collection[int], sinks: set[int]) -> list[tuple[int, int]]:
    """The steps of a shortest path with something left; none: empty."""
    before = _search(left, sources)
    end = next((node for node in before if node in sinks), None)
    steps: list[tuple[int, int]] = []
    while end is not None and before[end] != end:
        steps.append((before[end], end))
        end = before[end]
    return steps


def _reachable(left: _Flow, sources: Collection[int]) -> set[int]:
    return set(_search(left, sources))


def _search(left: _Flow, sources: Collection[int]) -> dict[int, int]:
    """Nodes within reach, nearest first, each with the node before it."""
    before = {node: node for node in sorted(sources)}
    waiting = deque(before)
    while waiting:
        node = waiting.popleft()
        for other, rest in left.get(node, {}).items():
            if rest > 0 and other not in before:
                before[other] = node
                waiting.append(other)
    return before
