"""The JSON Schema of a contract, made from the model, for editors that complete and check while one types."""

from __future__ import annotations

import inspect
import json
import re
from typing import Any, Final

from pydantic import BaseModel

from pipelines.contract.model import PERSON_ATTRIBUTES, Contract, Declared

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
FILE_NAME: Final = "contract.schema.json"
EDITOR_LINE: Final = f"# yaml-language-server: $schema=../{FILE_NAME}"
"""First line of a contract: editors with a YAML language server find the schema by it."""

_ATTRIBUTE: Final = re.compile(r"^(\w+): (.+(?:\n +.+)*)$", re.MULTILINE)


def contract_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12; descriptions come from the docstrings of the models and their `Attributes:`."""
    schema = Contract.model_json_schema()
    definitions = schema["$defs"]
    for model in _models():
        describe(definitions.get(model.__name__, {}), model)
    describe(schema, Contract)
    schema["properties"]["attributes"]["propertyNames"] = {"enum": list(PERSON_ATTRIBUTES)}
    return {"$schema": DIALECT, **schema, "title": "popbase contract"}


def schema_text() -> str:
    """The schema as the text of its file."""
    return json.dumps(contract_schema(), ensure_ascii=False, indent=2) + "\n"


def _models() -> list[type[BaseModel]]:
    """The parts of a contract; other declarations derive from the same base elsewhere."""
    return [model for model in Declared.__subclasses__() if model.__module__ == Contract.__module__]


def describe(definition: dict[str, Any], model: type[BaseModel]) -> None:
    """Put the docstring's first part on the definition, and each attribute's text on its property."""
    about, _, listed = (inspect.getdoc(model) or "").partition("\nAttributes:\n")
    definition["description"] = " ".join(about.split())
    for told in definition.get("properties", {}).values():
        told.pop("title", None)  # the name again
    for name, told in _ATTRIBUTE.findall(inspect.cleandoc(listed)):
        if name in definition.get("properties", {}):
            definition["properties"][name]["description"] = " ".join(told.split())
