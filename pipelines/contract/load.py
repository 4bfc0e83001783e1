"""Reading contracts: every fault of every file is found before the first error is raised."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from pipelines.contract.model import (
    FEED_NAME,
    PERSON_ATTRIBUTES,
    RESERVED,
    Bilingual,
    Column,
    Contract,
)
from pipelines.errors import ContractError, Fault

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = ROOT / "contracts"


def load_contracts(folder: Path = CONTRACTS) -> dict[str, Contract]:
    """All contracts below `folder` by feed, in the order of their names.

    Raises:
        ContractError: with every fault of every file.
    """
    return dict(_load(folder.resolve()))


@lru_cache(maxsize=8)
def _load(folder: Path) -> tuple[tuple[str, Contract], ...]:
    faults: list[Fault] = []
    contracts: list[Contract] = []
    for path in sorted(folder.glob("[!_]*/*.yml")):
        name = str(path.relative_to(folder.parent))
        contract = _parse(path, name, faults)
        if contract is not None:
            faults.extend(_disagreements(contract, folder, path, name))
            contracts.append(contract)
    faults.extend(_collisions(contracts))
    if faults:
        raise ContractError(faults)
    return tuple((contract.feed, contract) for contract in contracts)


def _parse(path: Path, name: str, faults: list[Fault]) -> Contract | None:
    try:
        declared: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Contract.model_validate(declared)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        faults.append(Fault(name, f"line {mark.line + 1}" if mark else "file", "is not YAML"))
    except ValidationError as error:
        faults.extend(
            Fault(name, ".".join(str(part) for part in fault["loc"]) or "file", fault["msg"])
            for fault in error.errors()
        )
    return None


def _disagreements(contract: Contract, folder: Path, path: Path, name: str) -> Iterator[Fault]:
    """What the model cannot see: whether the parts of one contract fit each other."""
    stem = f"{path.parent.name}/{path.stem}"
    if contract.feed != stem or not FEED_NAME.match(contract.feed):
        yield Fault(name, "feed", f"is {contract.feed!r}, the file says {stem!r}")
    sources = [column.source for column in contract.columns]
    names = [column.name for column in contract.columns]
    yield from _doubled(name, "columns.source", sources)
    yield from _doubled(name, "columns.name", names)
    for parts in contract.key:
        yield from _unknown(name, "key", parts, sources)
    for column in contract.columns:
        place = f"columns.{column.source}"
        if column.list and not reference(folder, f"codes/{column.list}.yml").exists():
            yield Fault(name, place, f"there is no code list {column.list!r}")
        if column.only_when:
            yield from _unknown(name, f"{place}.only_when", (column.only_when.column,), sources)
        if column.else_from:
            yield from _unknown(name, f"{place}.else_from", (column.else_from,), names)
    if contract.person_unless:
        yield from _unknown(name, "person_unless", (contract.person_unless.column,), sources)
    yield from _unknown(name, "attributes", tuple(contract.attributes), list(PERSON_ATTRIBUTES))
    yield from _unknown(name, "attributes", tuple(contract.attributes), names)
    yield from _undated(contract, name)
    yield from _unpublishable(contract, name, names)


def _undated(contract: Contract, name: str) -> Iterator[Fault]:
    if contract.active_on is not None:
        dated = [column.name for column in contract.columns if column.type in ("date", "month")]
        yield from _unknown(name, "active_on", (contract.active_on,), dated)


def _unpublishable(contract: Contract, name: str, names: list[str]) -> Iterator[Fault]:
    if contract.publishes is None:
        return
    published = contract.publishes
    yield from _unknown(name, "publishes.columns", published.columns, names)
    dates = tuple(d for d in (published.valid.since, published.valid.until) if d is not None)
    yield from _unknown(name, "publishes.valid", dates, list(published.columns))
    for column in (contract.column(date) for date in dates if date in names):
        if column.type not in ("date", "month", "timestamp"):
            yield Fault(name, "publishes.valid", f"{column.name!r} is no date, month or timestamp")
    for taken in sorted({*published.columns} & RESERVED):
        yield Fault(name, "publishes.columns", f"{taken!r} is a column that popbase adds to shared tables")
    if published.table == "person":
        yield Fault(name, "publishes.table", "`person` is the golden table of all feeds")


def _doubled(name: str, place: str, values: list[str]) -> Iterator[Fault]:
    for value in sorted({value for value in values if values.count(value) > 1}):
        yield Fault(name, place, f"{value!r} occurs twice")


def _unknown(name: str, place: str, wanted: tuple[str, ...], known: list[str]) -> Iterator[Fault]:
    for value in wanted:
        if value not in known:
            yield Fault(name, place, f"{value!r} is not a column here")


def _collisions(contracts: list[Contract]) -> Iterator[Fault]:
    tables = [contract.publishes.table for contract in contracts if contract.publishes]
    yield from _doubled("contracts", "publishes.table", tables)


def reference(folder: Path, name: str) -> Path:
    """A file of `<folder>/_reference`; the shipped one where an operator's declarations have none of that name."""
    own = folder / "_reference" / name
    return own if own.exists() else CONTRACTS / "_reference" / name


@lru_cache(maxsize=8)
def load_aliases(folder: Path = CONTRACTS) -> dict[str, tuple[str, ...]]:
    """Headers that stand for a standard column in any feed, by standard name."""
    text = reference(folder, "aliases.yml").read_text(encoding="utf-8")
    return {name: tuple(headers) for name, headers in yaml.safe_load(text).items()}


def title_of(column: Column) -> Bilingual:
    """What readers call a column: its own title, else the shared one of its standard name."""
    return column.title or shared_title(column.name, column.source)


def shared_title(name: str, source: str | None = None) -> Bilingual:
    """What readers call a standard column; one that nobody named is called by its source and its words."""
    words = name.removesuffix("_code").replace("_", " ")
    return _column_titles(CONTRACTS).get(name) or Bilingual(zh=source or name, en=words)


@lru_cache(maxsize=8)
def _column_titles(folder: Path) -> dict[str, Bilingual]:
    path = folder / "_reference" / "columns.yml"
    if not path.is_file():
        return {}
    declared = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {name: Bilingual.model_validate(title) for name, title in declared.items()}
