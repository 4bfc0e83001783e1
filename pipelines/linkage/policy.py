"""What the data office decides about links, read from policies/linkage.yml."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from pipelines.errors import ContractError, Fault

LEVELS: Final[dict[str, tuple[str, ...]]] = {
    "name": ("same", "former", "sound", "near", "fits", "one_character", "surname", "other"),
    "birth": ("same", "slip", "near", "part", "other"),
    "sex": ("same", "other"),
    "citizen_id": ("repair", "rounded", "same_fault", "other"),
    "telephone": ("same", "slip", "other"),
    "household": ("same", "other"),
    "address": ("same", "street", "other"),
    "guardian": ("same", "other"),
    "employer": ("same", "other"),
    "local_number": ("same", "other"),
}
"""Comparisons and their levels, the best first; a level's number is its place. -1 is missing."""

MISSING: Final = -1

Part = Literal[
    "name", "sound", "surname", "birth", "birth_year", "telephone", "telephone_head", "telephone_tail", "household",
    "address", "street", "guardian", "employer", "local_number", "number_slip", "number_same", "number_head",
    "number_ends",
]  # fmt: skip
"""What a blocking rule may name; key_parts.py says what each is."""
Rules = tuple[tuple[Part, ...], ...]
_BLOCKING: Final[Rules] = (
    ("name", "birth"), ("sound", "birth"), ("surname", "birth"), ("name", "telephone"), ("name", "guardian"),
    ("name", "household"), ("name", "employer"), ("name", "address"), ("name", "telephone_head"),
    ("name", "telephone_tail"), ("birth", "household"), ("birth", "telephone"), ("name", "birth_year", "street"),
    ("local_number",), ("number_slip",), ("number_same",), ("number_head",),
)  # fmt: skip
"""The rules of runs whose policy did not name any."""


def level(comparison: str, name: str) -> int:
    """The number of a level."""
    return LEVELS[comparison].index(name)


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Likelihood(_Declared):
    """m and u of a level; without u the frequency of the value counts."""

    m: float = Field(gt=0, lt=1)
    u: float | None = Field(default=None, gt=0, lt=1)


class Fit(_Declared):
    """Bounds of the estimation."""

    min_pairs: int = Field(ge=100)
    max_pairs: int = Field(ge=1000)
    chance_pairs: int = Field(ge=100)


class LinkagePolicy(_Declared):
    """Thresholds, caps and likelihoods; the file says what each is for."""

    prefix: str = Field(pattern=r"^[A-Z][A-Z0-9-]{0,11}$")
    link_weight: float
    possible_weight: float
    margin: float = Field(ge=0)
    id_group_cap: int = Field(ge=2)
    person_cap: int = Field(ge=2)
    block_cap: int = Field(ge=2)
    population_floor: int = Field(ge=1000)
    family_size: float = Field(ge=1)
    employer_cap: float = Field(ge=0)
    repeat_floor: float = Field(gt=0, lt=1)
    two_numbers: float = Field(default=0.001, gt=0, lt=0.5)
    refit_share: float = Field(default=0.1, ge=0, le=1)
    refit_runs: int = Field(default=40, ge=0)
    blocking: Rules = Field(default=_BLOCKING, min_length=1)
    fit: Fit
    fitted: tuple[str, ...]
    comparisons: dict[str, dict[str, Likelihood]]

    @field_validator("blocking")
    @classmethod
    def _named(cls, given: Rules) -> Rules:
        if not all(given):
            raise ValueError(
                "a rule names at least one thing, else it would compare everybody with everybody"
            )
        return given

    @field_validator("comparisons")
    @classmethod
    def _complete(cls, given: dict[str, dict[str, Likelihood]]) -> dict[str, dict[str, Likelihood]]:
        for comparison, names in LEVELS.items():
            if set(given.get(comparison, {})) != set(names):
                raise ValueError(f"{comparison} needs the levels {', '.join(names)}")
        if set(given) != set(LEVELS):
            raise ValueError(f"comparisons are {', '.join(LEVELS)}")
        return given


def load_linkage(path: Path) -> LinkagePolicy:
    """The linkage policy; ContractError with every fault."""
    return _read(path.name, path.read_text(encoding="utf-8"))


@lru_cache(maxsize=2)
def _read(name: str, text: str) -> LinkagePolicy:
    try:
        declared: Any = yaml.safe_load(text)
        return LinkagePolicy.model_validate(declared)
    except yaml.YAMLError:
        raise ContractError([Fault(name, "file", "is not YAML")]) from None
    except ValidationError as error:
        faults = [
            Fault(name, ".".join(map(str, fault["loc"])) or "file", fault["msg"]) for fault in error.errors()
        ]
        raise ContractError(faults) from None
