from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.errors import ContractError
from pipelines.quality.suite import load_suite, load_suites

UNIQUE = "expect_column_values_to_be_unique"


def rule(number: int, expectation: str, kwargs: dict[str, Any], **other: Any) -> dict[str, Any]:
    texts = {"basis": "GB/T 36344-2018", "office": "测试局", "zh": "测试", "en": "A test"}
    check = {"id": f"PB-TST-{number:03d}", "expectation": expectation, "kwargs": kwargs}
    told = {"severity": "warn", "indicator": "0201", "thresholds": {"warn": 0.0}}
    return {**check, **texts, **told, **other}


def written(folder: Path, name: str, *rules: dict[str, Any]) -> Path:
    path = folder / f"{name}.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump({"suite": name, "rules": list(rules)}), encoding="utf-8")
    return path


def faults(path: Path) -> list[str]:
    with pytest.raises(ContractError) as caught:
        load_suite(path)
    return [f"{fault.place}: {fault.message}" for fault in caught.value.faults]


def test_a_suite_is_read_with_its_rules(tmp_path: Path) -> None:
    suite = load_suite(written(tmp_path, "a/people", rule(1, UNIQUE, {"column": "name"})))
    assert suite.suite == "a/people"
    assert suite.rule("PB-TST-001").columns == ("name",)


def test_all_faults_are_collected_and_named_by_rule(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "a/people",
        rule(1, UNIQUE, {"column": "name"}, severity="fatal", indicator="0999"),
        rule(2, UNIQUE, {"column": "name"}, zh="", colour="red"),
    )
    found = " ".join(faults(path))
    for place in ("PB-TST-001.severity", "PB-TST-001.indicator", "PB-TST-002.zh", "PB-TST-002.colour"):
        assert place in found


def test_a_rule_that_may_stop_a_batch_says_when(tmp_path: Path) -> None:
    path = written(tmp_path, "a/people", rule(1, UNIQUE, {"column": "x"}, severity="reject_batch"))
    assert any("thresholds.reject" in fault for fault in faults(path))


def test_a_doubled_id_and_a_doubled_check_are_faults(tmp_path: Path) -> None:
    one, same = rule(1, UNIQUE, {"column": "x"}), rule(2, UNIQUE, {"column": "x"})
    twice = rule(1, UNIQUE, {"column": "y"})
    found = faults(written(tmp_path, "a/people", one, same, twice))
    assert found == [
        "rules.PB-TST-002: is the same check as PB-TST-001",
        "rules.PB-TST-001: the id occurs twice",
    ]


@pytest.mark.parametrize("column", ["born_on", "guardian_citizen_id", "raw.CSRQ", "telephone"])
def test_extremes_of_a_personal_column_are_forbidden(tmp_path: Path, column: str) -> None:
    check = rule(1, "expect_column_max_to_be_between", {"column": column, "max_value": 1})
    (fault,) = faults(written(tmp_path, "a/people", check))
    assert "a person's value" in fault


def test_extremes_of_other_columns_are_allowed(tmp_path: Path) -> None:
    check = rule(1, "expect_column_max_to_be_between", {"column": "floor_area", "max_value": 1})
    assert load_suite(written(tmp_path, "a/people", check)).rules


def test_the_name_of_a_suite_is_the_name_of_its_file(tmp_path: Path) -> None:
    path = written(tmp_path, "a/people", rule(1, UNIQUE, {"column": "x"}))
    moved = path.rename(path.with_name("others.yml"))
    assert faults(moved) == ["suite: is 'a/people', the file says 'a/others'"]


def test_what_is_not_yaml_is_a_fault_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a" / "people.yml"
    path.parent.mkdir()
    path.write_text("suite: a/people\nrules: [\n", encoding="utf-8")
    assert faults(path) == ["line 3: is not YAML"]


def test_ids_are_unique_over_all_suites(tmp_path: Path) -> None:
    written(tmp_path, "a/people", rule(1, UNIQUE, {"column": "x"}))
    written(tmp_path, "b/people", rule(1, UNIQUE, {"column": "x"}))
    with pytest.raises(ContractError, match=r"the id is also used in a/people\.yml"):
        load_suites(tmp_path)
