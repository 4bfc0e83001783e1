"""From the header as delivered to the contract's columns: aliases, missing, unknown, reordered, doubled."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipelines.contract.model import Contract
from pipelines.errors import DeliveryRefused

MOST_COLUMNS: Final = 1000
LONGEST_NAME: Final = 100
_TAKEN: Final = "row_number"
_MARK: Final = "\ufeff"


@dataclass(frozen=True)
class Header:
    """How delivered fields are to be named.

    Attributes:
        names: one per delivered field, in its order: the contract's source column, the operation
            column, or the delivered name of an unknown column (`#n` when it has none).
        renamed: {alias as delivered, tidied: source column} of the aliases in use.
        absent: optional source columns that did not come.
        notes: reason codes `PB-HD-…` with the column they speak of.
    """

    names: tuple[str, ...]
    renamed: Mapping[str, str]
    absent: tuple[str, ...]
    notes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Field:
    """One delivered field: as delivered, tidied, the name it gets, and what is to be said of it."""

    delivered: str
    tidied: str
    name: str
    codes: tuple[str, ...] = ()


def read_header(
    delivered: Sequence[str],
    contract: Contract,
    aliases: Mapping[str, Sequence[str]],
    *,
    extra: Sequence[str] = (),
) -> Header:
    """Match a delivered header with the contract; `extra` are columns the mode itself asks for.

    No message names a field that the contract does not know: a file without its header has a
    person's values there.

    Raises:
        DeliveryRefused: PB-HD-012 there are too many columns, PB-HD-005 a name stands twice,
            PB-HD-003 a required column is missing, PB-HD-008 an incremental delivery lacks its
            operation column.
    """
    if len(delivered) > MOST_COLUMNS:
        raise DeliveryRefused("PB-HD-012", columns=len(delivered), most=MOST_COLUMNS)
    agreed = (*(column.source for column in contract.columns), *extra)
    fields = _matched(delivered, contract, aliases, agreed)
    names = tuple(field.name for field in fields)
    absent = _absent(names, contract, extra)
    notes = [(code, field.name) for field in fields for code in field.codes]
    notes += [("PB-HD-004", source) for source in absent]
    notes += _order(names, agreed)
    renamed = {f.tidied: f.name for f in fields if f.name in agreed and f.tidied != f.name}
    return Header(names, renamed, absent, tuple(notes))


def tidy(name: str) -> str:
    """A column name without blanks, line breaks, full-width forms and invisible characters."""
    folded = unicodedata.normalize("NFKC", name[: 2 * LONGEST_NAME])
    seen = (c for c in folded if unicodedata.category(c) not in ("Cc", "Cf", "Cs") and not c.isspace())
    return "".join(seen)[:LONGEST_NAME]


def required_sources(contract: Contract) -> set[str]:
    """Columns without which a delivery cannot be read: parts of its keys, and those marked."""
    keyed = {part for parts in contract.key for part in parts}
    return keyed | {column.source for column in contract.columns if column.required}


def _matched(
    delivered: Sequence[str], contract: Contract, aliases: Mapping[str, Sequence[str]], agreed: Sequence[str]
) -> list[_Field]:
    tidied = [tidy(field) for field in delivered]
    own = {tidy(source): source for source in agreed}
    _refuse_doubled(tidied, own)
    renamed = _renamed(tidied, own, contract, aliases)
    spare = _spare(tidied, own, contract, aliases)
    fields: list[_Field] = []
    for place, (field, name) in enumerate(zip(delivered, tidied, strict=True), 1):
        source = own.get(name) or renamed.get(name)
        codes = tuple(_said(field, name, source, own, spare))
        fields.append(_Field(field, name, source or _free(name, place, fields), codes))
    return fields


def _refuse_doubled(tidied: Sequence[str], own: Mapping[str, str]) -> None:
    doubled = {name for name in tidied if name and tidied.count(name) > 1}
    if doubled:
        known = sorted(own[name] for name in doubled if name in own)
        raise DeliveryRefused("PB-HD-005", columns=" ".join(known), doubled=len(doubled))


def _renamed(
    tidied: Sequence[str],
    own: Mapping[str, str],
    contract: Contract,
    aliases: Mapping[str, Sequence[str]],
) -> dict[str, str]:
    """Aliases in use, as {delivered: source}; a column of the feed itself always wins."""
    renamed: dict[str, str] = {}
    for column in contract.columns:
        if tidy(column.source) in tidied:
            continue
        for alias in map(tidy, aliases.get(column.name, ())):
            if alias in tidied and alias not in own and alias not in renamed:
                renamed[alias] = column.source
                break
    return renamed


def _spare(
    tidied: Sequence[str],
    own: Mapping[str, str],
    contract: Contract,
    aliases: Mapping[str, Sequence[str]],
) -> set[str]:
    """Aliases that came beside the feed's own column."""
    there = (column.name for column in contract.columns if tidy(column.source) in tidied)
    return {alias for name in there for alias in map(tidy, aliases.get(name, ()))} - set(own)


def _said(
    field: str, name: str, source: str | None, own: Mapping[str, str], spare: set[str]
) -> Iterator[str]:
    if name not in own:
        yield "PB-HD-001" if source else "PB-HD-002"
    if source is None and name in spare:
        yield "PB-HD-009"
    if source is not None and field.removeprefix(_MARK) not in (name, source):
        yield "PB-HD-011"


def _free(name: str, place: int, before: Sequence[_Field]) -> str:
    """A name that no other column of the frame has: an unknown column may be called anything."""
    taken = {_TAKEN, *(field.name for field in before)}
    free = name or f"#{place}"
    while free in taken:
        free += f"#{place}"
    return free


def _absent(names: Sequence[str], contract: Contract, extra: Sequence[str]) -> tuple[str, ...]:
    absent = tuple(c.source for c in contract.columns if c.source not in names)
    needed = [source for source in absent if source in required_sources(contract)]
    if needed:
        raise DeliveryRefused("PB-HD-003", columns=" ".join(needed))
    if any(column not in names for column in extra):
        raise DeliveryRefused("PB-HD-008", columns=" ".join(extra))
    return absent


def _order(names: Sequence[str], agreed: Sequence[str]) -> list[tuple[str, str]]:
    in_order = [name for name in names if name in agreed]
    if in_order == [source for source in agreed if source in in_order]:
        return []
    return [("PB-HD-006", "*")]
