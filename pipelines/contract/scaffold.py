"""A first contract and its suites for a new feed, sound from the start and open to a person's pen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path
from string import ascii_uppercase
from tempfile import TemporaryDirectory
from typing import Any, Final

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.contract.code_lists import CODE_LISTS, load_code_list
from pipelines.contract.known import Known
from pipelines.contract.load import load_contracts
from pipelines.contract.model import FEED_NAME, PERSON_ATTRIBUTES, Bilingual, Column, Contract
from pipelines.contract.schema import EDITOR_LINE, FILE_NAME, schema_text
from pipelines.errors import UsageError

TO_DO: Final = Bilingual(zh="（待填写）", en="(to be filled in)")
"""Stands where only the department knows what to say; `popbase contracts check` lists what is left of it."""
RESERVED: Final = ("published", "person")
AUTHORITY: Final = 30
LAST_RANK: Final = 9
_NUMBER: Final = re.compile(r".*(?:H|HM|NO|ID|号|编码)$", re.IGNORECASE)
_TEMPLATES: Final = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Order:
    """What is known of a new feed before its contract is written.

    Attributes:
        feed: `<department>/<feed>`.
        columns: source columns with types and standard names, in the order of the header.
        delivery: the contract's `delivery`.
        key: source columns of the key; empty: guessed.
        title: what the feed is; None: still to be filled in, as with the next two.
        owner: the office that sends it.
        legal_basis: by what law it collects this.
        purpose: what for.
        cadence: daily, monthly or termly.
    """

    feed: str
    columns: tuple[Column, ...]
    delivery: Mapping[str, Any]
    key: tuple[str, ...] = ()
    title: Bilingual | None = None
    owner: Bilingual | None = None
    legal_basis: Bilingual | None = None
    cadence: str = "monthly"
    purpose: Bilingual | None = None


@dataclass(frozen=True)
class Draft:
    """A drafted feed: its contract, and the text of each file by its path below the declarations."""

    contract: Contract
    files: dict[str, str]


def draft(order: Order, known: Known) -> Draft:
    """Write the contract, its suite and, where it publishes, the audit of its table; nothing is stored.

    Raises:
        UsageError: the feed's name is no name, or there are no columns.
        ContractError: what was ordered does not make a sound contract; with every fault.
    """
    _check(order, known)
    text = _rendered("contract.yml.j2", order=order, **_contract_parts(order, known))
    contract = _proven(order.feed, text)
    prefixes = _free_prefixes(order.feed, known.prefixes)
    lists = {c.list: load_code_list(c.list) for c in contract.columns if c.list}
    files = {f"contracts/{order.feed}.yml": text}
    files[f"expectations/{order.feed}.yml"] = _rendered(
        "suite.yml.j2", contract=contract, prefix=next(prefixes), lists=lists, keys=_unique_names(contract)
    )
    if contract.publishes:
        files[f"expectations/published/{contract.publishes.table}.yml"] = _rendered(
            "audit.yml.j2", contract=contract, prefix=next(p for p in prefixes if p.startswith("P"))
        )
    return Draft(contract, files)


def write_files(folder: Path, files: Mapping[str, str]) -> list[Path]:
    """Write all files, or none when one of them is there already.

    Raises:
        UsageError: a file exists.
    """
    refuse_existing(folder / name for name in files)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return [folder / name for name in files]


def refuse_existing(paths: Iterable[Path]) -> None:
    """A scaffold never overwrites.

    Raises:
        UsageError: one of the paths exists.
    """
    there = [str(path) for path in paths if path.exists()]
    if there:
        raise UsageError(f"there already: {', '.join(there)}", hint="nothing was written or changed")


def missing_companions(contract: Contract, folder: Path) -> dict[str, str]:
    """What a contract refers to and a folder of declarations of its own lacks: code lists, the schema; as files."""
    lists = {f"contracts/_reference/codes/{c.list}.yml": f"{c.list}.yml" for c in contract.columns if c.list}
    shipped = {path: (CODE_LISTS / name).read_text(encoding="utf-8") for path, name in lists.items()}
    shipped[f"contracts/{FILE_NAME}"] = schema_text()
    return {path: text for path, text in shipped.items() if not (folder / path).exists()}


def _check(order: Order, known: Known) -> None:
    if not FEED_NAME.match(order.feed) or set(order.feed.split("/")) & set(RESERVED):
        raise UsageError(
            f"{order.feed!r} is no name of a feed", hint="department/feed in lower case, as office/register"
        )
    if not order.columns:
        raise UsageError(
            "a feed without columns", hint='--columns "SFZJHM:citizen_id,XM:person_name" or --from-file'
        )
    unknown = [part for part in order.key if part not in [column.source for column in order.columns]]
    if unknown:
        raise UsageError(f"the key names {', '.join(unknown)}, which is no column")
    for column in order.columns:
        like = known.by_name.get(column.name)
        if column.name in PERSON_ATTRIBUTES and like is not None and like.type != column.type:
            hint = f"{column.source}:{like.type}, or another name after a second colon"
            raise UsageError(f"{column.name} is of type {like.type} everywhere", hint=hint)


def _contract_parts(order: Order, known: Known) -> dict[str, Any]:
    department = order.feed.split("/")[0]
    there = known.owners.get(department)
    owner = order.owner or (Bilingual(zh=there.zh, en=there.en) if there else TO_DO)
    return {
        "editor_line": EDITOR_LINE,
        "title": order.title or TO_DO,
        "owner": {"department": department, "zh": owner.zh, "en": owner.en},
        "legal_basis": order.legal_basis or TO_DO,
        "purpose": order.purpose or TO_DO,
        "authority": AUTHORITY,
        "keys": _keys(order),
        "columns": [_declaration(column) for column in order.columns],
        "attributes": {c.name: LAST_RANK for c in order.columns if c.name in PERSON_ATTRIBUTES},
        "publishes": _published(order, known),
    }


def _declaration(column: Column) -> dict[str, Any]:
    """What of a column is worth a word in its line."""
    said = column.model_dump(mode="json", exclude_defaults=True)
    return {"source": column.source, "name": column.name, "type": column.type, **said}


def _keys(order: Order) -> list[list[str]]:
    """The key ordered; else the first column of numbers of the office's own; else the citizen ID, or what names one."""
    if order.key:
        return [list(order.key)]
    by_name = {column.name: column.source for column in order.columns}
    numbered = [
        c.source for c in order.columns if c.type in ("text", "school_roll") and _NUMBER.match(c.source)
    ]
    if numbered:
        return [numbered[:1]]
    if "citizen_id" not in by_name:
        return [[order.columns[0].source]]
    others = [by_name[name] for name in ("name", "born_on") if name in by_name]
    return [[by_name["citizen_id"]], *([others] if others else [])]


def _unique_names(contract: Contract) -> list[str]:
    """Standard names of a key of the office's own numbers; a citizen ID may be blank or repeat."""
    parts = [column for column in contract.columns if column.source in contract.key[0]]
    return [] if any(column.type == "citizen_id" for column in parts) else [column.name for column in parts]


def _published(order: Order, known: Known) -> dict[str, Any] | None:
    """All columns that are no attribute of the person, where one of them says since when a fact holds."""
    department, feed = order.feed.split("/")
    own = [
        c
        for c in order.columns
        if c.name not in PERSON_ATTRIBUTES and c.type not in ("citizen_id", "person_name")
    ]
    dated = [c.name for kind in ("date", "month", "timestamp") for c in own if c.type == kind]
    if not dated:
        return None
    taken = known.tables | {"person", "publication"}
    table = next(name for name in (feed, f"{department}_{feed}"[:50]) if name not in taken)
    return {"table": table, "columns": [column.name for column in own], "since": dated[0]}


def _free_prefixes(feed: str, taken: frozenset[str]) -> Iterator[str]:
    """Three letters for rule ids: of the feed's name, of its letters in order, then any; the audit's begin with P."""
    letters = re.sub("[^A-Z]", "", feed.split("/")[1].upper())
    near = ["".join(three) for three in combinations(letters, 3)]
    wanted = [
        *near,
        *(f"P{two[:2]}" for two in near),
        *("".join(three) for three in product(ascii_uppercase, repeat=3)),
    ]
    yield from (prefix for prefix in dict.fromkeys(wanted) if prefix not in taken)


def _proven(feed: str, text: str) -> Contract:
    """The contract as it will be read; a fault in it is told before anything is written."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        path = folder / "contracts" / f"{feed}.yml"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
        (folder / "contracts" / "_reference").symlink_to(CODE_LISTS.parent)
        return load_contracts(folder / "contracts")[feed]


def _rendered(template: str, **values: Any) -> str:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True, autoescape=False,  # noqa: S701 - YAML; every value passes the filter below
    )  # fmt: skip
    environment.filters["yaml"] = flow
    return environment.get_template(template).render(**values)


def flow(value: object) -> str:
    """A value in YAML's flow style, on one line."""
    plain = value.model_dump() if isinstance(value, Bilingual) else value
    dumped: str = yaml.safe_dump(
        [plain], default_flow_style=True, allow_unicode=True, sort_keys=False, width=10**9
    )
    return dumped.strip()[1:-1]
