"""The pages of feeds and of code lists, made from the contracts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from pipelines.contract.code_lists import CodeList, load_code_list
from pipelines.contract.load import load_contracts, title_of
from pipelines.contract.model import Column, Contract
from pipelines.documenting.markdown import ENDINGS, Language, code, page, table

_WORDS: Final = Path(__file__).with_name("feeds.yml")


@cache
def _declared_words() -> dict[str, Any]:
    words: dict[str, Any] = yaml.safe_load(_WORDS.read_text(encoding="utf-8"))
    return words


@dataclass(frozen=True)
class _Words:
    """The words of the pages in one language."""

    language: Language

    def __call__(self, word: str, **facts: Any) -> str:
        """The text of that word, with its facts filled in."""
        text: str = _declared_words()[word][self.language]
        return text.format(**facts) if facts else text

    def of(self, group: str, word: str) -> str:
        """A word of a group; one that is not there is said as it is."""
        told: str = _declared_words()[group].get(word, {}).get(self.language, word)
        return told

    def columns(self) -> list[str]:
        """The header of a feed's table."""
        listed: list[str] = _declared_words()["columns"][self.language]
        return listed

    def values(self, values: Sequence[str]) -> str:
        """Values as code, with a word for blank."""
        return ", ".join(code(value) or self("blank") for value in values)


def feeds_page(language: Language) -> str:
    """Every shipped contract: who sends it, how, its columns, and what of it is published."""
    words = _Words(language)
    parts = [part for contract in load_contracts().values() for part in _feed(contract, words)]
    return page(words("title"), "contracts/", [words("about"), *parts], language)


def _feed(contract: Contract, words: _Words) -> Iterator[str]:
    yield f"## {contract.feed}: {getattr(contract.title, words.language)}"
    yield table(("", ""), _facts(contract, words))
    yield table(words.columns(), [_column(contract, column, words) for column in contract.columns])


def _facts(contract: Contract, words: _Words) -> Iterator[tuple[str, str]]:
    language = words.language
    yield words("owner"), f"{getattr(contract.owner, language)} ({code(contract.owner.department)})"
    yield words("basis"), getattr(contract.legal_basis, language)
    yield words("cadence"), words.of("cadences", contract.cadence)
    yield words("form"), _form(contract, words)
    yield words("key"), words("key_or").join(code(" + ".join(parts)) for parts in contract.key)
    yield words("waits"), words("waits_told", share=contract.thresholds.removed)
    yield words("kept"), words("kept_told", years=contract.retention_years)
    if contract.person_unless:
        unless = contract.person_unless
        told = words("not_person_told", column=unless.column, values=words.values(unless.values))
        yield words("not_person"), told
    yield words("published"), _published(contract, words)


def _form(contract: Contract, words: _Words) -> str:
    """The form, and whatever else the contract says of how the bytes are read."""
    said = contract.delivery.model_dump(exclude_defaults=True, exclude={"form"})
    if contract.delivery.form == "text":
        said = {"encoding": contract.delivery.encoding, "separator": contract.delivery.separator} | said
    others = [f"{name} {code(str(value))}" for name, value in said.items()]
    return ", ".join([words.of("forms", contract.delivery.form), *others])


def _published(contract: Contract, words: _Words) -> str:
    published = contract.publishes
    if published is None:
        return words("not_published")
    readers = ", ".join(code(name) for name in (contract.owner.department, *published.readers))
    title = getattr(published.title, words.language)
    return words("published_told", table=published.table, title=title, readers=readers)


def _column(contract: Contract, column: Column, words: _Words) -> tuple[str, ...]:
    asked = column.required or any(column.source in parts for parts in contract.key)
    kind = "; ".join([_type(column, words), *_conditions(column, words)])
    shown = ", ".join(_shown(contract, column, words))
    return (
        code(column.source),
        _meaning(column, words),
        code(column.name),
        kind,
        words("needed") if asked else "",
        words.of("sensitivities", column.protection),
        shown,
    )


def _meaning(column: Column, words: _Words) -> str:
    return str(getattr(title_of(column), words.language))


def _type(column: Column, words: _Words) -> str:
    kind = words.of("types", column.type)
    target = f"code-lists{ENDINGS[words.language]}#{column.list}"
    return f"{kind} [{column.list}]({target})" if column.list else kind


def _conditions(column: Column, words: _Words) -> Iterator[str]:
    if column.only_when:
        values = words.values(column.only_when.values)
        yield words("only_when", column=column.only_when.column, values=values)
    if column.else_from:
        yield words("else_from", column=column.else_from)
    if column.may_be_future:
        yield words("future")
    if column.lookup:
        yield words("lookup", pairs=", ".join(f"{code(a)} → {code(b)}" for a, b in column.lookup.items()))


def _shown(contract: Contract, column: Column, words: _Words) -> Iterator[str]:
    if column.name in contract.attributes:
        yield words("person", rank=contract.attributes[column.name])
    if contract.publishes and column.name in contract.publishes.columns:
        yield words("own_table")


def code_lists_page(language: Language) -> str:
    """Every code list that a shipped contract uses."""
    words = _Words(language)
    uses: dict[str, list[str]] = {}
    for contract in load_contracts().values():
        for column in contract.columns:
            if column.list:
                uses.setdefault(column.list, []).append(f"{code(column.source)} ({contract.feed})")
    parts = [part for name in sorted(uses) for part in _list(load_code_list(name), uses[name], words)]
    return page(words("lists_title"), "contracts/_reference/codes/", [words("lists_about"), *parts], language)


def _list(listed: CodeList, uses: list[str], words: _Words) -> Iterator[str]:
    place = 0 if words.language == "zh" else 1
    yield f"## {listed.name}\n{listed.standard}. {words('used_by')}: {', '.join(uses)}."
    labels = [(code(key), label[0], label[1])[: 2 + place] for key, label in listed.codes.items()]
    yield table((words("code"), "名称", "label")[: 2 + place], labels)
    said = {label for both in listed.codes.values() for label in both}
    others = [f"{code(word)} → {code(key)}" for word, key in listed.aliases.items() if word not in said]
    if others:
        yield f"{words('others')}: {', '.join(others)}"
