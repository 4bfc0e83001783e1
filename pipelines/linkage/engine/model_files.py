"""Models as files: YAML or JSON, a version by content, and what changed between two."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from pipelines.errors import ContractError, Fault, UsageError
from pipelines.kernels.differences import differences
from pipelines.linkage.engine.model import LinkageModel


def load_model(path: Path) -> LinkageModel:
    """The model in a YAML or JSON file; ContractError with every fault, UsageError without a file."""
    try:
        declared: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"there is no model file {path}") from None
    except (OSError, UnicodeDecodeError):
        raise ContractError([Fault(path.name, "file", "cannot be read as UTF-8 text")]) from None
    except yaml.YAMLError as error:
        raise ContractError([Fault(path.name, _line(error), "is not YAML")]) from None
    if not isinstance(declared, dict):
        raise ContractError([Fault(path.name, "file", "is no mapping of name, key, comparisons, …")])
    try:
        return LinkageModel.model_validate(declared)
    except ValidationError as error:
        raise ContractError(
            [Fault(path.name, _place(declared, one["loc"]), _message(one)) for one in error.errors()]
        ) from None


def _line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return "file" if mark is None else f"line {mark.line + 1}"


def _place(declared: Any, parts: tuple[int | str, ...]) -> str:
    """Where a fault is: comparisons and levels by name, other list items by number from 1."""
    told, at = [], declared
    for part in parts:
        here = at[part] if _leads_on(at, part) else None
        name = here.get("name") if isinstance(here, dict) and isinstance(part, int) else None
        told.append(str(name or (part + 1 if isinstance(part, int) else part)))
        at = here
    return ".".join(told) or "file"


def _leads_on(at: Any, part: int | str) -> bool:
    if isinstance(at, list):
        return isinstance(part, int) and part < len(at)
    return isinstance(at, dict) and part in at


def _message(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "is no word of a model here"
    if error["type"] == "missing":
        return "is missing"
    return str(error["msg"]).removeprefix("Value error, ")


def save_model(model: LinkageModel, path: Path) -> None:
    """Write a model as YAML, or as JSON where the file's name ends so."""
    declared = _declared(model)
    if path.suffix == ".json":
        text = json.dumps(declared, ensure_ascii=False, indent=1) + "\n"
    else:
        text = yaml.safe_dump(declared, allow_unicode=True, sort_keys=False, width=110)
    path.write_text(text, encoding="utf-8")


def version(model: LinkageModel) -> str:
    """Twelve hexadecimal digits that change with anything the model says."""
    text = json.dumps(_declared(model), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def diff(old: LinkageModel, new: LinkageModel) -> list[tuple[str, Any, Any]]:
    """What changed: (place, before, after), sorted by place; None where there was or is nothing.

    Comparisons and levels are named by their names, so that a new one in the middle is one change.
    """
    return differences(_named(_declared(old)), _named(_declared(new)))


def _declared(model: LinkageModel) -> dict[str, Any]:
    return model.model_dump(mode="json", exclude_defaults=True)


def _named(declared: Any) -> Any:
    if isinstance(declared, list) and declared and all(_has_name(one) for one in declared):
        return {one["name"]: _named(one) for one in declared}
    if isinstance(declared, dict):
        return {key: _named(value) for key, value in declared.items()}
    return declared


def _has_name(one: Any) -> bool:
    return isinstance(one, dict) and "name" in one
