from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.contract.code_lists import CODE_LISTS, load_code_list
from pipelines.errors import ContractError


@pytest.mark.parametrize("path", sorted(CODE_LISTS.glob("*.yml")), ids=lambda path: path.stem)
def test_every_shipped_list_loads_and_its_labels_are_unique(path: Path) -> None:
    listed = load_code_list(path.stem)
    labels = [zh for zh, _ in listed.codes.values()]
    assert len(set(labels)) == len(labels) > 1
    assert listed.standard
    assert not set(listed.aliases) & set(listed.codes)


def test_ethnicity_has_56_members_with_and_without_the_suffix() -> None:
    listed = load_code_list("ethnicity")
    assert {f"{number:02}" for number in range(1, 57)} <= set(listed.codes)
    assert listed.aliases["土家"] == listed.aliases["土家族"] == "15"


def test_words_for_sex_lead_to_codes() -> None:
    aliases = load_code_list("sex").aliases
    assert (aliases["男"], aliases["女"]) == ("1", "2")


@pytest.mark.parametrize(
    "text", ["codes: [1]", "a: [", "standard: x\ncodes: {'1': {zh: 甲, en: a}}\naliases: {乙: '2'}"]
)
def test_a_faulty_list_is_told_with_its_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.yml").write_text(text, encoding="utf-8")
    with pytest.raises(ContractError, match=r"odd\.yml"):
        load_code_list("odd", tmp_path)


def test_a_missing_list_is_told(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="no such code list"):
        load_code_list("nothing", tmp_path)
