"""`popbase dictionary`: what departments read: tables, columns, where a value comes from, who sees it in which form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from pipelines.contract.load import load_contracts
from pipelines.store.access import departments
from pipelines.store.golden import golden_tables
from pipelines.store.matrix import EVERY, fullest, grants_of, load_access

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipelines.contract.model import Contract
    from pipelines.settings import Settings
    from pipelines.store.golden import GoldenTable
    from pipelines.store.matrix import Access, Grant

Language = Literal["zh", "en"]
WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "title": ("共享数据字典", "Dictionary of the shared data"),
    "column": ("列", "column"),
    "meaning": ("含义", "meaning"),
    "type": ("类型", "type"),
    "sources": ("来源（按优先次序）", "sources, the first rank first"),
    "readers": ("可见部门及形式", "who sees it, in which form"),
    "purposes": ("用途", "Purposes"),
    "every": ("各部门", "every department"),
    "plain": ("原值", "plain"),
    "masked": ("脱敏", "masked"),
    "pseudonym": ("假名", "pseudonym"),
    "some_rows": ("限本辖区", "own divisions only"),
}


def dictionary(settings: Settings) -> list[dict[str, Any]]:
    """Every shared table: name, title, columns (name, title, type, sources, readers), purposes; from declarations alone."""
    contracts = load_contracts(settings.contracts)
    access = load_access(settings.policies / "access.yml")
    return [_table(table, contracts, access) for table in golden_tables(contracts)]


def _table(table: GoldenTable, contracts: Mapping[str, Contract], access: Access) -> dict[str, Any]:
    grants = grants_of(access, table)
    feed = next((c.feed for c in contracts.values() if c.publishes and c.publishes.table == table.name), None)
    columns = [
        {
            "name": column.name,
            "title": column.title.model_dump(),
            "type": column.sql_type,
            "sources": [feed] if feed else _sources(column.name, contracts),
            "readers": list(_readers(column.name, access, grants, departments(contracts))),
        }
        for column in table.columns
    ]
    purposes = [{"to": grant.to, **grant.purpose.model_dump()} for grant in grants]
    return {
        "name": table.name,
        "title": table.title.model_dump(),
        "columns": columns,
        "purposes": purposes,
    }


def _sources(attribute: str, contracts: Mapping[str, Contract]) -> list[str]:
    """Feeds whose word counts for an attribute of a person, by rank."""
    ranked = [(c.attributes[attribute], c.feed) for c in contracts.values() if attribute in c.attributes]
    return [feed for _, feed in sorted(ranked)]


def _readers(
    column: str, access: Access, grants: Sequence[Grant], names: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Who sees the column in its fullest form; what everybody sees is said once."""
    everybody = _fullest(column, access, [grant for grant in grants if grant.to == EVERY])
    if everybody is not None:
        yield everybody | {"to": EVERY}
    for name in names:
        told = _fullest(column, access, [grant for grant in grants if grant.to in (EVERY, name)])
        if told is not None and told != everybody:
            yield told | {"to": name}


def _fullest(column: str, access: Access, grants: Sequence[Grant]) -> dict[str, Any] | None:
    shown = fullest(column, access, grants)
    return {"form": shown[0], "some_rows": shown[1]} if shown else None


def as_markdown(tables: Sequence[Mapping[str, Any]], language: Language) -> str:
    """The dictionary as a page."""
    lines = [f"# {_say('title', language)}"]
    for table in tables:
        lines += ["", f"## shared.{table['name']}: {table['title'][language]}", ""]
        heads = [_say(name, language) for name in ("column", "meaning", "type", "sources", "readers")]
        lines += [_row(heads), _row(["---"] * len(heads))]
        lines += [_row(_cells(column, language)) for column in table["columns"]]
        told = [f"{_to(purpose['to'], language)}: {purpose[language]}" for purpose in table["purposes"]]
        lines += ["", f"{_say('purposes', language)}: {'; '.join(told)}"]
    return "\n".join(lines) + "\n"


def _cells(column: Mapping[str, Any], language: Language) -> list[str]:
    readers = [_reader(one, language) for one in column["readers"]]
    return [
        f"`{column['name']}`",
        column["title"][language],
        column["type"],
        ", ".join(column["sources"]) or "—",
        "; ".join(readers) or "—",
    ]


def _reader(one: Mapping[str, Any], language: Language) -> str:
    limited = f" ({_say('some_rows', language)})" if one["some_rows"] else ""
    return f"{_to(one['to'], language)} {_say(one['form'], language)}{limited}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _to(name: str, language: Language) -> str:
    return _say("every", language) if name == EVERY else name


def _say(word: str, language: Language) -> str:
    return WORDS[word][language == "en"]
