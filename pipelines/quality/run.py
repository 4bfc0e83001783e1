"""Validate a frame against a suite with Great Expectations, on the Polars engine.

The first call in a Python process imports Great Expectations (4 to 12 s); validate several
batches in one process.
"""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from pipelines.errors import PopbaseError
from pipelines.quality.checkable import MARK
from pipelines.quality.derived import Tables, add_columns
from pipelines.quality.document import document_of
from pipelines.quality.outcome import Outcome, RuleResult, answered, not_checked
from pipelines.quality.suite import Rule, Suite
from pipelines.quality.supported import SUPPORTED, UNEXPECTED_ROWS, WHOLE_TABLE, columns_in, level

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

    from pipelines.quality.session import Run

RAISED: Final = "the check raised an exception"
CHINA: Final = dt.timezone(dt.timedelta(hours=8))


def validate_frame(
    frame: pl.DataFrame | pl.LazyFrame,
    suite: Suite,
    *,
    row_id: str = "row_number",
    today: dt.date | None = None,
    tables: Tables | None = None,
) -> Outcome:
    """What `suite` finds in `frame`.

    `row_id` names the column that tells a row in `failing`. `today` is the value of the suites'
    parameter of that name (`max_value: {$PARAMETER: today}`): give the batch's data date, or
    results depend on the clock, whose date in China is taken otherwise. `tables` gives the rows of the tables that
    derived columns look into; without it rules on those columns are not checked.

    A lazy frame (`pl.scan_parquet`) is streamed, one pass for all rules: row ids, masks (a bit a row) and the columns of
    rules about repeated or ordered values stay in memory. It saves memory, not time. Where columns are derived, what
    the rules need is collected first.

    A rule that has no answer (an unknown or unsupported expectation, a column that is not there,
    an exception inside the check) is `not_checked`, with the reason; nothing of it is raised.

    Raises:
        PopbaseError: the frame has no column `row_id`.
    """
    if row_id not in frame.collect_schema().names():
        raise PopbaseError(f"the frame to validate has no column {row_id!r}")
    day = today or dt.datetime.now(CHINA).date()
    if suite.derived:
        frame = add_columns(_collected(frame, suite, row_id), suite.derived, day, tables)
    with quiet():
        return _validate(frame, suite, row_id, day)


def _collected(frame: pl.DataFrame | pl.LazyFrame, suite: Suite, row_id: str) -> pl.DataFrame:
    """In memory; of a lazy frame only the columns that rules and derived columns name, unless a rule asks for all."""
    if isinstance(frame, pl.DataFrame):
        return frame
    named = {row_id, *(column for how in suite.derived.values() for column in how.sources)}
    named |= {column for rule in suite.rules for column in columns_in(rule.kwargs)}
    whole = any(rule.expectation in WHOLE_TABLE for rule in suite.rules)
    known = frame.collect_schema().names()
    return frame.select(name for name in known if whole or name in named).collect(engine="streaming")


def unrunnable(suite: Suite) -> dict[str, str]:
    """Rules that no frame could be checked by, and why: Great Expectations does not take their arguments."""
    with quiet():
        return _expectations(suite)[1]


def _validate(frame: pl.DataFrame | pl.LazyFrame, suite: Suite, row_id: str, today: dt.date) -> Outcome:
    from pipelines.quality.session import run_expectations  # noqa: PLC0415 - imports GX, 4 to 12 s

    expectations, reasons = _expectations(suite)
    masks: dict[str, pl.Series] = {}
    try:
        run = run_expectations(frame, list(expectations.values()), today, row_id)
    except Exception as error:  # noqa: BLE001 - whatever Great Expectations trips over
        reason = f"Great Expectations stopped: {type(error).__name__}"
        results = tuple(not_checked(rule, reasons.get(rule.id, reason)) for rule in suite.rules)
        return Outcome(results, _failing(frame, row_id, masks), document_of(suite, results))
    results = tuple(
        not_checked(rule, reasons[rule.id]) if rule.id in reasons else _collect(rule, run, masks)
        for rule in suite.rules
    )
    document = document_of(suite, results, run.counts, run.version)
    rows = frame.lazy().select(row_id) if run.row_ids is None else pl.LazyFrame([run.row_ids])
    return Outcome(results, _failing(rows, row_id, masks), document)


def _expectations(suite: Suite) -> tuple[dict[str, Expectation], dict[str, str]]:
    """The rules that can be run, by id, and why the others cannot."""
    from pipelines.quality.session import as_expectation  # noqa: PLC0415 - imports GX, 4 to 12 s

    runnable: dict[str, Expectation] = {}
    reasons: dict[str, str] = {}
    for rule in suite.rules:
        if rule.expectation not in SUPPORTED:
            reasons[rule.id] = f"{rule.expectation} is not supported on Polars"
            continue
        try:
            runnable[rule.id] = as_expectation(rule)
        except Exception as error:  # noqa: BLE001 - pydantic 1, marshmallow and GX errors
            reasons[rule.id] = f"the kwargs are not understood: {type(error).__name__}"
    return runnable, reasons


def _collect(rule: Rule, run: Run, masks: dict[str, pl.Series]) -> RuleResult:
    """The answer to one rule; adds the mask of a row rule to `masks`."""
    found = run.results.get(rule.id)
    if found is None:
        return not_checked(rule, "Great Expectations gave no result")
    reason = _exception(found.exception_info)
    if reason is not None:
        return not_checked(rule, reason)
    passed = bool(found.success)
    if level(rule.expectation) == "table":
        return answered(rule, passed=passed, examined=1, failed=int(not passed))
    mask = run.mask(rule.id)
    if mask is None:
        return not_checked(rule, "the check left no mask")
    masks[rule.id] = mask
    if rule.expectation == UNEXPECTED_ROWS:
        return answered(rule, passed=passed, examined=mask.len(), failed=int(mask.sum()))
    examined = found.result["element_count"] - found.result.get("missing_count", 0)
    return answered(rule, passed=passed, examined=examined, failed=int(mask.sum()))


def _exception(told: Mapping[str, Any] | None) -> str | None:
    """Why there is no answer. Only our own texts are shown: others may quote a cell."""
    if not told:
        return None
    entries = [told] if "raised_exception" in told else list(told.values())
    raised = [entry for entry in entries if entry["raised_exception"]]
    if not raised:
        return None
    messages = [str(entry["exception_message"]) for entry in raised]
    ours = [message.removeprefix(MARK) for message in messages if message.startswith(MARK)]
    return ours[0] if ours else RAISED


def _failing(frame: pl.DataFrame | pl.LazyFrame, row_id: str, masks: Mapping[str, pl.Series]) -> pl.DataFrame:
    rows = frame.lazy().select(row_id).collect(engine="streaming").to_series()
    parts = [
        pl.DataFrame({row_id: rows.filter(mask)}).with_columns(rule_id=pl.lit(rule_id))
        for rule_id, mask in masks.items()
    ]
    empty = pl.DataFrame(schema={row_id: rows.dtype, "rule_id": pl.String})
    return pl.concat([empty, *parts])


@contextmanager
def quiet() -> Iterator[None]:
    """Great Expectations and its dependencies warn of their own deprecations, not of our use."""
    with warnings.catch_warnings():
        for module in ("great_expectations", "marshmallow", "pydantic", "altair", "pandas"):
            warnings.filterwarnings("ignore", module=rf"{module}(\.|$)")
        yield
