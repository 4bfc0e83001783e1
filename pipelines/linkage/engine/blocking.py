"""Candidate pairs: records that are equal in all columns of a rule, in bounded chunks, each pair once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from pipelines.linkage.engine.compiled import compiled
from pipelines.linkage.engine.threads import ahead

if TYPE_CHECKING:
    from pipelines.linkage.engine.table import Coded, Table

Rows = npt.NDArray[np.int32]
Counts = npt.NDArray[np.int64]

CHUNK: Final = 1 << 16  # what a chunk needs stays in a processor's cache


@dataclass(frozen=True)
class Blocks:
    """The records that meet under one rule.

    Attributes:
        rows: of each entry; entries with one key stand together, by table of origin and row. A row has
            several entries where a column holds lists.
        starts: block k is the entries starts[k]:starts[k + 1].
        keys: shape (rows, width): the blocks of each row, ascending, then -1.
        origin: shape (rows,): table of origin of each row, -1 where all are of one table.
    """

    rows: Rows
    starts: Counts
    keys: Rows
    origin: Rows

    @property
    def pairs(self) -> int:
        """Pairs under the rule, those of other rules among them; those of one table of origin left out."""
        sizes = np.diff(self.starts)
        total = int((sizes * (sizes - 1) // 2).sum())
        if len(self.rows) == 0 or self.origin[0] < 0:
            return total
        block = np.repeat(np.arange(len(sizes)), sizes)
        within = np.unique(block * (int(self.origin.max()) + 1) + self.origin[self.rows], return_counts=True)[
            1
        ]
        return total - int((within * (within - 1) // 2).sum())


def block(table: Table, rule: tuple[str, ...], cap: int) -> Blocks:
    """Bring the records together that agree in all columns; keys on more than `cap` records are left out.

    A rule without columns brings all together.
    """
    columns = [table.columns[name] for name in rule]
    height = table.height
    rows, codes = _entries(columns, height)
    origin = np.full(height, -1, dtype=np.int32) if table.apart is None else table.apart
    order = _sorted(np.arange(len(rows)), rows, height)
    if table.apart is not None:
        order = _sorted(order, origin[rows], int(origin.max(initial=0)) + 1)
    for column, one in zip(columns, codes, strict=True):
        order = _sorted(order, one, len(column.values))
    sorted_codes = np.array([one[order] for one in codes], dtype=np.int32).reshape(len(codes), len(order))
    kept, starts = _kept(sorted_codes, max(cap, 2) if rule else height)
    rows = rows[order[kept]]
    return Blocks(rows, starts, _keys(rows, starts, height), origin)


def _entries(columns: list[Coded], height: int) -> tuple[Rows, list[Rows]]:
    """Rows and their codes in each column: of lists every combination; values that stand once are left out."""
    rows, codes = np.arange(height, dtype=np.int32), list[Rows]()
    for column in columns:
        shared = np.append(column.counts > 1, False)
        parts = [np.flatnonzero(shared[of[rows]]) for of in column.codes]
        code = np.concatenate([of[rows[part]] for of, part in zip(column.codes, parts, strict=True)])
        entries = np.concatenate(parts)
        rows, codes = rows[entries], [*(one[entries] for one in codes), code]
    return rows, codes


def _keys(rows: Rows, starts: Counts, height: int) -> Rows:
    """The blocks of each row, ascending, then -1."""
    number = np.repeat(np.arange(len(starts) - 1, dtype=np.int32), np.diff(starts))
    order = _sorted(np.arange(len(rows)), rows, height)
    counts = np.bincount(rows, minlength=height)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    keys = np.full((height, max(1, int(counts.max(initial=0)))), -1, dtype=np.int32)
    keys[rows[order], place] = number[order]
    return keys


def _sorted(order: Counts, codes: Rows, size: int) -> Counts:
    """The order, stably sorted by code: counting, since codes are small whole numbers."""
    return _counting_sort(order, codes, np.zeros(size + 1, dtype=np.int64))


@compiled
def _counting_sort(order: Counts, codes: Rows, places: Counts) -> Counts:
    for entry in order:
        places[codes[entry] + 1] += 1
    for code in range(1, len(places)):
        places[code] += places[code - 1]
    found = np.empty_like(order)
    for entry in order:
        found[places[codes[entry]]] = entry
        places[codes[entry]] += 1
    return found


def _kept(codes: Rows, cap: int) -> tuple[npt.NDArray[np.bool_], Counts]:
    """Sorted entries in blocks of at least two and at most `cap`, and where those blocks start."""
    entries = codes.shape[1]
    if entries == 0:
        return np.zeros(0, np.bool_), np.zeros(1, np.int64)
    new = np.ones(entries, np.bool_)
    new[1:] = (codes[:, 1:] != codes[:, :-1]).any(axis=0)
    starts = np.append(np.flatnonzero(new), entries)
    sizes = np.diff(starts)
    usable = (sizes > 1) & (sizes <= cap)
    return np.repeat(usable, sizes), np.append(0, np.cumsum(sizes[usable]))


@dataclass(frozen=True)
class Rules:
    """All rules of a model on one table.

    Attributes:
        blocks: by rule.
        keys: shape (rows, keys): those of all rules side by side.
        bounds: shape (rules + 1,); of rule r the columns bounds[r]:bounds[r + 1].
    """

    blocks: list[Blocks]
    keys: Rows
    bounds: Counts


def apply_rules(table: Table, rules: tuple[tuple[str, ...], ...], cap: int) -> Rules:
    """Block the records by each rule."""
    several = list(ahead(lambda rule: block(table, rule, cap), rules))
    keys = np.concatenate([one.keys for one in several], axis=1)
    return Rules(several, keys, np.cumsum([0, *(one.keys.shape[1] for one in several)]).astype(np.int64))


def candidate_chunks(rules: Rules, size: int = CHUNK) -> Iterator[tuple[Rows, Rows]]:
    """Pairs a < b of rows; a pair comes under the first rule that makes it, and once."""
    for rule in range(len(rules.blocks)):
        yield from rule_chunks(rules, rule, size)


def rule_chunks(
    rules: Rules, rule: int, size: int = CHUNK, *, again: bool = False
) -> Iterator[tuple[Rows, Rows]]:
    """Pairs of one rule in chunks of `size`; those of earlier rules only when `again`."""
    one = rules.blocks[rule]
    bounds = rules.bounds[rule if again else 0 : rule + 2]
    at = np.array([0, 0, 1], dtype=np.int64)
    while at[0] < len(one.starts) - 1:
        a, b = np.empty(size, dtype=np.int32), np.empty(size, dtype=np.int32)
        made = _fill(one.rows, one.starts, one.origin, rules.keys, bounds, at, a, b)
        if made:
            yield a[:made], b[:made]


@compiled
def _fill(
    rows: Rows, starts: Counts, origin: Rows, keys: Rows, bounds: Counts, at: Counts, a: Rows, b: Rows
) -> int:
    """Fill a and b from block at[0], entry at[1] and its partner at[2] on, and move `at` forward."""
    made, own = 0, len(bounds) - 2
    block, entry, other = at[0], at[1], at[2]
    while block < len(starts) - 1:
        end = starts[block + 1]
        while entry < end:
            while other < end:
                if made == len(a):
                    at[0], at[1], at[2] = block, entry, other
                    return made
                i, j = min(rows[entry], rows[other]), max(rows[entry], rows[other])
                other += 1
                met = i == j or origin[i] == origin[j] >= 0
                for rule in range(own + 1):
                    if met:
                        break
                    least = _least_common(keys, i, j, bounds[rule], bounds[rule + 1])
                    met = least >= 0 if rule < own else least != block
                if not met:
                    a[made], b[made] = i, j
                    made += 1
            entry += 1
            other = entry + 1
        block += 1
    at[0] = block
    return made


@compiled
def _least_common(keys: Rows, i: int, j: int, start: int, stop: int) -> int:
    """The smallest key that two rows share under a rule, or -1."""
    p, q = start, start
    while p < stop and q < stop and keys[i, p] >= 0 and keys[j, q] >= 0:
        if keys[i, p] == keys[j, q]:
            return int(keys[i, p])
        if keys[i, p] < keys[j, q]:
            p += 1
        else:
            q += 1
    return -1


def rules_met(rules: Rules, a: Rows, b: Rows) -> Counts:
    """Of each pair the rules that hold, as bits."""
    bits = np.zeros(len(a), dtype=np.int64)
    for rule, one in enumerate(rules.blocks):
        held = np.zeros(len(a), dtype=np.bool_)
        for p, q in product(range(one.keys.shape[1]), repeat=2):
            left, right = one.keys[:, p][a], one.keys[:, q][b]
            held |= (left == right) & (left >= 0)
        bits |= held.astype(np.int64) << rule
    return bits
