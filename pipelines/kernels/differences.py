"""What two declarations say differently, place by place."""

from __future__ import annotations

from typing import Any


def differences(before: Any, after: Any) -> list[tuple[str, Any, Any]]:
    """(place, before, after), sorted by place, of nested mappings; None where one of them says nothing.

    A list of lists is taken for a set: each of its members is a place of its own, `blocking.name+birth`, that is true where
    it stands.
    """
    one, other = _flat("", before), _flat("", after)
    places = sorted(place for place in one.keys() | other.keys() if one.get(place) != other.get(place))
    return [(place, one.get(place), other.get(place)) for place in places]


def _flat(place: str, value: Any) -> dict[str, Any]:
    if isinstance(value, list) and value and all(isinstance(one, list) for one in value):
        value = {"+".join(map(str, one)): True for one in value}
    if not isinstance(value, dict):
        return {place: value}
    flat: dict[str, Any] = {}
    for name, part in value.items():
        flat |= _flat(f"{place}.{name}" if place else str(name), part)
    return flat
