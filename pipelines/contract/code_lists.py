"""Code lists: small facts of national standards and of departments, one YAML file each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import yaml

from pipelines.errors import ContractError, Fault

CODE_LISTS: Final = Path(__file__).parents[2] / "contracts" / "_reference" / "codes"


@dataclass(frozen=True)
class CodeList:
    """One code list.

    Attributes:
        name: the file's name without its ending.
        standard: the standard's number and title.
        codes: each code with its label in Chinese and in English.
        aliases: what else is met for a code: its Chinese label, other words, short forms.
    """

    name: str
    standard: str
    codes: dict[str, tuple[str, str]]
    aliases: dict[str, str]


@cache
def load_code_list(name: str, folder: Path = CODE_LISTS) -> CodeList:
    """Read `<folder>/<name>.yml`; the shipped list where the folder has none of that name.

    Raises:
        ContractError: there is no such list, it is not as described in `_read`, or an alias
            leads to no code.
    """
    path = folder / f"{name}.yml"
    path = path if path.is_file() else CODE_LISTS / f"{name}.yml"
    if not path.is_file():
        raise ContractError([Fault(path.name, "name", "there is no such code list")])
    try:
        listed = _read(name, yaml.safe_load(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        told = f"is no code list: {type(error).__name__}"
        raise ContractError([Fault(path.name, "codes", told)]) from error
    strays = [alias for alias, code in listed.aliases.items() if code not in listed.codes]
    if strays:
        raise ContractError([Fault(path.name, f"aliases.{alias}", "unknown code") for alias in strays])
    return listed


def _read(name: str, told: dict[str, dict[str, dict[str, str]]]) -> CodeList:
    """`standard`, `codes` (code: zh, en) and, where there are any, `aliases` (word: code)."""
    codes = {str(code): (label["zh"], label["en"]) for code, label in told["codes"].items()}
    labels = {zh: code for code, (zh, _) in codes.items()}
    others = {str(word): str(code) for word, code in told.get("aliases", {}).items()}
    return CodeList(name, str(told["standard"]), codes, labels | others)
