from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.contract.load import CONTRACTS
from pipelines.contract.model import Declared
from pipelines.contract.schema import contract_schema, describe

jsonschema: Any = importlib.import_module("jsonschema")
PATHS = sorted(CONTRACTS.glob("[!_]*/*.yml"))


def faults(declared: object) -> list[str]:
    checker = jsonschema.Draft202012Validator(contract_schema())
    return [fault.message for fault in checker.iter_errors(declared)]


@pytest.mark.parametrize("path", PATHS, ids=[f"{path.parent.name}-{path.stem}" for path in PATHS])
def test_every_shipped_contract_fits_the_schema(path: Path) -> None:
    assert faults(yaml.safe_load(path.read_text(encoding="utf-8"))) == []


def test_an_editor_sees_what_the_loader_would_refuse() -> None:
    declared = yaml.safe_load(PATHS[0].read_text(encoding="utf-8"))
    assert faults(declared | {"cadense": "daily"})
    assert faults(declared | {"cadence": "sometimes"})
    assert faults(declared | {"attributes": {"shoe_size": 1}})
    assert faults({name: told for name, told in declared.items() if name != "key"})


def test_every_part_of_a_contract_is_described() -> None:
    schema = contract_schema()
    undescribed = [name for name, part in schema["$defs"].items() if not part.get("description")]
    assert undescribed == []
    assert schema["description"]


def test_descriptions_of_fields_come_from_the_docstring() -> None:
    class Shoe(Declared):
        """A shoe.

        Attributes:
            size: in points of Paris; two thirds
                of a centimetre.
            left: whether it is the left one.
        """

        size: int
        left: bool

    schema = Shoe.model_json_schema()
    describe(schema, Shoe)
    assert schema["description"] == "A shoe."
    told = {name: field["description"] for name, field in schema["properties"].items()}
    assert told == {
        "size": "in points of Paris; two thirds of a centimetre.",
        "left": "whether it is the left one.",
    }
