"""How often each kind of dirt befalls: the usual rates, none at all, or another file's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipelines.synthetic.declarations import declaration

Shares = Mapping[str, float]


@dataclass(frozen=True)
class Rates:
    """Shares of 0 to 1, by kind.

    Attributes:
        groups: kinds that befall a value, for each group of columns; a group sums to less than 1.
        lines: kinds that befall a whole line.
        headers: kinds that befall the header of a delivery.
        people: what offices get wrong about people: numbers given twice, people entered twice, the dead.
        mended_after_days: mean time until a value is mended, from the first delivery on.
    """

    groups: Mapping[str, Shares]
    lines: Shares
    headers: Shares
    people: Shares
    mended_after_days: float

    def at_least(self, share: float) -> Rates:
        """The same kinds, none of values and lines rarer than `share`: for counties with a bit of everything."""
        groups = {name: _raised(shares, share) for name, shares in self.groups.items()}
        return replace(self, groups=groups, lines=_raised(self.lines, share))


def _raised(shares: Shares, share: float) -> Shares:
    return {kind: max(rate, share) for kind, rate in shares.items()}


@cache
def usual() -> Rates:
    """The rates of rates.yml."""
    return _rates(declaration("rates"))


@cache
def clean() -> Rates:
    """No dirt at all: whatever is told of such a county is a false alarm."""
    rates = usual()
    groups = {name: dict.fromkeys(shares, 0.0) for name, shares in rates.groups.items()}
    lines, headers, people = (
        dict.fromkeys(shares, 0.0) for shares in (rates.lines, rates.headers, rates.people)
    )
    return Rates(groups, lines, headers, people, rates.mended_after_days)


def read_rates(path: Path) -> Rates:
    """Rates from a file like rates.yml; a part, group of columns or kind of line that it leaves out stays as usual.

    Raises:
        ValueError: the file is no such mapping, names what does not exist, or a rate is not a share.
    """
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    base = declaration("rates")
    if not isinstance(told, dict) or not told.keys() <= base.keys():
        message = f"{path.name}: rates have the parts {', '.join(base)}"
        raise ValueError(message)
    rates = _rates({part: _merged(base[part], told.get(part)) for part in base})
    _check(rates, path.name)
    return rates


def _merged(base: Any, told: Any) -> Any:
    if told is None:
        return base
    return {**base, **told} if isinstance(base, dict) else told


def _check(rates: Rates, name: str) -> None:
    """Every kind is known, every rate a share, and a group leaves some values clean."""
    standard = usual()
    known = {kind for shares in standard.groups.values() for kind in shares}
    parts = [(known, shares) for shares in rates.groups.values()]
    parts += [
        (set(ours), theirs)
        for ours, theirs in (
            (standard.lines, rates.lines),
            (standard.headers, rates.headers),
            (standard.people, rates.people),
        )
    ]
    for kinds, shares in parts:
        if set(shares) - kinds or not all(0 <= rate <= 1 for rate in shares.values()):
            message = f"{name}: rates of a kind that is not known, or not from 0 to 1"
            raise ValueError(message)
    if any(sum(shares.values()) >= 1 for shares in rates.groups.values()):
        message = f"{name}: the rates of a group sum to 1 or more"
        raise ValueError(message)


def _rates(declared: Mapping[str, Any]) -> Rates:
    return Rates(
        groups=declared["groups"],
        lines=declared["lines"],
        headers=declared["headers"],
        people=declared["people"],
        mended_after_days=declared["mended_after_days"],
    )
