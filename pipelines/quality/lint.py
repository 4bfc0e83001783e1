"""What a suite file may not say, beyond its form: faults found without any frame."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import polars as pl

from pipelines.errors import Fault
from pipelines.quality.derived import ExistsIn, ValueIn
from pipelines.quality.supported import EXTREME_EXPECTATIONS, columns_in

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
    yield from _derived(suite, file)
    for rule in suite.rules:
        yield from _leaks(rule, file)
        for message in _unsaid(rule):
            yield Fault(file, f"rules.{rule.id}", message)


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


def _unsaid(rule: Rule) -> Iterator[str]:
    """What a reader of the rule would miss, or be misled by."""
    if "thresholds" not in rule.model_fields_set:
        yield "says no `thresholds`"
    if "mostly" in rule.kwargs:
        yield "`mostly` would pass a rule that rows break: say it with `thresholds`"
    if not re.search(r"[\u4e00-\u9fff]", rule.zh):
        yield "`zh` is not Chinese"
    if re.search(r"[\u4e00-\u9fff]", rule.en):
        yield "`en` is not English"
    pattern = rule.kwargs.get("regex")
    if isinstance(pattern, str) and not _compiles(pattern):
        yield "`regex` is none that Polars takes (no look-around)"


def _compiles(pattern: str) -> bool:
    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.ComputeError:
        return False
    return True


def _derived(suite: Suite, file: str) -> Iterator[Fault]:
    """Derived columns that nothing uses; what other tables say, where it may not be asked or may stop something."""
    elsewhere = {name for name, how in suite.derived.items() if isinstance(how, ExistsIn | ValueIn)}
    used = {column for rule in suite.rules for column in columns_in(rule.kwargs)}
    used |= {column for how in suite.derived.values() for column in how.sources}
    for name in sorted(suite.derived.keys() - used):
        yield Fault(file, f"derived.{name}", "no rule looks at it")
    if not suite.suite.startswith("published/"):
        for name in sorted(elsewhere):
            message = "what others delivered depends on when: ask it in a suite of expectations/published"
            yield Fault(file, f"derived.{name}", message)
    for rule in suite.rules:
        if rule.severity != "warn" and elsewhere & columns_in(rule.kwargs):
            yield Fault(file, f"rules.{rule.id}", "what another table says stops nothing: severity warn")


def _leaks(rule: Rule, file: str) -> Iterator[Fault]:
    if rule.expectation in EXTREME_EXPECTATIONS:
        for column in filter(is_personal, rule.columns):
            message = f"{rule.expectation} would show a person's value of {column!r}"
            yield Fault(file, f"rules.{rule.id}.kwargs", message)
