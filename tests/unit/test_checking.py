from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipelines.checking import Checked, check_declarations
from pipelines.contract.load import ROOT
from pipelines.settings import Settings


@pytest.fixture
def declared(tmp_path: Path) -> Path:
    for folder in ("contracts", "expectations", "policies"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def checked(declared: Path) -> Checked:
    return check_declarations(Settings(home=declared / "home", declarations=declared))


def edit(path: Path, was: str, now: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert was in text
    path.write_text(text.replace(was, now, 1), encoding="utf-8")


def test_what_is_shipped_is_sound_and_complete(declared: Path) -> None:
    outcome = checked(declared)
    assert outcome.faults == outcome.open_places == ()
    assert outcome.counts["contracts"] >= 6
    assert outcome.counts["policies"] == 4


def test_faults_of_all_kinds_of_files_are_told_at_once(declared: Path) -> None:
    edit(declared / "contracts/labour/employment.yml", "cadence: monthly", "cadence: sometimes")
    edit(declared / "expectations/labour/employment.yml", "severity: warn", "severity: mild")
    edit(declared / "policies/release.yml", "largest_change:", "greatest_change:")
    edit(declared / "contracts/_reference/codes/sex.yml", '"男性": "1"', '"男性": "7"')
    (declared / "policies" / "access.yml").unlink()
    files = {Path(fault.file).name for fault in checked(declared).faults}
    assert files == {"employment.yml", "release.yml", "sex.yml", "access.yml"}


def test_a_contract_without_its_suite_and_a_table_without_its_audit_are_faults(declared: Path) -> None:
    (declared / "expectations/labour/employment.yml").unlink()
    (declared / "expectations/published/employment.yml").rename(
        declared / "expectations/published/nothing.yml"
    )
    edit(declared / "expectations/published/nothing.yml", "published/employment", "published/nothing")
    told = {(fault.file, fault.message) for fault in checked(declared).faults}
    assert told == {
        ("expectations/labour/employment.yml", "is missing"),
        ("expectations/published/employment.yml", "is missing"),
        ("expectations/published/nothing.yml", "there is no such feed or published table"),
    }


def test_a_rule_on_a_column_that_there_is_not_is_a_fault(declared: Path) -> None:
    suite = declared / "expectations/labour/employment.yml"
    edit(suite, "column: name_is_degraded", "column: name_is_faded")
    edit(suite, "column: {name: employer_name}", "column: {name: employer}")
    edit(suite, "expect_column_values_to_be_unique", "expect_column_values_to_be_lovely")
    told = [fault.message for fault in checked(declared).faults]
    assert sorted(told) == [
        "expect_column_values_to_be_lovely cannot be checked",
        "there is no column 'employer'",
        "there is no column 'name_is_faded'",
    ]


def test_what_a_scaffold_left_open_is_told_but_is_no_fault(declared: Path) -> None:
    edit(declared / "contracts/labour/employment.yml", "就业服务与就业管理规定", "（待填写）")
    outcome = checked(declared)
    assert [place.file for place in outcome.open_places] == ["contracts/labour/employment.yml"]
    assert outcome.faults == ()
