"""Clusters out of links, with links that must never be.

Union-find over the links in descending weight. A link is refused when its clusters would bring
together two different citizen IDs (or two parts of one that was split), two records that a person
judged to be different people, two records of a feed that says it knows its people apart, or more records
than anybody has. Positive judgements come first and may join what IDs and feeds keep apart; nothing else may.

What hangs together by links although two IDs or a judgement forbid it is cut where the least weight is
lost, if that is less than what the order of the links alone would lose (see cutting).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from pipelines.linkage.cutting import cut

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

TWO_IDS, JUDGED, TOO_LARGE, KEPT_APART = "two_ids", "judged_apart", "too_large", "kept_apart"
JUDGEMENT: Final = "judgement"
_STEPS: Final = 1000  # a bit of weight in the whole numbers that cuts are made in


@dataclass(frozen=True)
class Clustering:
    """Clusters of the nodes.

    Attributes:
        clusters: record_key, cluster (Int64); a cluster is numbered by the row of its first record
            in the order of record keys.
        refused: record_a, record_b, why; sorted.
    """

    clusters: pl.DataFrame
    refused: pl.DataFrame


@dataclass
class _Forest:
    """Clusters while they grow: parents, and of each root its size, labels, forbidden nodes, feeds that keep apart."""

    parent: list[int]
    size: list[int]
    labels: dict[int, frozenset[int]]
    cap: int
    enemies: dict[int, set[int]] = field(default_factory=dict)
    feeds: dict[int, frozenset[str]] = field(default_factory=dict)

    def root(self, node: int) -> int:
        while self.parent[node] != node:
            self.parent[node] = self.parent[self.parent[node]]
            node = self.parent[node]
        return node

    def copy(self) -> _Forest:
        enemies = {node: set(others) for node, others in self.enemies.items()}
        return _Forest(
            list(self.parent), list(self.size), dict(self.labels), self.cap, enemies, dict(self.feeds)
        )

    def join(self, a: int, b: int, *, judged: bool = False) -> str | None:
        """Join two clusters, or say why not."""
        a, b = self.root(a), self.root(b)
        if a == b:
            return None
        why = self._against(a, b, judged=judged)
        if why is not None:
            return why
        keep, gone = min(a, b), max(a, b)
        self.parent[gone] = keep
        self.size[keep] = self.size[a] + self.size[b]
        for told in (self.labels, self.feeds):
            _unite(told, keep, gone)
        hostile = self.enemies.get(a, set()) | self.enemies.get(b, set())
        if hostile:
            self.enemies[keep] = hostile
        return None

    def _against(self, a: int, b: int, *, judged: bool) -> str | None:
        """What forbids to join two roots; a positive judgement yields to a negative one alone."""
        if any(self.root(enemy) == b for enemy in self.enemies.get(a, ())):
            return JUDGED
        if judged:
            return None
        mine, theirs = self.labels.get(a, frozenset()), self.labels.get(b, frozenset())
        both = mine | theirs
        if len(both) > 1 and both not in (mine, theirs):
            return TWO_IDS
        if self.feeds.get(a, frozenset()) & self.feeds.get(b, frozenset()):
            return KEPT_APART
        return TOO_LARGE if self.size[a] + self.size[b] > self.cap else None


def _unite(told: dict[int, frozenset[Any]], keep: int, gone: int) -> None:
    both = told.get(keep, frozenset()) | told.get(gone, frozenset())
    if both:
        told[keep] = both


def cluster(
    nodes: pl.DataFrame,
    links: pl.DataFrame,
    judgements: pl.DataFrame,
    size_cap: int,
    kept_apart: Collection[str] = (),
) -> Clustering:
    """Cluster records.

    Args:
        nodes: record_key, unit (Int32), label (Int64; null: no usable ID), anchor (record_key of its
            unit). Records of one unit are joined first, unless a judgement forbids.
        links: record_a, record_b, weight.
        judgements: record_a, record_b, verdict; the last one on a pair counts.
        size_cap: records a cluster may have.
        kept_apart: feeds of which no two units are one person; then `nodes` has feed.
    """
    ordered = nodes.sort("record_key").with_row_index("row")
    verdicts = _verdicts(judgements, ordered)
    touched = set(verdicts["record_a"]) | set(verdicts["record_b"])
    ordered = _with_nodes(ordered, touched)
    place = dict(zip(ordered["record_key"], ordered["node"], strict=True))
    forest = _planted(ordered, size_cap)
    refused: list[tuple[str, str, str]] = []
    for a, b, verdict in verdicts.iter_rows():
        if verdict == "negative":
            forest.enemies.setdefault(place[a], set()).add(place[b])
            forest.enemies.setdefault(place[b], set()).add(place[a])
    _grow(forest, place, _positive(verdicts), refused, judged=True)
    _grow(forest, place, _stars(ordered), refused)
    forest.feeds = _feeds(forest, ordered, kept_apart)
    in_order = links.sort("weight", "record_a", "record_b", descending=[True, False, False])
    given_up = _given_up(forest, place, in_order)
    refused += [(a, b, why) for (a, b), why in given_up.items()]
    kept = (pair for pair in _pairs(in_order) if pair not in given_up)
    _grow(forest, place, kept, refused)
    roots = [forest.root(node) for node in ordered["node"].to_list()]
    clusters = ordered.select("record_key", pl.Series("cluster", roots, dtype=pl.Int64))
    schema = {"record_a": pl.String, "record_b": pl.String, "why": pl.String}
    return Clustering(clusters, pl.DataFrame(refused, schema=schema, orient="row").sort(pl.all()))


def _grow(
    forest: _Forest,
    place: dict[str, int],
    pairs: Iterable[tuple[str, str]],
    refused: list[tuple[str, str, str]],
    *,
    judged: bool = False,
) -> None:
    for a, b in pairs:
        why = forest.join(place[a], place[b], judged=judged)
        if why is not None:
            refused.append((a, b, why))


def _pairs(links: pl.DataFrame) -> Iterable[tuple[str, str]]:
    return links.select("record_a", "record_b").iter_rows()


def _given_up(forest: _Forest, place: dict[str, int], links: pl.DataFrame) -> dict[tuple[str, str], str]:
    """Links whose loss costs less than what growing in the order of weight would refuse, with why."""
    greedy, against = forest.copy(), list[tuple[str, str, str]]()
    _grow(greedy, place, _pairs(links), against)
    if all(why == TOO_LARGE for _, _, why in against):
        return {}
    whole = _Forest(list(range(len(forest.parent))), list(forest.size), {}, 2 * sum(forest.size) + 1)
    ends = [(forest.root(place[a]), forest.root(place[b])) for a, b in _pairs(links)]
    for a, b in ends:
        whole.join(a, b)
    broken = {whole.root(forest.root(place[a])) for a, _, why in against if why != TOO_LARGE}
    members: dict[int, list[tuple[str, str, int, int, int]]] = defaultdict(list)
    for (a, b, weight), (x, y) in zip(
        links.select("record_a", "record_b", "weight").iter_rows(), ends, strict=True
    ):
        if x != y and whole.root(x) in broken:
            members[whole.root(x)].append((a, b, max(1, round(weight * _STEPS)), min(x, y), max(x, y)))
    found: dict[tuple[str, str], str] = {}
    for rows in members.values():
        found |= _cheaper(forest, greedy, rows)
    return found


def _cheaper(
    forest: _Forest, greedy: _Forest, rows: list[tuple[str, str, int, int, int]]
) -> dict[tuple[str, str], str]:
    """The cut of one group that hangs together, if it loses less than `greedy` does; else nothing."""
    edges: dict[tuple[int, int], int] = defaultdict(int)
    for _, _, weight, x, y in rows:
        edges[x, y] += weight
    nodes = {node for edge in edges for node in edge}
    sides, why = _sides(forest, nodes)
    if not sides or sum(forest.size[node] for node in nodes) > forest.cap:
        return {}
    lost = cut(edges, sides)
    refused = sum(weight for (x, y), weight in edges.items() if greedy.root(x) != greedy.root(y))
    if sum(edges[edge] for edge in lost) >= refused:
        return {}
    return {(a, b): why for a, b, _, x, y in rows if (x, y) in lost}


def _sides(forest: _Forest, nodes: set[int]) -> tuple[list[list[int]], str]:
    """What must be parted, and why: by IDs, or one judged pair. Both together stay with the order of weight."""
    by_label: dict[frozenset[int], list[int]] = defaultdict(list)
    for node in sorted(nodes):
        if node in forest.labels:
            by_label[forest.labels[node]].append(node)
    hostile = {
        (min(node, other), max(node, other))
        for node in nodes
        for other in map(forest.root, forest.enemies.get(node, ()))
        if other in nodes
    }
    if len(by_label) > 1 and not hostile and all(len(labels) == 1 for labels in by_label):
        return sorted(by_label.values()), TWO_IDS
    if len(by_label) <= 1 and len(hostile) == 1:
        return [[node] for node in min(hostile)], JUDGED
    return [], ""


def _verdicts(judgements: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """The last verdict on each pair of records that are here; unsure is none."""
    pair = [
        pl.min_horizontal("record_a", "record_b").alias("a"),
        pl.max_horizontal("record_a", "record_b").alias("b"),
    ]
    last = judgements.with_columns(pair).unique(["a", "b"], keep="last", maintain_order=True)
    keys = known.select("record_key")
    return (
        last.select(pl.col("a").alias("record_a"), pl.col("b").alias("record_b"), "verdict")
        .filter(pl.col("verdict").is_in(["positive", "negative"]))
        .join(keys, left_on="record_a", right_on="record_key", how="semi")
        .join(keys, left_on="record_b", right_on="record_key", how="semi")
        .sort("record_a", "record_b")
    )


def _positive(verdicts: pl.DataFrame) -> Iterable[tuple[str, str]]:
    return verdicts.filter(pl.col("verdict") == "positive").select("record_a", "record_b").iter_rows()


def _with_nodes(ordered: pl.DataFrame, touched: set[str]) -> pl.DataFrame:
    """A node a unit; units with a judged record fall into their records."""
    judged = pl.col("record_key").is_in(sorted(touched)).any().over("unit")
    return ordered.with_columns(is_judged=judged).with_columns(
        node=pl.when("is_judged").then("row").otherwise(pl.col("row").min().over("unit"))
    )


def _planted(ordered: pl.DataFrame, size_cap: int) -> _Forest:
    count = ordered.height
    size = [0] * count
    for node, members in ordered.group_by("node").len().iter_rows():
        size[node] = members
    labelled = ordered.filter(pl.col("label").is_not_null()).select("node", "label").unique()
    labels = {node: frozenset((label,)) for node, label in labelled.iter_rows()}
    return _Forest(list(range(count)), size, labels, size_cap)


def _feeds(forest: _Forest, ordered: pl.DataFrame, kept_apart: Collection[str]) -> dict[int, frozenset[str]]:
    """Of each cluster so far the feeds it stands in that know their people apart."""
    if not kept_apart:
        return {}
    placed: dict[int, frozenset[str]] = {}
    known = ordered.filter(pl.col("feed").is_in(list(kept_apart))).select("node", "feed").unique()
    for node, feed in known.iter_rows():
        root = forest.root(node)
        placed[root] = placed.get(root, frozenset()) | {feed}
    return placed


def _stars(ordered: pl.DataFrame) -> Iterable[tuple[str, str]]:
    """Links of the anchors with the records of judged units."""
    apart = ordered.filter(pl.col("is_judged") & (pl.col("record_key") != pl.col("anchor")))
    return apart.sort("record_key").select("anchor", "record_key").iter_rows()
