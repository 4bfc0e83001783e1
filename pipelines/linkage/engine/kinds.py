"""Ready-made levels: `kind: latin_name` in place of a list of levels."""

from __future__ import annotations

from typing import Any, Final

Levels = list[dict[str, Any]]

_SAME: Final = {"name": "same", "test": "exact", "term_frequency": True}
_GRADED: Final = ("same", "variant", "tone", "sound", "near", "fits")
_DOUBTFUL: Final = ("one_other", "given", "surname")


def _like(*bounds: float) -> Levels:
    names = ("close", "near", "like")
    return [
        {"name": name, "test": "jaro_winkler", "at_least": bound}
        for name, bound in zip(names, bounds, strict=False)
    ]


def _chinese_name() -> Levels:
    return [
        *({"name": one, "test": "name", "grade": one, "term_frequency": True} for one in _GRADED),
        {"name": "swapped", "test": "name", "grade": "swapped"},
        *({"name": one, "test": "name", "grade": one, "is_doubtful": True} for one in _DOUBTFUL),
        {"name": "other", "test": "otherwise", "is_doubtful": True},
    ]


KINDS: Final[dict[str, Levels]] = {
    "category": [{"name": "same", "test": "exact"}],
    "exact": [_SAME],
    "code": [_SAME, {"name": "slip", "test": "edits", "at_most": 1}],
    "latin_name": [_SAME, *_like(0.92, 0.88, 0.7)],
    "chinese_name": _chinese_name(),
    "text": [_SAME, *_like(0.95, 0.88)],
    "date": [
        {"name": "same", "test": "exact"},
        {"name": "slip", "test": "date_slip"},
        {"name": "month", "test": "days", "at_most": 31},
        {"name": "day", "test": "month_and_day"},
        {"name": "year", "test": "same_year"},
    ],
}
"""By kind the levels, the best first."""
