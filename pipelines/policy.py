"""What the data office decides, read from policies/*.yml with every fault told at once."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.errors import ContractError, Fault

Policy = TypeVar("Policy", bound=BaseModel)


class Survivorship(BaseModel):
    """Policy of survivorship: the ranks stand in the contracts, here stands the rest.

    Attributes:
        recency: columns that date a record, the first that is given counts.
        unknown: {attribute: values that mean nobody knows}.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    recency: tuple[str, ...]
    unknown: dict[str, tuple[str, ...]] = {}


class Release(BaseModel):
    """Policy of release: when a publication waits for a person's yes.

    Attributes:
        approve_reservations: whether rules over their warn threshold ask for approval.
        largest_change: share (0 to 1) of persons opened or closed above which it waits; the first never does.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    approve_reservations: bool = False
    largest_change: float = 0.2


class Feedback(BaseModel):
    """Policy of feedback: how long a department has to mend what was sent back to it.

    Attributes:
        working_days: for a value at fault, from the day after its file was made.
        row_working_days: for a row that was set aside.
        weekend: ISO weekdays that are off, Monday is 1; at least one day of the week is worked.
        holidays: further days off.
        working_weekends: days of a weekend that are worked.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    working_days: int = Field(default=10, ge=1, le=250)
    row_working_days: int = Field(default=5, ge=1, le=250)
    weekend: tuple[Annotated[int, Field(ge=1, le=7)], ...] = Field(default=(6, 7), max_length=6)
    holidays: tuple[date, ...] = ()
    working_weekends: tuple[date, ...] = ()


class Review(BaseModel):
    """Policy of clerical review: what comes first.

    Attributes:
        doubt: {reason code: chance that the run is wrong about such a case}.
        bands: bits between which sure links are sampled apart, ascending.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    doubt: dict[str, Annotated[float, Field(ge=0, le=1)]] = {}
    bands: tuple[float, ...] = (10.0, 14.0, 20.0)


def load_review(path: Path) -> Review:
    """The policy of clerical review; its defaults where an office has none. ContractError with every fault."""
    return _load(path, Review) if path.exists() else Review()


def load_feedback(path: Path) -> Feedback:
    """The feedback policy; ContractError with every fault."""
    return _load(path, Feedback)


def load_survivorship(path: Path) -> Survivorship:
    """The survivorship policy; ContractError with every fault."""
    return _load(path, Survivorship)


def load_release(path: Path) -> Release:
    """The release policy; ContractError with every fault."""
    return _load(path, Release)


def _load(path: Path, model: type[Policy]) -> Policy:
    try:
        declared: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return model.model_validate(declared)
    except yaml.YAMLError:
        raise ContractError([Fault(path.name, "file", "is not YAML")]) from None
    except ValidationError as error:
        faults = [
            Fault(path.name, ".".join(map(str, fault["loc"])) or "file", fault["msg"])
            for fault in error.errors()
        ]
        raise ContractError(faults) from None
