"""Ready-made levels: `kind: latin_name` in place of a list of levels."""

from __future__ import annotations

from typing import Any, Final

Levels = list[dict[str, Any]]

_SAME: Final = {"name": "same", "test": "exact", "term_frequency": True}
_GRADED: Final = ("same", "variant", "tone", "sound", "near", "shape", "fits")
_DOUBTFUL: Final = ("one_other", "given", "surname")
# How often relatives agree: half of them share the surname, brothers and sisters often a generation's
# character, hardly anybody the whole name; of pairs in a family about one in two hundred are twins.
_KIN: Final = {
    "same": 0.001, "variant": 0.0005, "tone": 0.002, "sound": 0.003, "near": 0.004, "shape": 0.001,
    "fits": 0.02,
    "swapped": 0.001, "one_other": 0.1, "given": 0.001, "surname": 0.5, "other": 0.37,
}  # fmt: skip
_TWINS: Final = 0.005


def _like(*bounds: float) -> Levels:
    names = ("close", "near", "like")
    return [
        {"name": name, "test": "jaro_winkler", "at_least": bound}
        for name, bound in zip(names, bounds, strict=False)
    ]


def _chinese_name() -> Levels:
    return [
        *(_graded(one, term_frequency=True) for one in _GRADED),
        _graded("swapped"),
        *(_graded(one, is_doubtful=True) for one in _DOUBTFUL),
        {"name": "other", "test": "otherwise", "kin": _KIN["other"], "is_doubtful": True},
    ]


def _graded(grade: str, **further: bool) -> dict[str, Any]:
    return {"name": grade, "test": "name", "grade": grade, "kin": _KIN[grade]} | further


KINDS: Final[dict[str, Levels]] = {
    "category": [{"name": "same", "test": "exact"}],
    "exact": [_SAME],
    "code": [_SAME, {"name": "slip", "test": "edits", "at_most": 1}],
    "latin_name": [_SAME, *_like(0.92, 0.88, 0.7)],
    "chinese_name": _chinese_name(),
    "text": [_SAME, *_like(0.95, 0.88)],
    "date": [
        {"name": "same", "test": "exact", "kin": _TWINS},
        {"name": "slip", "test": "date_slip"},
        {"name": "month", "test": "days", "at_most": 31},
        {"name": "day", "test": "month_and_day"},
        {"name": "year", "test": "same_year"},
    ],
}
"""By kind the levels, the best first."""
