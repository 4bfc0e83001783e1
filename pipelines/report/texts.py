"""The report's wording, texts.yml, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from pipelines.report.basics import Fact, Language, Words

TEXTS = Path(__file__).with_name("texts.yml")
SITE_TEXTS = Path(__file__).with_name("texts_site.yml")
AUDIT_TEXTS = Path(__file__).with_name("audit_texts.yml")
LINKAGE_TEXTS = Path(__file__).with_name("texts_linkage.yml")
CERTIFICATE_TEXTS = Path(__file__).with_name("texts_certificate.yml")
ALL_TEXTS = (TEXTS, SITE_TEXTS, LINKAGE_TEXTS, CERTIFICATE_TEXTS)


@cache
def all_texts() -> dict[str, Words]:
    """Every text by its dotted key, `section.feeds.title`.

    Raises:
        KeyError: a text lacks a language.
    """
    declared = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in ALL_TEXTS]
    return {
        f"{group}.{name}": Words(text["zh"], text["en"])
        for groups in declared
        for group, texts in groups.items()
        for name, text in texts.items()
    }


def say(key: str, language: Language, facts: Mapping[str, Fact] | None = None) -> str:
    """The text of `key`, its {places} filled; KeyError when nobody wrote it."""
    text = all_texts()[key].of(language)
    return text.format_map({name: _spell(fact, language) for name, fact in (facts or {}).items()})


def say_word(group: str, word: str | None, language: Language) -> str:
    """The text of a stored word (a state, a method); the word itself when nobody wrote one."""
    if not word:
        return "—"
    text = all_texts().get(f"{group}.{word}")
    return text.of(language) if text else word.replace("_", " ")


def _spell(fact: Fact, language: Language) -> str:
    if isinstance(fact, Words):
        return fact.of(language)
    if isinstance(fact, tuple):
        named = [(words.of(language), count) for words, count in fact]
        listed = (name if count is None else f"{name} {count:,}" for name, count in named)
        return ("、" if language == "zh" else ", ").join(listed)
    return f"{fact:,}" if isinstance(fact, int) else str(fact)


def kinds_of_events(language: Language) -> dict[str, str]:
    """What each kind of event of the audit chain is called."""
    declared = yaml.safe_load(AUDIT_TEXTS.read_text(encoding="utf-8"))
    return {kind: text[language] for kind, text in declared.items()}
