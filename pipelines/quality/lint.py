"""What a suite file may not say, beyond its form: faults found without any frame."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from pipelines.errors import Fault
from pipelines.quality.supported import EXTREME_EXPECTATIONS

if TYPE_CHECKING:
    from pipelines.quality.suite import Rule, Suite

PERSONAL_STEMS: Final = (
    "citizen_id", "name", "born_on", "telephone", "address", "household_number", "person_id",
    "personal_number", "certificate_number", "permit_number", "roll_number", "raw.",
)  # fmt: skip
"""A column whose name holds one of these carries persons' values."""


def is_personal(column: str) -> bool:
    """Whether a column carries values that tell of a person."""
    return any(stem in column for stem in PERSONAL_STEMS)


def lint_suite(suite: Suite, file: str) -> Iterator[Fault]:
    """Faults of a well-formed suite: name, doubled ids, doubled checks, values that would leak."""
    expected = file.removesuffix(".yml")
    if suite.suite != expected:
        yield Fault(file, "suite", f"is {suite.suite!r}, the file says {expected!r}")
    yield from _doubled(suite, file)
    for rule in suite.rules:
        yield from _leaks(rule, file)


def _doubled(suite: Suite, file: str) -> Iterator[Fault]:
    ids: set[str] = set()
    checks: dict[str, str] = {}
    for rule in suite.rules:
        if rule.id in ids:
            yield Fault(file, f"rules.{rule.id}", "the id occurs twice")
        check = f"{rule.expectation} {sorted(rule.kwargs.items(), key=lambda item: item[0])}"
        other = checks.setdefault(check, rule.id)
        if other != rule.id:
            yield Fault(file, f"rules.{rule.id}", f"is the same check as {other}")
        ids.add(rule.id)


def _leaks(rule: Rule, file: str) -> Iterator[Fault]:
    if rule.expectation in EXTREME_EXPECTATIONS:
        for column in filter(is_personal, rule.columns):
            message = f"{rule.expectation} would show a person's value of {column!r}"
            yield Fault(file, f"rules.{rule.id}.kwargs", message)
