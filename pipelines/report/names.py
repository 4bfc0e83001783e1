"""What feeds, tables, columns and reasons are called, and what of a delivery may be repeated.

A delivery's own words (folder, unknown headers, refusal facts) are a department's, and could hold
anything. Only what a contract knows, or what is a short number, is repeated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from pipelines.contract.model import Column, Contract
from pipelines.reasons import REASONS
from pipelines.report.basics import Feed, Words
from pipelines.report.texts import all_texts

CODE: Final = re.compile(r"PB-[A-Z]{2,3}-\d{3}")
FOLDER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
LONG_NUMBER: Final = re.compile(r"\d{9,}")
COUNTED_FACTS: Final = (
    "stated", "counted", "rows", "sequence", "newest", "replaces", "removed", "limit",
)  # fmt: skip
SHORT_NUMBER: Final = re.compile(r"\d{1,8}(\.\d{1,6})?%?")
OTHER_COLUMN: Final = all_texts()["attribute.other"]
NO_SENTENCE: Final = Words("—", "—")
Sentences = Mapping[str, Words]
"""Sentences of the rules by their ids: rows are set aside, and deliveries stopped, by rules too."""


def feed_of(name: str, contracts: Mapping[str, Contract]) -> Feed:
    """The feed's title and department; its bare name when no contract knows it."""
    contract = contracts.get(name)
    if contract is None:
        shown = name if re.fullmatch(r"[a-z0-9_/]{1,80}", name) else "?"
        return Feed(shown, Words(shown, shown), all_texts()["department.unknown"])
    title = Words(contract.title.zh, contract.title.en)
    owner = Words(contract.owner.zh, contract.owner.en)
    return Feed(contract.feed, title, owner, contract.cadence)


def table_titles(contracts: Mapping[str, Contract]) -> dict[str, Words]:
    """Titles of the published tables by name."""
    published = [contract.publishes for contract in contracts.values() if contract.publishes]
    titles = {made.table: Words(made.title.zh, made.title.en) for made in published}
    return {"person": all_texts()["table.person"], **titles}


def column_of(name: str, contract: Contract | None) -> Words:
    """The column's title; a stand-in when the contract does not know it."""
    if contract is not None and name == contract.delivery.operation_column:
        return all_texts()["attribute.operation"]
    column = known_column(name, contract)
    if column is None:
        return OTHER_COLUMN
    if column.title is not None:
        return Words(column.title.zh, column.title.en)
    plain = Words(column.source, column.name.replace("_", " "))
    return all_texts().get(f"attribute.{column.name}", plain)


def known_column(name: str, contract: Contract | None) -> Column | None:
    """The contract's column of that standard or source name."""
    bare = name.removeprefix("raw.")
    columns = contract.columns if contract else ()
    return next((c for c in columns if bare in (c.name, c.source)), None)


def sentence_of(code: str, rules: Sentences) -> Words:
    """The sentence of a reason or a rule; a dash for a code nobody wrote one for."""
    reason = REASONS.get(code)
    return Words(reason.zh, reason.en) if reason else rules.get(code, NO_SENTENCE)


def hint_of(code: str) -> Words:
    """What to do about it."""
    reason = REASONS.get(code)
    return Words(reason.hint_zh, reason.hint_en) if reason else NO_SENTENCE


def codes_in(texts: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """The codes at the head of notes, once each; what follows a code is left out."""
    found = (CODE.match(text) for text in texts)
    return tuple(dict.fromkeys(match.group() for match in found if match))


def shown_folder(folder: str) -> str | None:
    """The folder's name if it is a plain, short one without a long number; else None."""
    plain = FOLDER.fullmatch(folder) and not LONG_NUMBER.search(folder)
    return folder if plain else None


def shown_facts(facts: Mapping[str, Any], contract: Contract | None) -> tuple[tuple[str, str], ...]:
    """Counts among a refusal's facts, and its column if the contract knows it."""
    counts = [
        (name, str(facts[name]))
        for name in COUNTED_FACTS
        if name in facts and SHORT_NUMBER.fullmatch(str(facts[name]))
    ]
    column = known_column(str(facts.get("column", "")), contract)
    if column is not None:
        counts.append(("column", column.source))
    return tuple(counts)
