"""Bits of evidence by level, and by value where rare values weigh more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pipelines.errors import UsageError
from pipelines.linkage.engine.agreement import OPEN
from pipelines.linkage.engine.comparing import (
    Compared,
    compare_cheaply,
    compare_further,
    first_dear,
    is_dear,
    is_list,
)
from pipelines.linkage.engine.compiled import compiled
from pipelines.linkage.engine.frequencies import frequency

if TYPE_CHECKING:
    from pipelines.linkage.engine.model import Comparison, LinkageModel
    from pipelines.linkage.engine.table import Table

Bits = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int32]
Levels = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Weights:
    """Weights of one comparison.

    Attributes:
        comparison: what is compared.
        bits: log2(m / u) by level; behind them the most that an OPEN pair can get, and 0 for a missing
            value, so that OPEN = -2 and MISSING = -1 find theirs.
        by_value: of the levels that weigh by frequency log2(m / frequency) by code.
    """

    comparison: Comparison
    bits: Bits
    by_value: dict[int, Bits]

    def of(self, compared: Compared, table: Table, a: Rows, b: Rows) -> Bits:
        """Bits of each pair; of OPEN ones the most they can get."""
        found = _looked_up(self.bits, compared.levels)
        for place, bits in self.by_value.items():
            column = self.comparison.levels[place].column or self.comparison.column
            codes = table.columns[column].codes
            if compared.places is None:
                _by_value(found, compared.levels, place, codes[0], codes[0], a, b, bits)
            else:
                at = np.flatnonzero(compared.levels == place)
                last = len(codes) - 1
                left = codes[np.minimum(compared.places[0][at], last), a[at]]
                right = codes[np.minimum(compared.places[1][at], last), b[at]]
                found[at] = np.minimum(bits[left], bits[right])
        return found


@compiled
def _looked_up(bits: Bits, levels: Levels) -> Bits:
    """Bits of each level; MISSING and OPEN count from the end. NumPy does the same five times slower."""
    found = np.empty(len(levels), np.float64)
    for i in range(len(levels)):
        found[i] = bits[levels[i]]
    return found


@compiled
def _by_value(
    found: Bits, levels: Levels, level: int, left: Rows, right: Rows, a: Rows, b: Rows, bits: Bits
) -> None:
    """At one level the lesser bits of the two values: the greater frequency counts."""
    for i in range(len(a)):
        if levels[i] == level:
            found[i] = min(bits[left[a[i]]], bits[right[b[i]]])


def weights(table: Table, model: LinkageModel) -> list[Weights]:
    """Weights of each comparison, in the model's order.

    Raises:
        UsageError: when the model was not fitted.
    """
    if not model.is_fitted:
        raise UsageError(f"{model.name} has levels without m and u", hint="fit the model first")
    return [_weights(table, model, comparison) for comparison in model.comparisons]


def _weights(table: Table, model: LinkageModel, comparison: Comparison) -> Weights:
    bits = [float(np.log2(float(level.m or 0) / float(level.u or 1))) for level in comparison.levels]
    by_value = {
        place: np.log2(float(level.m or 0) / frequency(table, model, comparison, level))
        for place, level in enumerate(comparison.levels)
        if level.term_frequency
    }
    most = [
        float(by_value[place].max(initial=0)) if place in by_value else one for place, one in enumerate(bits)
    ]
    first = 0 if is_list(comparison, table) else first_dear(comparison)
    most_open = max([0.0, *most[first:]])  # a name may turn out to be no evidence
    return Weights(comparison, np.array([*bits, most_open, 0.0]), by_value)


@dataclass(frozen=True)
class KinWeights:
    """The rival explanation: two members of one family, who share household, telephone, even a birthday.

    True pairs are held against strangers and relatives together, so that a weight is
    -log2(2^-(against strangers) + 2^-(against relatives)).

    Attributes:
        prior: log2 of true pairs to pairs of relatives.
        bits: by comparison log2(m / kin) by level, 0 for a missing value at the end; None where relatives
            are like strangers; all 0 where a comparison tells the family alone.
    """

    prior: float
    bits: list[Bits | None]

    def lower(self, against_strangers: Bits, bits: Bits, levels: Levels) -> Bits:
        """Weights against both, from those against strangers; `bits` and `levels` are (comparisons, pairs)."""
        against_kin = np.full(len(against_strangers), self.prior)
        for k, of in enumerate(self.bits):
            against_kin += bits[k] if of is None else _looked_up(of, levels[k])
        return np.asarray(-np.logaddexp2(-against_strangers, -against_kin))


def kin_weights(model: LinkageModel) -> KinWeights | None:
    """What relatives weigh in a fitted model; None where it says nothing of them."""
    told = [_kin_bits(comparison) for comparison in model.comparisons]
    if all(bits is None for bits in told):
        return None
    return KinWeights(-float(np.log2(model.family_size)), told)


def _kin_bits(comparison: Comparison) -> Bits | None:
    if comparison.tells == "family":
        return np.zeros(len(comparison.levels) + 2)
    if all(level.kin is None for level in comparison.levels):
        return None
    bits = [np.log2(float(level.m or 0) / float(level.kin or level.u or 1)) for level in comparison.levels]
    return np.array([*bits, 0.0, 0.0])


@dataclass(frozen=True)
class Weighed:
    """Pairs at or above a threshold.

    Attributes:
        which: their places among the pairs asked for.
        bits: shape (comparisons, pairs).
        levels: shape (comparisons, pairs); -1 missing.
    """

    which: npt.NDArray[np.int64]
    bits: Bits
    levels: Levels


def weigh(known: list[Weights], table: Table, a: Rows, b: Rows, threshold: float) -> Weighed:
    """Sum the evidence of pairs; dear tests only where they can still lift a pair to the threshold."""
    levels, bits = np.empty((len(known), len(a)), np.int8), np.empty((len(known), len(a)))
    for k, one in enumerate(known):
        levels[k] = compare_cheaply(one.comparison, table, a, b)
        bits[k] = one.of(Compared(levels[k]), table, a, b)
    which, levels, bits = _enough(np.arange(len(a)), levels, bits, threshold)
    for k in sorted(range(len(known)), key=lambda k: is_dear(known[k].comparison)):
        if _settle(known[k], table, (a[which], b[which]), levels[k], bits[k]):
            which, levels, bits = _enough(which, levels, bits, threshold)
    return Weighed(which, bits, levels)


@compiled
def _enough(
    which: npt.NDArray[np.int64], levels: Levels, bits: Bits, threshold: float
) -> tuple[npt.NDArray[np.int64], Levels, Bits]:
    """The pairs whose bits sum up to the threshold, in one pass."""
    comparisons, pairs = bits.shape
    kept, made = np.empty(pairs, np.int64), 0
    for i in range(pairs):
        total = 0.0
        for k in range(comparisons):
            total += bits[k, i]
        if total >= threshold:
            kept[made] = i
            made += 1
    kept = kept[:made]
    kept_levels, kept_bits = np.empty((comparisons, made), np.int8), np.empty((comparisons, made))
    for k in range(comparisons):
        for i in range(made):
            kept_levels[k, i], kept_bits[k, i] = levels[k, kept[i]], bits[k, kept[i]]
    return which[kept], kept_levels, kept_bits


def _settle(one: Weights, table: Table, rows: tuple[Rows, Rows], levels: Levels, bits: Bits) -> bool:
    """Make the dear tests of a comparison where it is OPEN; whether there were any."""
    still = np.flatnonzero(levels == OPEN)
    a, b = rows[0][still], rows[1][still]
    found = compare_further(one.comparison, table, a, b, levels[still])
    levels[still], bits[still] = found.levels, one.of(found, table, a, b)
    return bool(len(still))
