"""A suite: what must be true of a feed's batch or of a published table, as one YAML file.

Suites live in `expectations/<department>/<feed>.yml` and `expectations/published/<table>.yml`. The
checks are stock Great Expectations, by name and arguments; beside them stands what an auditor
asks: how grave, measured against what, by whose order, who mends it, and a sentence for readers.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from pipelines.contract.model import Declared, Identifier
from pipelines.errors import ContractError, Fault
from pipelines.quality.derived import Derived
from pipelines.quality.lint import lint_suite
from pipelines.quality.supported import columns_of

ROOT = Path(__file__).resolve().parents[2]
EXPECTATIONS = ROOT / "expectations"

Severity = Literal["reject_batch", "quarantine_row", "warn"]
Indicator = Literal[
    "0101", "0102", "0103", "0104", "0105", "0106", "0201", "0202", "0301", "0302", "0303",
    "0304", "0305", "0401", "0402", "0501", "0502", "0503", "0601", "0602",
]  # fmt: skip
"""Second-level indicators of GB/T 36344-2018: 01 conformity, 02 completeness, 03 accuracy,
04 consistency, 05 timeliness, 06 accessibility."""
Share = Annotated[float, Field(ge=0, le=1)]
Sentence = Annotated[str, Field(min_length=1)]


class Thresholds(Declared):
    """How much may fail.

    Beyond a `warn` limit, or `change`, the gate makes a reservation; beyond a `reject` limit a `reject_batch` rule
    stops the batch (other severities never do).

    Attributes:
        warn: share of the rows examined.
        reject: share of the rows examined.
        warn_rows: number of rows.
        reject_rows: number of rows.
        change: share points above the median share of the last twelve deliveries.
    """

    warn: Share = 0.0
    reject: Share | None = None
    warn_rows: Annotated[int, Field(ge=0)] | None = None
    reject_rows: Annotated[int, Field(ge=0)] | None = None
    change: Share | None = None


class Rule(Declared):
    """One check. `expectation` and `kwargs` are Great Expectations' own names.

    Attributes:
        finding: whether a row that breaks it goes back to the department that said it; false where a row alone is no
            fault and only the share counts.
    """

    id: Annotated[str, Field(pattern=r"^PB-[A-Z]{3}-\d{3}$")]
    expectation: Annotated[str, Field(pattern=r"^(expect_[a-z_]+|unexpected_rows_expectation)$")]
    kwargs: dict[str, Any]
    severity: Severity
    indicator: Indicator
    basis: Sentence
    office: Sentence
    thresholds: Thresholds = Thresholds()
    finding: bool = True
    zh: Sentence
    en: Sentence

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns the check names."""
        return columns_of(self.kwargs)

    @model_validator(mode="after")
    def _stoppable(self) -> Rule:
        limits = (self.thresholds.reject, self.thresholds.reject_rows)
        if self.severity == "reject_batch" and limits == (None, None):
            raise ValueError("severity: reject_batch needs `thresholds.reject` or `thresholds.reject_rows`")
        return self


class Suite(Declared):
    """The rules of one feed or one published table.

    Attributes:
        suite: its name, `<folder>/<file>`.
        derived: columns computed before the rules look, in this order.
        rules: the checks.
    """

    suite: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*/[a-z][a-z0-9_]*$")]
    derived: dict[Identifier, Derived] = Field(default_factory=dict)
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]

    def rule(self, rule_id: str) -> Rule:
        """The rule with this id; KeyError when there is none."""
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        raise KeyError(rule_id)


def load_suite(path: Path) -> Suite:
    """The suite of one file.

    Raises:
        ContractError: with every fault of the file.
    """
    faults: list[Fault] = []
    suite = _parse(path, faults)
    if faults or suite is None:
        raise ContractError(faults)
    return suite


def load_suites(folder: Path = EXPECTATIONS) -> dict[str, Suite]:
    """All suites below `folder` by name; rule ids are unique over all of them.

    Raises:
        ContractError: with every fault of every file.
    """
    faults: list[Fault] = []
    parsed = [(path, _parse(path, faults)) for path in sorted(folder.glob("*/*.yml"))]
    suites = [(path, suite) for path, suite in parsed if suite is not None]
    faults.extend(_shared_ids(suites))
    if faults:
        raise ContractError(faults)
    return {suite.suite: suite for _, suite in suites}


def _parse(path: Path, faults: list[Fault]) -> Suite | None:
    name = f"{path.parent.name}/{path.name}"
    try:
        declared = yaml.safe_load(path.read_text(encoding="utf-8"))
        suite = Suite.model_validate(declared)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        faults.append(Fault(name, f"line {mark.line + 1}" if mark else "file", "is not YAML"))
        return None
    except ValidationError as error:
        faults.extend(Fault(name, _place(fault["loc"], declared), fault["msg"]) for fault in error.errors())
        return None
    faults.extend(lint_suite(suite, name))
    return suite


def _place(location: tuple[int | str, ...], declared: object) -> str:
    """`rules.PB-LAB-001.severity` rather than `rules.3.severity`."""
    parts = [str(part) for part in location]
    if len(location) > 1 and location[0] == "rules" and isinstance(location[1], int):
        rules = declared.get("rules") if isinstance(declared, dict) else None
        rule = rules[location[1]] if isinstance(rules, list) else None
        if isinstance(rule, dict) and isinstance(rule.get("id"), str):
            parts[1] = rule["id"]
    return ".".join(parts) or "file"


def _shared_ids(suites: list[tuple[Path, Suite]]) -> Iterator[Fault]:
    homes: dict[str, str] = {}
    for path, suite in suites:
        name = f"{path.parent.name}/{path.name}"
        for rule in suite.rules:
            other = homes.setdefault(rule.id, name)
            if other != name:
                yield Fault(name, f"rules.{rule.id}", f"the id is also used in {other}")
