"""What changed between two versions of a contract, and for whom it breaks something.

A change breaks something for the **sender** when a delivery that was good yesterday would be refused or lose
values tomorrow; for the **readers** when a query or a stored key of theirs would stop working or mean something
else. Whatever differs is listed; what no rule knows counts as breaking for both until somebody decides. The order
of columns is no promise and no change.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from pipelines.contract.load import CONTRACTS, _parse, load_aliases, load_contracts
from pipelines.contract.model import Column, Contract
from pipelines.errors import ContractError, Fault, UsageError

Party = Literal["sender", "readers"]
Parties = tuple[Party, ...]
Aliases = Mapping[str, Sequence[str]]
NOBODY: Final[Parties] = ()
SENDER: Final[Parties] = ("sender",)
READERS: Final[Parties] = ("readers",)
BOTH: Final[Parties] = ("sender", "readers")
ABSENT: Final = "nothing"
RARITY: Final = ("daily", "monthly", "termly")
"""Cadences, the most frequent first."""


@dataclass(frozen=True)
class Change:
    """One difference: in which feed, where in its contract, what, and whom it breaks something for."""

    feed: str
    place: str
    told: str
    breaks: Parties = NOBODY


@dataclass(frozen=True)
class _Edit:
    """A value of the contract that differs; `ABSENT` stands for one that is not there."""

    place: str
    was: Any
    now: Any
    column: Column | None
    is_published: bool
    aliases: Aliases


def diff_paths(old: Path, new: Path) -> list[Change]:
    """Changes from one contract file to another, or from one folder of contracts to another.

    Raises:
        ContractError: one side is no sound contract.
        UsageError: one is a file and the other a folder, or one does not exist.
    """
    if old.is_dir() != new.is_dir() or not (old.exists() and new.exists()):
        raise UsageError("compare two contract files, or two folders of contracts")
    if old.is_dir():
        return diff_feeds(load_contracts(_inside(old)), load_contracts(_inside(new)))
    return diff_contracts(_read(old), _read(new))


def _inside(folder: Path) -> Path:
    return folder / "contracts" if (folder / "contracts").is_dir() else folder


def _read(path: Path) -> Contract:
    faults: list[Fault] = []
    contract = _parse(path, path.name, faults)
    if contract is None:
        raise ContractError(faults)
    return contract


def diff_feeds(old: Mapping[str, Contract], new: Mapping[str, Contract]) -> list[Change]:
    """Changes of all feeds, in the order of their names."""
    changes: list[Change] = []
    for feed in sorted(old.keys() | new.keys()):
        if feed not in new:
            breaks = BOTH if old[feed].publishes else SENDER
            changes.append(
                Change(feed, "feed", "contract removed: its deliveries are no longer taken", breaks)
            )
        elif feed not in old:
            changes.append(Change(feed, "feed", "contract added"))
        else:
            changes += diff_contracts(old[feed], new[feed])
    return changes


def diff_contracts(old: Contract, new: Contract, aliases: Aliases | None = None) -> list[Change]:
    """Changes from one version of a feed's contract to the next, in the order of the contract."""
    known = load_aliases(CONTRACTS) if aliases is None else aliases
    changes = [*_columns_that_went(old, new), *_columns_that_came(old, new)]
    settled = tuple(change.place for change in changes)
    if (old.publishes is None) != (new.publishes is None):
        gone = new.publishes is None
        told = "published table removed" if gone else "published table added"
        changes.append(Change(new.feed, "publishes", told, READERS if gone else NOBODY))
        settled += ("publishes",)
    was, now = dict(said_places(old)), dict(said_places(new))
    for place in dict.fromkeys([*was, *now]):
        if was.get(place, ABSENT) != now.get(place, ABSENT) and not _is_within(place, settled):
            edit = _edit(old, new, place, (was.get(place, ABSENT), now.get(place, ABSENT)), known)
            changes.append(Change(new.feed, place, _told(edit), _judge(edit)))
    return changes


def _is_within(place: str, settled: tuple[str, ...]) -> bool:
    return any(place == whole or place.startswith(f"{whole}.") for whole in settled)


def _columns_that_went(old: Contract, new: Contract) -> Iterator[Change]:
    kept = {column.name for column in new.columns}
    for column in old.columns:
        if column.name not in kept:
            seen = column.name in _seen_by_readers(old)
            told = f"{'published ' if seen else ''}column removed ({column.source})"
            yield Change(new.feed, f"columns.{column.name}", told, READERS if seen else NOBODY)


def _columns_that_came(old: Contract, new: Contract) -> Iterator[Change]:
    known, sent = {column.name for column in old.columns}, {column.source for column in old.columns}
    for column in new.columns:
        if column.name not in known:
            asked = _is_asked_for(new, column)
            told = f"{'required' if asked else 'optional'} column added ({column.source})"
            breaks = SENDER if asked and column.source not in sent else NOBODY
            yield Change(new.feed, f"columns.{column.name}", told, breaks)


def _is_asked_for(contract: Contract, column: Column) -> bool:
    """Without it a delivery is refused: marked as required, or a part of a key."""
    return column.required or any(column.source in parts for parts in contract.key)


def _seen_by_readers(contract: Contract) -> set[str]:
    published = contract.publishes.columns if contract.publishes else ()
    return {*published, *contract.attributes}


def said_places(contract: Contract) -> Iterator[tuple[str, Any]]:
    """(place, value) of everything the contract says; columns by their standard names, lists as members."""
    said = contract.model_dump()
    said["columns"] = {
        column.name: column.model_dump(exclude={"name"}) | {"required": _is_asked_for(contract, column)}
        for column in contract.columns
    }
    for listed in ("columns", "readers"):
        if contract.publishes:
            said["publishes"][listed] = dict.fromkeys(said["publishes"][listed], "listed")
    yield from _leaves("", said)


def _leaves(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and not place.endswith((".only_when", "person_unless")):
        for name, inner in value.items():
            yield from _leaves(f"{place}.{name}" if place else name, inner)
    elif value is not None:
        yield place, value


def _edit(old: Contract, new: Contract, place: str, values: tuple[Any, Any], aliases: Aliases) -> _Edit:
    name = place.split(".")[1] if place.startswith("columns.") else ""
    column = next((c for c in new.columns if c.name == name), None)
    seen = name in _seen_by_readers(old) & _seen_by_readers(new)
    return _Edit(place, *values, column, seen, aliases)


def _told(edit: _Edit) -> str:
    if edit.was is ABSENT:
        return f"now {_shown(edit.now)}"
    return f"was {_shown(edit.was)}" + (", no longer" if edit.now is ABSENT else f", now {_shown(edit.now)}")


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return "; ".join(" ".join(part) if isinstance(part, tuple) else str(part) for part in value)
    return str(value)


def _judge(edit: _Edit) -> Parties:
    return next((judge(edit) for pattern, judge in RULES if re.fullmatch(pattern, edit.place)), BOTH)


def _always(parties: Parties) -> Callable[[_Edit], Parties]:
    return lambda _: parties


def _when_gone(parties: Parties) -> Callable[[_Edit], Parties]:
    return lambda edit: parties if edit.now is ABSENT else NOBODY


def _lookup(edit: _Edit) -> Parties:
    """A repair more is harmless; one that changed or went leaves values unread that were read."""
    return NOBODY if edit.was is ABSENT else SENDER


def _header(edit: _Edit) -> Parties:
    """The old header must go on being an alias, or its values are lost."""
    known = edit.aliases.get(edit.column.name, ()) if edit.column else ()
    return NOBODY if edit.was in known else SENDER


def _meaning(edit: _Edit) -> Parties:
    return BOTH if edit.is_published else SENDER


def _cadence(edit: _Edit) -> Parties:
    return SENDER if RARITY.index(edit.now) < RARITY.index(edit.was) else NOBODY


def _stricter(edit: _Edit) -> Parties:
    return NOBODY if edit.was is not ABSENT and edit.now is not ABSENT and edit.now >= edit.was else SENDER


def _severer(edit: _Edit) -> Parties:
    return SENDER if edit.now == "refuse" else NOBODY


RULES: Final[tuple[tuple[str, Callable[[_Edit], Parties]], ...]] = (
    (r"(.+\.)?title(\..+)?|legal_basis\..+|purpose(\..+)?|owner\.(zh|en)", _always(NOBODY)),
    (
        r"authority|retention_years|attributes\..+|person_unless|once_each|keeps_apart|active_on",
        _always(NOBODY),
    ),
    (r"owner\.department", _always(READERS)),
    (r"feed|key", _always(BOTH)),
    (r"cadence", _cadence),
    (r"delivery\..+", _always(SENDER)),
    (r"thresholds\..+", _stricter),
    (r"schema_drift\..+", _severer),
    (r"columns\.\w+\.source", _header),
    (r"columns\.\w+\.required", lambda edit: SENDER if edit.now is True else NOBODY),
    (r"columns\.\w+\.(type|list)", _meaning),
    (r"columns\.\w+\.lookup\..+", _lookup),
    (r"columns\.\w+\.(only_when|else_from|may_be_future|sensitivity)", _always(NOBODY)),
    (r"publishes\.(columns|readers)\..+", _when_gone(READERS)),
    (r"publishes\.(table|valid\..+)", _always(READERS)),
)
"""By place, the first that matches: whom a difference there breaks something for."""
