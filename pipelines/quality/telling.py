"""What a department is told of a row that breaks a rule: which of its own columns, what is wrong, what is expected."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import yaml

from pipelines.kernels.audited import JOINED

if TYPE_CHECKING:
    from pipelines.contract.model import Column, Contract
    from pipelines.quality.suite import Rule, Suite

Language = Literal["zh", "en"]
_WORDS: Final = Path(__file__).with_name("telling.yml")
_MAX_VALUES: Final = 20


@cache
def _words() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(_WORDS.read_text(encoding="utf-8"))
    return read


def told_columns(suite: Suite, contract: Contract) -> dict[str, str | None]:
    """Rule id -> the columns it judges, as the department calls them, joined; None when its rows are no findings.

    Derived columns stand for those they are computed from. A rule that names no delivered column is about the whole
    row: an empty text.
    """
    return {
        rule.id: JOINED.join(_sources(suite, contract, rule.columns)) if rule.finding else None
        for rule in suite.rules
    }


def told_attributes(suite: Suite) -> dict[str, tuple[str, ...]]:
    """Rule id of a published table's suite -> the table's own columns that it judges; rules whose rows are findings."""
    return {
        rule.id: tuple(sorted({own for name in rule.columns for own in _own(suite, name)}))
        for rule in suite.rules
        if rule.finding
    }


def _own(suite: Suite, name: str) -> Iterator[str]:
    how = suite.derived.get(name)
    if how is None:
        yield name
    else:
        for source in how.sources:
            yield from _own(suite, source)


def sentences(suite: Suite, columns: Collection[str]) -> list[dict[str, str]]:
    """For each rule: code, zh, en (what is wrong), expected_zh, expected_en (how it should be).

    `columns` are those of the feed, or of the published table; what a suite derives is none of them.
    """
    return [
        {
            "code": rule.id,
            "zh": _words()["breaks"]["zh"].format(said=rule.zh),
            "en": _words()["breaks"]["en"].format(said=rule.en),
            "expected_zh": _expected(rule, columns, "zh"),
            "expected_en": _expected(rule, columns, "en"),
        }
        for rule in suite.rules
    ]


def _sources(suite: Suite, contract: Contract, names: tuple[str, ...]) -> list[str]:
    """Source columns behind these names, in the contract's order."""
    behind = {column.source for name in names for column in _behind(suite, contract, name)}
    return [column.source for column in contract.columns if column.source in behind]


def _behind(suite: Suite, contract: Contract, name: str) -> Iterator[Column]:
    how = suite.derived.get(name)
    if how is not None:
        for source in sorted(how.sources):
            yield from _behind(suite, contract, source)
        return
    named = (column for column in contract.columns if name in (column.name, *_parts(column, name)))
    found = max(named, key=lambda column: len(column.name), default=None)
    if found is not None:
        yield found


def _parts(column: Column, name: str) -> tuple[str, ...]:
    """The name itself where it is one of the columns that standardising makes of this one."""
    return (name,) if name.startswith(f"{column.name}_") else ()


def _expected(rule: Rule, columns: Collection[str], language: Language) -> str:
    """The form a value should have; where it cannot be said shortly, the rule's own sentence."""
    sentence = rule.zh if language == "zh" else rule.en
    say = _FORMS.get(rule.expectation)
    if not rule.columns or rule.columns[0] not in columns:
        return sentence
    told = say(rule.kwargs, language) if say else None
    return told or sentence


def _form(name: str, language: Language, **places: str) -> str:
    return str(_words()["forms"][name][language]).format(**places)


def _set(kwargs: dict[str, Any], language: Language) -> str | None:
    values = kwargs.get("value_set")
    if not isinstance(values, list) or not 0 < len(values) <= _MAX_VALUES:
        return None
    return _form("set", language, values=str(_words()["or"][language]).join(map(str, values)))


def _between(kwargs: dict[str, Any], language: Language) -> str | None:
    low, high = (_bound(kwargs.get(name), language) for name in ("min_value", "max_value"))
    if low and high:
        return _form("within", language, low=low, high=high)
    if low:
        return _form("least", language, low=low)
    return _form("most", language, high=high) if high else None


def _lengths(kwargs: dict[str, Any], language: Language) -> str | None:
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    if low is None or high is None:
        return None
    return _form("length", language, low=str(low), high=str(high))


def _bound(value: object, language: Language) -> str:
    if isinstance(value, dict):
        return str(_words()["today"][language]) if "today" in value.values() else ""
    return "" if value is None else str(value)


_FORMS: Final[dict[str, Callable[[dict[str, Any], Language], str | None]]] = {
    "expect_column_values_to_not_be_null": lambda _k, language: _form("given", language),
    "expect_column_values_to_be_null": lambda _k, language: _form("blank", language),
    "expect_column_values_to_be_unique": lambda _k, language: _form("unique", language),
    "expect_column_values_to_be_in_set": _set,
    "expect_column_values_to_be_between": _between,
    "expect_column_value_lengths_to_be_between": _lengths,
    "expect_column_value_lengths_to_equal": lambda k, language: _form(
        "exact", language, value=str(k["value"])
    ),
}
