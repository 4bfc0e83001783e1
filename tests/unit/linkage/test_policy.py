from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pipelines.errors import ContractError
from pipelines.linkage.policy import LEVELS, load_linkage
from tests.unit.linkage.people import ROOT, policy


def test_the_shipped_policy_knows_every_level() -> None:
    assert {name: set(levels) for name, levels in policy().comparisons.items()} == {
        name: set(levels) for name, levels in LEVELS.items()
    }


def test_likelihoods_of_agreement_speak_for_and_of_disagreement_against() -> None:
    for name, levels in policy().comparisons.items():
        last = levels[LEVELS[name][-1]]
        assert last.u is not None
        assert last.m < last.u
        first = levels[LEVELS[name][0]]
        assert first.u is None or first.m > first.u


def test_all_faults_of_a_policy_are_told_at_once(tmp_path: Path) -> None:
    text = (ROOT / "policies" / "linkage.yml").read_text(encoding="utf-8")
    broken = text.replace("margin: 4", "margin: -4").replace("prefix: P", "prefix: p!")
    path = tmp_path / "linkage.yml"
    path.write_text(broken, encoding="utf-8")
    with pytest.raises(ContractError) as raised:
        load_linkage(path)
    assert {fault.place for fault in raised.value.faults} == {"prefix", "margin"}


def test_a_policy_that_is_not_yaml_is_a_fault_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "linkage.yml"
    path.write_text("a: [", encoding="utf-8")
    with pytest.raises(ContractError):
        load_linkage(path)


@pytest.mark.parametrize("rules", ["[]", "[[]]", "[[name, shoe_size]]"])
def test_a_blocking_rule_names_what_units_say(rules: str, tmp_path: Path) -> None:
    declared = yaml.safe_load((ROOT / "policies" / "linkage.yml").read_text(encoding="utf-8"))
    path = tmp_path / "linkage.yml"
    path.write_text(yaml.safe_dump({**declared, "blocking": yaml.safe_load(rules)}), encoding="utf-8")
    with pytest.raises(ContractError) as raised:
        load_linkage(path)
    assert all(fault.place.startswith("blocking") for fault in raised.value.faults)
