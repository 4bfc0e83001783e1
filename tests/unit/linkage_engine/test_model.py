from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import ContractError
from pipelines.linkage.engine.model import LinkageModel
from pipelines.linkage.engine.model_files import diff, load_model, save_model, version
from tests.unit.linkage_engine.tables import declared

PLAN = {
    "name": "small",
    "key": "id",
    "blocking": ["surname", ["given", "year"]],
    "derived": {"year": {"column": "born", "take": "first", "size": 4}},
    "comparisons": [{"name": "given", "column": "given", "levels": [{"name": "same", "test": "exact"}]}],
}


def test_a_plan_gets_its_last_level_and_one_column_may_be_a_rule() -> None:
    model = LinkageModel.model_validate(PLAN)
    assert [level.test for level in model.comparisons[0].levels] == ["exact", "otherwise"]
    assert model.blocking == (("surname",), ("given", "year"))
    assert model.source("year") == "born"
    assert not model.is_fitted


@pytest.mark.parametrize("ending", ["yml", "json"])
def test_a_model_comes_back_from_its_file_as_it_was(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"model.{ending}"
    save_model(declared(), path)
    assert load_model(path) == declared()
    assert version(load_model(path)) == version(declared())


def test_whatever_a_model_says_changes_its_version() -> None:
    versions = {
        version(declared()),
        version(declared(link_weight=5)),
        version(declared(blocking=["surname"])),
    }
    assert len(versions) == 3


def test_the_difference_of_two_models_names_comparison_and_level() -> None:
    old = declared()
    levels = [{"name": "same", "test": "exact", "m": 0.6, "u": 0.01}, {"name": "other", "test": "otherwise"}]
    new = [
        {"name": "telephones", "column": "telephones", "levels": levels} if one.name == "telephones" else one
        for one in old.comparisons
    ]
    changed = diff(old, declared(comparisons=new, link_weight=9))
    assert ("link_weight", 4.0, 9.0) in changed
    assert ("comparisons.telephones.levels.shared.m", 0.6, None) in changed
    assert diff(old, old) == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"blocking": []}, "blocking rule"),
        ({"link_weight": -9}, "below possible_weight"),
        ({"comparisons": []}, "at least one"),
        (
            {"derived": {"a": {"column": "b", "take": "last"}, "b": {"column": "c", "take": "last"}}},
            "delivered",
        ),
        (
            {"comparisons": [{"name": "x", "column": "x", "levels": [{"name": "y", "test": "edits"}]}]},
            "at_most",
        ),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_a_faulty_file_is_refused_with_its_place(
    tmp_path: Path, fault: dict[str, object], words: str
) -> None:
    import yaml

    path = tmp_path / "model.yml"
    path.write_text(yaml.safe_dump(PLAN | fault), encoding="utf-8")
    with pytest.raises(ContractError, match=words):
        load_model(path)
