from __future__ import annotations

import pytest

from pipelines.contract.model import Contract
from pipelines.report.names import (
    OTHER_COLUMN,
    codes_in,
    column_of,
    feed_of,
    shown_facts,
    shown_folder,
)

PERSON = "11010519491231002X"


@pytest.mark.parametrize(
    ("folder", "shown"),
    [
        ("2026-06-30", "2026-06-30"), ("2026-06-30-again", "2026-06-30-again"), (PERSON, None),
        ("张三", None), ("a b", None), ("13800138000", None), ("x" * 41, None),
    ],
)  # fmt: skip
def test_a_folder_that_could_say_who_is_not_repeated(folder: str, shown: str | None) -> None:
    assert shown_folder(folder) == shown


def test_only_counts_and_known_columns_of_a_refusal_are_repeated(contracts: dict[str, Contract]) -> None:
    contract = contracts["labour/employment"]
    facts = {"stated": "41250", "counted": PERSON, "column": "AAC003", "note": PERSON, "rows": "张三"}
    assert shown_facts(facts, contract) == (("stated", "41250"), ("column", "AAC003"))
    assert shown_facts({"column": PERSON}, contract) == ()


def test_a_column_no_contract_knows_is_not_named(contracts: dict[str, Contract]) -> None:
    contract = contracts["labour/employment"]
    assert column_of("citizen_id", contract).en == "Citizen ID"
    assert column_of("CZBZ", contract).en == "Operation flag"
    assert column_of(PERSON, contract) is OTHER_COLUMN
    assert column_of("citizen_id", None) is OTHER_COLUMN


def test_notes_are_cut_down_to_their_codes() -> None:
    assert codes_in(["PB-HD-001 张三", "PB-SQ-002", "PB-SQ-002", "张三"]) == ("PB-HD-001", "PB-SQ-002")


def test_a_feed_no_contract_knows_keeps_its_bare_name() -> None:
    assert feed_of("new/feed", {}).title.en == "new/feed"
    assert feed_of("张三", {}).title.en == "?"
