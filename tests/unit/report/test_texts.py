from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest
import yaml

from pipelines.contract.model import Contract
from pipelines.reasons import SEVERITIES
from pipelines.report.basics import Decision, Fact, Level, Status, Words
from pipelines.report.page import TEMPLATES
from pipelines.report.texts import ALL_TEXTS, all_texts, say, say_word
from pipelines.settings import ROOT

SCHEMA = (ROOT / "sql" / "080_effect.sql").read_text(encoding="utf-8")


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("path", ALL_TEXTS, ids=lambda path: path.name)
def test_every_text_has_both_languages_with_the_same_places(path: Path) -> None:
    declared = yaml.safe_load(path.read_text(encoding="utf-8"))
    for group, texts in declared.items():
        for name, text in texts.items():
            assert set(text) == {"zh", "en"}, f"{group}.{name}"
            assert isinstance(text["en"], str), f"{group}.{name}"
            assert text["zh"].strip(), f"{group}.{name}"
            assert text["en"].strip(), f"{group}.{name}"
            assert places(text["zh"]) == places(text["en"]), f"{group}.{name}"


def test_every_text_a_template_names_is_there() -> None:
    for template in Path(TEMPLATES).rglob("*.j2"):
        named = re.findall(r"\bt\('([a-z_]+\.[a-z0-9_]+)'[,)]", template.read_text(encoding="utf-8"))
        assert [key for key in named if key not in all_texts()] == [], template.name
        columns = re.findall(
            r"\('([a-z0-9_]+)', '(?:num|pic(?: half)?)?'\)", template.read_text(encoding="utf-8")
        )
        assert [key for key in columns if f"column.{key}" not in all_texts()] == [], template.name


@pytest.mark.parametrize(
    ("group", "words"),
    [
        ("status", get_args(Status)),
        ("decision", get_args(Decision)),
        ("decision_says", get_args(Decision)),
        ("gate", get_args(Decision)),
        ("level", get_args(Level)),
        ("severity", ("reject_batch", *SEVERITIES)),
        ("cadence", get_args(Contract.model_fields["cadence"].annotation)),
        ("limit", ("within", "warned", "rejected")),
        ("batch", ("landed", "standardised", "accepted", "waiting", "refused", "replaced", "withdrawn")),
        ("state", ("staged", "released", "refused", "withdrawn")),
    ],
)  # fmt: skip
def test_every_stored_word_is_spoken(group: str, words: tuple[str, ...]) -> None:
    assert [word for word in words if f"{group}.{word}" not in all_texts()] == []


def test_facts_fill_the_places_in_the_language_of_the_page() -> None:
    feed = Words("学籍", "School roll")
    facts: dict[str, Fact] = {"feed": feed, "date": date(2026, 1, 31), "days": 1304}
    assert say("remark.stale", "zh", facts).startswith("“学籍”数据截至 2026-01-31，落后 1,304 天")
    listed: dict[str, Fact] = {"feeds": ((feed, 2), (Words("户籍", "Register"), None)), "number": 2}
    assert say("remark.refused_delivery", "en", listed) == "Deliveries refused: School roll 2, Register"


def test_a_word_nobody_wrote_is_shown_as_it_is() -> None:
    assert say_word("method", "new_method", "zh") == "new method"
    assert say_word("method", None, "zh") == "—"


def test_every_status_of_a_batch_has_its_word() -> None:
    allowed = re.findall(r"'([a-z]+)'", re.findall(r"check \(status in \((.+?)\)\)", SCHEMA, re.DOTALL)[0])
    assert "queued" in allowed
    assert {f"batch.{status}" for status in allowed} <= set(all_texts())
