"""Comparison patterns of the pairs under each training rule: what the estimation looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pipelines.linkage.engine.blocking import Rules, apply_rules, candidate_chunks, rule_chunks, rules_met
from pipelines.linkage.engine.comparing import columns_of, compare
from pipelines.linkage.engine.estimation import Patterns
from pipelines.linkage.engine.model import MISSING
from pipelines.linkage.engine.sampling import drawn
from pipelines.linkage.engine.threads import ahead

if TYPE_CHECKING:
    from pipelines.linkage.engine.model import Comparison, LinkageModel
    from pipelines.linkage.engine.table import Table

Packed = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Sessions:
    """Patterns by training rule.

    Attributes:
        patterns: the distinct ones.
        rules: the training rules; session s is rule s.
        sources: delivered columns that each rule rests on.
        totals: pairs under each rule.
        deterministic: pairs under the prior's rules.
    """

    patterns: Patterns
    rules: tuple[tuple[str, ...], ...]
    sources: tuple[frozenset[str], ...]
    totals: npt.NDArray[np.float64]
    deterministic: int


def sessions(table: Table, model: LinkageModel, most: int) -> Sessions:
    """Look at about `most` pairs of each rule at most, drawn by lot."""
    rules = model.training or model.blocking
    brought = apply_rules(table, rules, model.block_cap)
    sources = tuple(frozenset(map(model.source, rule)) for rule in rules)
    levels, session, met, counts, totals = [], [], [], [], []
    for number in range(len(rules)):
        untouched = [one for one in model.comparisons if not _sources(model, one) & sources[number]]
        total, packed, count = _patterns(table, brought, (number, most), untouched)
        totals.append(total)
        levels.append(_unpacked(packed >> len(rules), model, untouched))
        session.append(np.full(len(packed), number))
        met.append(packed & ((1 << len(rules)) - 1))
        counts.append(count)
    patterns = Patterns(*(np.concatenate(part) for part in (levels, session, met, counts)))
    return Sessions(
        patterns, rules, sources, np.array(totals, dtype=np.float64), _deterministic(table, model)
    )


def _sources(model: LinkageModel, comparison: Comparison) -> frozenset[str]:
    return frozenset(map(model.source, columns_of(comparison)))


def _patterns(
    table: Table, rules: Rules, bounds: tuple[int, int], untouched: list[Comparison]
) -> tuple[int, Packed, npt.NDArray[np.float64]]:
    """Pairs under the rule; patterns of those drawn, the rules met in the lowest bits; their counts."""
    rule, most = bounds
    total = rules.blocks[rule].pairs
    one_in = max(1, -(-total // most))
    found: dict[int, int] = {}
    chunks = (_drawn(pairs, one_in) for pairs in rule_chunks(rules, rule, again=True))
    for seen in ahead(lambda pairs: _packed(table, rules, untouched, *pairs), chunks):
        for pattern, count in zip(*(x.tolist() for x in np.unique(seen, return_counts=True)), strict=True):
            found[pattern] = found.get(pattern, 0) + count
    ordered = sorted(found)
    counts = np.array([found[pattern] for pattern in ordered], dtype=np.float64)
    return total, np.array(ordered, dtype=np.int64), counts


def _drawn(pairs: tuple[Rows, Rows], one_in: int) -> tuple[Rows, Rows]:
    a, b = pairs
    kept = drawn(a, b, one_in)
    return a[kept], b[kept]


def _packed(table: Table, rules: Rules, untouched: list[Comparison], a: Rows, b: Rows) -> Packed:
    """Of each pair its levels, and in the lowest bits the rules it meets."""
    packed = np.zeros(len(a), dtype=np.int64)
    for comparison in untouched:
        packed = packed * (len(comparison.levels) + 1) + compare(comparison, table, a, b).levels + 1
    return (packed << len(rules.blocks)) | rules_met(rules, a, b)


def _unpacked(packed: Packed, model: LinkageModel, untouched: list[Comparison]) -> npt.NDArray[np.int8]:
    levels = np.full((len(packed), len(model.comparisons)), MISSING, dtype=np.int8)
    for comparison in reversed(untouched):
        packed, level = np.divmod(packed, len(comparison.levels) + 1)
        levels[:, model.comparisons.index(comparison)] = level - 1
    return levels


def _deterministic(table: Table, model: LinkageModel) -> int:
    if not model.prior.rules:
        return 0
    rules = apply_rules(table, model.prior.rules, model.block_cap)
    return sum(len(a) for a, _ in candidate_chunks(rules))
