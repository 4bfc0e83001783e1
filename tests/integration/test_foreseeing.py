"""A linkage policy is tried on real records before it holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.errors import ContractError, UsageError
from pipelines.foreseeing import what_if
from pipelines.settings import ROOT, Settings
from tests.town import NUMBERS, open_town

FAULTY = NUMBERS["甲"][:15] + "999"
REGISTER: dict[str, dict[str, Any]] = {
    "a": {"name": "甲乙丙", "number": NUMBERS["甲"], "telephone": "13800000001"},
    "b": {"name": "甲乙丙", "number": FAULTY, "status": "invalid", "telephone": "13800000001"},
    "c": {"name": "丙丁", "number": NUMBERS["乙"]},
}


def _policy(folder: Path, **changed: Any) -> Path:
    declared = yaml.safe_load((ROOT / "policies" / "linkage.yml").read_text(encoding="utf-8"))
    path = folder / "other.yml"
    path.write_text(yaml.safe_dump({**declared, **changed}, allow_unicode=True), encoding="utf-8")
    return path


def test_a_stricter_policy_is_foreseen_and_nothing_is_written(fresh: Settings, tmp_path: Path) -> None:
    town = open_town(fresh, tmp_path / "town")
    town.deliver(REGISTER)
    town.resolve()
    counted = "select (select count(*) from ledger.run) runs, (select max(record_key) from resolution.assignment) last"
    before, files = town.ask(counted), sorted(town.settings.lake.rglob("*"))
    found = what_if(town.settings, _policy(tmp_path, link_weight=50, blocking=[["name", "telephone"]]))
    assert {place.split(".")[0] for place, _, _ in found.settings} == {"blocking", "link_weight"}
    assert ("blocking.sound+birth", True, None) in found.settings
    assert (found.now.persons, found.then.persons) == (2, 3)
    assert (found.merged, found.split, found.moved) == (0, 1, 1)
    assert found.then.review == 1
    assert (town.ask(counted), sorted(town.settings.lake.rglob("*"))) == (before, files)


def test_the_same_policy_changes_nobody(fresh: Settings, tmp_path: Path) -> None:
    town = open_town(fresh, tmp_path / "town")
    town.deliver(REGISTER)
    found = what_if(town.settings, _policy(tmp_path))
    assert found.settings == []
    assert (found.merged, found.split, found.moved) == (0, 0, 0)
    assert found.now == found.then


def test_what_is_no_policy_or_has_no_records_is_told(fresh: Settings, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        what_if(fresh, _policy(tmp_path))
    with pytest.raises(ContractError):
        what_if(fresh, _policy(tmp_path, margin=-1))


@pytest.mark.parametrize(("lang", "word"), [("zh", "待人工判定"), ("en", "clerical review")])
def test_the_command_shows_both_policies_side_by_side(
    lang: str, word: str, fresh: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = open_town(fresh, tmp_path / "town")
    town.deliver(REGISTER)
    monkeypatch.setattr("pipelines.cli.foreseeing.settings_from_environment", lambda: town.settings)
    asked = ["what-if", "--linkage", str(_policy(tmp_path, link_weight=50)), "--lang", lang]
    shown = CliRunner().invoke(app, asked)
    assert shown.exit_code == 0
    assert word in shown.output
    told = json.loads(CliRunner().invoke(app, [*asked, "--json"]).output.splitlines()[-1])
    assert told["settings"] == [["link_weight", 7.0, 50.0]]
