"""Levels of agreement of pairs of rows: a comparison's tests, run in order on what is still open."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, product
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from pipelines.linkage.engine import agreement, dates, name_loops, texts
from pipelines.linkage.engine.agreement import MISSING, OPEN, Pairs
from pipelines.linkage.engine.model import NAME_GRADES

if TYPE_CHECKING:
    from pipelines.linkage.engine.model import Comparison, Level
    from pipelines.linkage.engine.table import Table

Levels = npt.NDArray[np.int8]
Codes = npt.NDArray[np.int32]

_DEAR: Final = {"jaro_winkler", "edits", "name"}
_SLACK: Final = 1e-9


@dataclass(frozen=True)
class Compared:
    """Levels of pairs under one comparison.

    Attributes:
        levels: number of the level, MISSING, or OPEN where only a dear test would tell.
        places: of columns that hold lists, which values agreed best (row a's place, row b's), else None.
    """

    levels: Levels
    places: tuple[Levels, Levels] | None = None


def first_dear(comparison: Comparison) -> int:
    """The first level whose test reads characters; the number of levels where none does."""
    dear = [level.test in _DEAR for level in comparison.levels]
    return dear.index(True) if any(dear) else len(dear)


def is_dear(comparison: Comparison) -> bool:
    """Whether a test reads characters."""
    return first_dear(comparison) < len(comparison.levels)


def columns_of(comparison: Comparison) -> set[str]:
    """The columns that a comparison looks at."""
    return {comparison.column, *(level.column for level in comparison.levels if level.column)}


def is_list(comparison: Comparison, table: Table) -> bool:
    """Whether the column holds lists, so that any two values may agree."""
    return table.columns[comparison.column].width > 1


def compare(comparison: Comparison, table: Table, a: Codes, b: Codes) -> Compared:
    """Compare rows; of lists every value with every value, and the best level counts."""
    if not is_list(comparison, table):
        levels = _opened(comparison, table, a, b, 0, 0)
        _run(comparison, table, a, b, (0, 0), levels, 0, len(comparison.levels))
        return Compared(levels)
    best = np.full(len(a), MISSING, dtype=np.int8)
    places = (np.zeros(len(a), np.int8), np.zeros(len(a), np.int8))
    codes = table.columns[comparison.column].codes
    given = [[of[rows] >= 0 for of in codes] for rows in (a, b)]
    for p, q in product(range(len(codes)), repeat=2):
        both = np.flatnonzero(given[0][p] & given[1][q])
        if not len(both):
            continue
        found = np.full(len(both), OPEN, dtype=np.int8)
        _run(comparison, table, a[both], b[both], (p, q), found, 0, len(comparison.levels))
        is_better = (best[both] < 0) | (found < best[both])
        better = both[is_better]
        best[better], places[0][better], places[1][better] = found[is_better], p, q
    return Compared(best, places)


def compare_cheaply(comparison: Comparison, table: Table, a: Codes, b: Codes) -> Levels:
    """Compare rows without dear tests; what they would have to tell stays OPEN, and all of lists."""
    found = _opened(comparison, table, a, b, 0, 0)
    if is_list(comparison, table):
        return found
    _run(comparison, table, a, b, (0, 0), found, 0, first_dear(comparison))
    return found


def compare_further(comparison: Comparison, table: Table, a: Codes, b: Codes, found: Levels) -> Compared:
    """Settle what is still OPEN, in place, where rows are not lists."""
    if is_list(comparison, table):
        return compare(comparison, table, a, b)
    _run(comparison, table, a, b, (0, 0), found, first_dear(comparison), len(comparison.levels))
    return Compared(found)


def _opened(comparison: Comparison, table: Table, a: Codes, b: Codes, p: int, q: int) -> Levels:
    codes = table.columns[comparison.column].codes
    return agreement.opened(codes[p], codes[q], a, b)


@dataclass(frozen=True)
class _Asked:
    """Neighbouring levels with one test on one column, asked of pairs.

    Attributes:
        levels: the levels; `first` is the number of the first one.
        name: the column that the test looks at.
        places: the places in lists, of the one side and the other.
    """

    levels: list[Level]
    first: int
    comparison: Comparison
    name: str
    table: Table
    places: tuple[int, int]
    pairs: Pairs


def _run(
    comparison: Comparison, table: Table, a: Codes, b: Codes, places: tuple[int, int],
    found: Levels, start: int, stop: int,
) -> None:  # fmt: skip
    """Run the tests of levels start:stop; neighbours with one test on one column are measured once."""
    numbered = list(enumerate(comparison.levels))[start:stop]
    for (test, column), group in groupby(numbered, key=lambda one: (one[1].test, one[1].column)):
        alike = list(group)
        name = column or comparison.column
        left, right = (_place(table, name, place) for place in places)
        pairs = Pairs(found, left, right, a, b)
        levels = [level for _, level in alike]
        _TESTS[test](_Asked(levels, alike[0][0], comparison, name, table, places, pairs))


def _place(table: Table, column: str, place: int) -> Codes:
    codes = table.columns[column].codes
    return np.asarray(codes[min(place, len(codes) - 1)])


def _exact(asked: _Asked) -> None:
    agreement.equal(asked.pairs, asked.first)


def _otherwise(asked: _Asked) -> None:
    agreement.closed(asked.pairs, asked.first)


def _similar(asked: _Asked) -> None:
    bounds = np.array([float(level.at_least or 0) - _SLACK for level in asked.levels])
    texts.similar(asked.pairs, asked.table.texts[asked.name], bounds, asked.first)


def _near(asked: _Asked) -> None:
    texts.near(asked.pairs, asked.table.texts[asked.name], _at_most(asked), asked.first)


def _named(asked: _Asked) -> None:
    grades = np.array([float(NAME_GRADES.index(str(level.grade))) for level in asked.levels])
    names = asked.table.names
    name_loops.named(asked.pairs, names.packed, names.bases[asked.name], grades, asked.first)


def _days(asked: _Asked) -> None:
    agreement.within(asked.pairs, asked.table.dates[asked.name].days, _at_most(asked), asked.first)


def _number(asked: _Asked) -> None:
    agreement.within(asked.pairs, asked.table.numbers[asked.name], _at_most(asked), asked.first)


def _slipped(asked: _Asked) -> None:
    dates.slipped(asked.pairs, asked.table.dates[asked.name].digits, asked.first)


def _digits(asked: _Asked) -> None:
    mask = dates.DIGITS[asked.levels[0].test]
    dates.same_digits(asked.pairs, asked.table.dates[asked.name].digits, mask, asked.first)


def _crossed(asked: _Asked) -> None:
    own = asked.comparison.column
    here = (_place(asked.table, own, asked.places[0]), _place(asked.table, own, asked.places[1]))
    known = asked.table.code_elsewhere(asked.name, own)
    agreement.crossed(asked.pairs, here, known, asked.first)


def _at_most(asked: _Asked) -> npt.NDArray[np.float64]:
    return np.array([float(level.at_most or 0) + _SLACK for level in asked.levels])


_TESTS: Final = {
    "exact": _exact, "jaro_winkler": _similar, "edits": _near, "crossed": _crossed, "date_slip": _slipped,
    "days": _days, "same_month": _digits, "same_year": _digits, "month_and_day": _digits,
    "number": _number, "name": _named, "otherwise": _otherwise,
}  # fmt: skip
