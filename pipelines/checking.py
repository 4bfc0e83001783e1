"""`popbase contracts check`: everything that is declared, read and held against each other; all faults at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import polars as pl

from pipelines.contract.code_lists import load_code_list
from pipelines.contract.load import load_contracts
from pipelines.contract.model import Contract
from pipelines.contract.scaffold import TO_DO
from pipelines.errors import ContractError, Fault
from pipelines.kernels.standard import standardise_columns
from pipelines.linkage.policy import load_linkage
from pipelines.policy import load_release, load_survivorship
from pipelines.quality.derived import ExistsIn, ValueIn
from pipelines.quality.suite import Suite, load_suites
from pipelines.quality.supported import SUPPORTED, columns_in
from pipelines.settings import Settings
from pipelines.store.access import departments
from pipelines.store.golden import golden_tables
from pipelines.store.matrix import check_access, load_access

Read = TypeVar("Read")
POLICIES: Final[dict[str, Callable[[Path], Any]]] = {
    "access": load_access,
    "linkage": load_linkage,
    "release": load_release,
    "survivorship": load_survivorship,
}
AUDITS: Final = "published"
_ADDED: Final = {"row_number", "operation", "record_key", "is_person"}
_KEYS: Final = {"row_key", "person_id"}


@dataclass(frozen=True)
class Checked:
    """What was read, and what is wrong with it.

    Attributes:
        counts: files read without fault, by kind.
        faults: what stops popbase, or a rule from being checked.
        open_places: places that the scaffold left for somebody to fill in.
    """

    counts: dict[str, int]
    faults: tuple[Fault, ...]
    open_places: tuple[Fault, ...]


def check_declarations(settings: Settings) -> Checked:
    """Load contracts, code lists, suites and policies, then look whether they fit each other."""
    faults: list[Fault] = []
    contracts = _read(lambda: load_contracts(settings.contracts), faults)
    suites = _read(lambda: load_suites(settings.expectations), faults)
    lists = sorted((settings.contracts / "_reference" / "codes").glob("*.yml"))
    read = [_read(partial(load_code_list, path.stem, path.parent), faults) for path in lists]
    policies = [_policy(settings.policies / f"{name}.yml", load, faults) for name, load in POLICIES.items()]
    if contracts is not None and suites is not None:
        faults += [*_unpaired(contracts, suites), *_unfit(contracts, suites)]
    if contracts is not None and not faults:
        matrix = load_access(settings.policies / "access.yml")
        _read(lambda: check_access(matrix, golden_tables(contracts), departments(contracts)), faults)
    counts = {
        "contracts": len(contracts or ()),
        "suites": len(suites or ()),
        "code lists": sum(found is not None for found in read),
        "policies": sum(policies),
    }
    return Checked(counts, tuple(faults), (*_open_places(settings), *_undeclared(contracts or {})))


def lint_suites(settings: Settings) -> tuple[int, tuple[Fault, ...]]:
    """The rules there are, and every fault of the suites; Great Expectations itself is asked about arguments.

    Raises:
        ContractError: when the contracts, which suites are held against, cannot be read.
    """
    from pipelines.quality.run import unrunnable  # noqa: PLC0415 - imports Great Expectations, 4 to 12 s

    contracts, faults = load_contracts(settings.contracts), list[Fault]()
    suites = _read(lambda: load_suites(settings.expectations), faults) or {}
    faults += [*_unpaired(contracts, suites), *_unfit(contracts, suites)] if suites else []
    for suite in suites.values():
        file = f"expectations/{suite.suite}.yml"
        faults += [Fault(file, f"rules.{rule}", why) for rule, why in unrunnable(suite).items()]
    return sum(len(suite.rules) for suite in suites.values()), tuple(dict.fromkeys(faults))


def _read(load: Callable[[], Read], faults: list[Fault]) -> Read | None:
    try:
        return load()
    except ContractError as error:
        faults.extend(error.faults)
        return None


def _policy(path: Path, load: Callable[[Path], Any], faults: list[Fault]) -> bool:
    if not path.is_file():
        faults.append(Fault(f"policies/{path.name}", "file", "is missing"))
        return False
    return _read(lambda: load(path), faults) is not None


def _unpaired(contracts: Mapping[str, Contract], suites: Mapping[str, Suite]) -> Iterator[Fault]:
    """Feeds without a suite, tables without an audit, suites of nothing."""
    tables = {f"{AUDITS}/{table.name}" for table in golden_tables(contracts)}
    for name in sorted({*contracts, *tables} - suites.keys()):
        yield Fault(f"expectations/{name}.yml", "file", "is missing")
    for name in sorted(suites.keys() - {*contracts, *tables}):
        yield Fault(f"expectations/{name}.yml", "suite", "there is no such feed or published table")


def _unfit(contracts: Mapping[str, Contract], suites: Mapping[str, Suite]) -> Iterator[Fault]:
    """Rules of a kind that cannot be checked, and rules on columns that there are not."""
    columns = {feed: standard_names(contract) for feed, contract in contracts.items()}
    columns |= {
        f"{AUDITS}/{table.name}": _KEYS | {column.name for column in table.columns}
        for table in golden_tables(contracts)
    }
    for name in sorted(columns.keys() & suites.keys()):
        known = columns[name] | suites[name].derived.keys()
        yield from _underivable(suites[name], known, columns)
        for rule in suites[name].rules:
            file, place = f"expectations/{name}.yml", f"rules.{rule.id}"
            if rule.expectation not in SUPPORTED:
                yield Fault(file, place, f"{rule.expectation} cannot be checked")
            for missing in sorted(columns_in(rule.kwargs) - known):
                yield Fault(file, place, f"there is no column {missing!r}")


def _underivable(suite: Suite, known: set[str], columns: Mapping[str, set[str]]) -> Iterator[Fault]:
    """Derived columns of what is not there, here or in the table they look into."""
    file = f"expectations/{suite.suite}.yml"
    for name, how in suite.derived.items():
        for missing in sorted(how.sources - known):
            yield Fault(file, f"derived.{name}", f"there is no column {missing!r}")
        if isinstance(how, ExistsIn | ValueIn):
            there = columns.get(f"{AUDITS}/{how.table}")
            for missing in sorted(how.asked - there) if there is not None else [how.table]:
                yield Fault(file, f"derived.{name}", f"there is no {missing!r} in published {how.table}")


def standard_names(contract: Contract) -> set[str]:
    """The columns a standardised batch of that contract has, raw ones left out."""
    nothing = pl.DataFrame(schema={"row_number": pl.Int32})
    standard, _ = standardise_columns(nothing, contract, as_of=date(2000, 1, 1))
    return _ADDED | set(standard.columns)


def _undeclared(contracts: Mapping[str, Contract]) -> Iterator[Fault]:
    """What the records of processing would show as missing; a default is nobody's declaration."""
    for feed, contract in contracts.items():
        for key in ("purpose", "retention_years"):
            if key not in contract.model_fields_set:
                yield Fault(f"contracts/{feed}.yml", key, "is not declared")


def _open_places(settings: Settings) -> Iterator[Fault]:
    for folder in (settings.contracts, settings.expectations):
        for path in sorted(folder.glob("[!_]*/*.yml")):
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            open_lines = [str(number) for number, line in enumerate(lines, 1) if TO_DO.zh in line]
            if open_lines:
                name = str(path.relative_to(folder.parent))
                yield Fault(name, f"line {', '.join(open_lines[:9])}", f"{len(open_lines)} still {TO_DO.en}")
