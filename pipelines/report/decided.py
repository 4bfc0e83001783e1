"""What a publication is based on otherwise than the one before it: policies, contracts, suites, code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pipelines.kernels.differences import differences
from pipelines.report.model import Decided
from pipelines.report.queries import Row

_SHOWN: Final = 12  # hexadecimal digits of a hash
_LINKAGE: Final = "linkage"


def decided_of(run: Row | None) -> tuple[Decided, ...]:
    """In a fixed order; nothing where there was no publication before."""
    if run is None or not run["base_inputs"]:
        return ()
    return tuple(_changed(run, run["base_inputs"], run["inputs"]))


def _changed(run: Row, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Decided]:
    settings = differences(run["base_linkage"] or {}, run["linkage"] or {}) if run["base_linkage"] else []
    yield from (Decided("policy", f"{_LINKAGE}: {place}", _told(a), _told(b)) for place, a, b in settings)
    for name, a, b in differences(before.get("policies") or {}, after.get("policies") or {}):
        if name != _LINKAGE or not settings:
            yield Decided("policy", name, _short(a), _short(b))
    then, now = _judged_by(before), _judged_by(after)
    for place, kind in enumerate(("contract", "suite")):
        sides = ({feed: pair[place] for feed, pair in side.items()} for side in (then, now))
        yield from (Decided(kind, feed, _short(a), _short(b)) for feed, a, b in differences(*sides))
    for _, a, b in differences(before.get("version"), after.get("version")):
        yield Decided("code", "popbase", _told(a), _told(b))


def _judged_by(inputs: Mapping[str, Any]) -> dict[str, list[str | None]]:
    """Contract and suite of the newest delivery of each feed."""
    judged = inputs.get("judged_by") or {}
    return {
        feed: judged.get(batches[-1], [None, None])
        for feed, batches in (inputs.get("feeds") or {}).items()
        if batches
    }


def _told(value: Any) -> str | None:
    return None if value is None else "✓" if value is True else str(value)


def _short(value: Any) -> str | None:
    return None if value is None else str(value)[:_SHOWN]
