"""What the declarations that are there already say: headers that have a meaning, offices, names that are taken."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml
from pydantic import ValidationError

from pipelines.contract.load import CONTRACTS, load_aliases
from pipelines.contract.model import Column, Contract, Owner

_RULE_ID: Final = re.compile(r"\bPB-([A-Z]{3})-\d{3}\b")


@dataclass(frozen=True)
class Known:
    """Knowledge of a newcomer's neighbours.

    Attributes:
        by_header: how a header is declared elsewhere; aliases first, then the commonest declaration.
        by_name: how a standard name is declared elsewhere.
        owners: the owner of a department's other feeds.
        tables: names of published tables that are taken.
        prefixes: letters of rule ids that are taken.
    """

    by_header: dict[str, Column]
    by_name: dict[str, Column]
    owners: dict[str, Owner]
    tables: frozenset[str]
    prefixes: frozenset[str]


def look_around(declarations: Path) -> Known:
    """Read what is declared; files that are not sound say nothing, a missing folder is an empty one.

    Headers are also looked up in the contracts that popbase ships.
    """
    contracts = _sound_contracts(declarations / "contracts")
    columns = [c for contract in contracts or _sound_contracts(CONTRACTS) for c in contract.columns]
    by_name = _commonest((column.name, column) for column in columns)
    aliases = [
        (alias, by_name[n]) for n, listed in load_aliases().items() for alias in listed if n in by_name
    ]
    return Known(
        by_header=_commonest((column.source, column) for column in columns) | dict(aliases),
        by_name=by_name,
        owners={contract.owner.department: contract.owner for contract in contracts},
        tables=frozenset(contract.publishes.table for contract in contracts if contract.publishes),
        prefixes=frozenset(_prefixes(declarations / "expectations")),
    )


def _sound_contracts(folder: Path) -> list[Contract]:
    contracts = []
    for path in sorted(folder.glob("[!_]*/*.yml")):
        try:
            contracts.append(Contract.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))))
        except (yaml.YAMLError, ValidationError, UnicodeDecodeError):
            continue  # `popbase contracts check` tells its faults
    return contracts


def _commonest(declared: Iterable[tuple[str, Column]]) -> dict[str, Column]:
    """For each key the name, type and list that most columns give it; the first of equals."""
    counts: dict[str, Counter[tuple[str, str, str | None]]] = {}
    for key, column in declared:
        counts.setdefault(key, Counter())[column.name, column.type, column.list] += 1
    return {key: _column(key, count.most_common(1)[0][0]) for key, count in counts.items()}


def _column(source: str, told: tuple[str, str, str | None]) -> Column:
    name, kind, listed = told
    return Column.model_validate({"source": source, "name": name, "type": kind, "list": listed})


def _prefixes(folder: Path) -> set[str]:
    texts = (path.read_text(encoding="utf-8") for path in folder.glob("*/*.yml"))
    return {prefix for text in texts for prefix in _RULE_ID.findall(text)}
