from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.contract.load import CONTRACTS, load_aliases, load_contracts, title_of
from pipelines.errors import ContractError

GOOD = """
feed: office/register
title: {zh: 登记, en: Register}
owner: {department: office, zh: 办公室, en: Office}
legal_basis: {zh: 办法, en: Measures}
cadence: monthly
authority: 10
delivery: {form: text}
key: [[NR]]
columns:
  - {source: NR, name: number}
"""


def folder(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "contracts" / "office" / "register.yml"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return tmp_path / "contracts"


def test_the_shipped_contracts_load() -> None:
    assert len(load_contracts(CONTRACTS)) >= 6


def test_a_contract_needs_nothing_but_its_file(tmp_path: Path) -> None:
    assert list(load_contracts(folder(tmp_path, GOOD))) == ["office/register"]


def test_all_faults_are_told_at_once_with_file_and_place(tmp_path: Path) -> None:
    bad = GOOD.replace("[[NR]]", "[[XX]]") + "  - {source: A, name: number, type: code, list: nowhere}\n"
    with pytest.raises(ContractError) as caught:
        load_contracts(folder(tmp_path, bad))
    places = [fault.place for fault in caught.value.faults]
    assert places == ["columns.name", "key", "columns.A"]
    assert all(fault.file.endswith("office/register.yml") for fault in caught.value.faults)


def test_an_unknown_word_in_a_contract_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="cadense"):
        load_contracts(folder(tmp_path, GOOD + "cadense: daily\n"))


def test_a_feed_is_named_like_its_file(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="the file says"):
        load_contracts(folder(tmp_path, GOOD.replace("feed: office/register", "feed: office/other")))


@pytest.mark.parametrize(
    ("columns", "valid", "told"),
    [
        ("[number, since]", "{since: since}", None),
        ("[number]", "{since: number}", "no date, month or timestamp"),
        ("[number]", "{since: since}", "is not a column here"),
        ("[number, since, change]", "{since: since}", "popbase adds"),
    ],
)
def test_rows_hold_by_published_dates_and_names_of_popbase_are_taken(
    tmp_path: Path, columns: str, valid: str, told: str | None
) -> None:
    dated = GOOD + "  - {source: SJ, name: since, type: date}\n  - {source: BG, name: change}\n"
    text = f"{dated}publishes: {{table: letters, title: {{zh: 信, en: Letters}}, columns: {columns}, valid: {valid}}}\n"
    if told is None:
        assert load_contracts(folder(tmp_path, text))
        return
    with pytest.raises(ContractError, match=told):
        load_contracts(folder(tmp_path, text))


def test_only_parts_of_every_alternative_must_be_given() -> None:
    alternatives = [c.key_sources for c in load_contracts().values() if len(c.key) > 1]
    assert alternatives == [("HH",)]


def test_every_alias_belongs_to_one_standard_column() -> None:
    headers = [header for headers in load_aliases().values() for header in headers]
    assert len(headers) == len(set(headers))


def test_every_shipped_column_has_a_title_in_both_languages() -> None:
    untitled = [
        f"{contract.feed} {column.name}"
        for contract in load_contracts().values()
        for column in contract.columns
        if title_of(column).zh == column.source != title_of(column).en
        and not any("\u4e00" <= letter <= "\u9fff" for letter in column.source)
    ]
    assert not untitled
