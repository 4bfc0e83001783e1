"""Pages that are made from code say what the code says, and links between pages lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
import yaml

from pipelines.contract.load import ROOT, load_contracts
from pipelines.contract.model import ColumnType, Contract, Delivery
from pipelines.documenting import feeds
from pipelines.documenting.pages import outdated, pages, write_pages
from pipelines.documenting.reasons import FAMILIES, SEVERITIES
from pipelines.documenting.tables import tables_page
from pipelines.reasons import REASONS
from pipelines.reasons import SEVERITIES as REASON_SEVERITIES

PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "contracts" / "README.md"])
WORDS = yaml.safe_load(Path(feeds.__file__).with_suffix(".yml").read_text(encoding="utf-8"))


def test_made_pages_are_current() -> None:
    assert outdated() == [], "run: python -m pipelines.documenting"


def test_one_command_makes_them_all(tmp_path: Path) -> None:
    assert write_pages(tmp_path) == list(pages())
    assert outdated(tmp_path) == []


@pytest.mark.parametrize("language", ["", ".zh-CN"])
def test_every_reason_code_and_every_feed_has_its_place(language: str) -> None:
    codes = (ROOT / f"docs/reference/reason-codes{language}.md").read_text(encoding="utf-8")
    assert [code for code in REASONS if f"| `{code}` |" not in codes] == []
    told = (ROOT / f"docs/reference/feeds{language}.md").read_text(encoding="utf-8")
    sources = [column.source for contract in load_contracts().values() for column in contract.columns]
    assert [source for source in sources if f"| `{source}` |" not in told] == []


def test_every_word_that_pages_use_is_said_in_both_languages() -> None:
    cadences = get_args(Contract.model_fields["cadence"].annotation)
    forms = get_args(Delivery.model_fields["form"].annotation)
    assert set(WORDS["types"]) >= set(get_args(ColumnType))
    assert set(WORDS["cadences"]) >= set(cadences)
    assert set(WORDS["forms"]) >= set(forms)
    assert set(FAMILIES) >= {reason.family for reason in REASONS.values()}
    assert set(SEVERITIES) == set(REASON_SEVERITIES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)#]+)", text) if "://" not in target]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_a_page_in_both_languages_shows_the_same_commands() -> None:
    blocks = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
    for translated in (ROOT / "docs").rglob("*.zh-CN.md"):
        original = translated.with_name(translated.name.replace(".zh-CN", ""))
        commands = [
            [re.sub(r"#.*", "", block) for block in blocks.findall(page.read_text(encoding="utf-8"))]
            for page in (original, translated)
        ]
        assert commands[0] == commands[1], translated.name


def test_what_a_later_sql_file_says_of_a_thing_takes_the_place_of_what_was_said(tmp_path: Path) -> None:
    (tmp_path / "010_first.sql").write_text(
        "create table a.b (\n    c text\n);\ncomment on table a.b is 'as it was';\n"
        "comment on function a.f is 'an old mask';\n"
    )
    (tmp_path / "020_next.sql").write_text(
        "comment on table a.b is 'as it is';\ncomment on function a.f is 'a new mask';\n"
    )
    page = tables_page(tmp_path)
    assert "as it is" in page.split("## 020")[0]
    assert "a new mask" in page.split("## 020")[1]
    assert not re.search("as it was|an old mask", page)
