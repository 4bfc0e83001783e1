r"""A suite through Great Expectations' own PostgreSQL engine: another program counts the same rows in the database.

It shares nothing with the Polars engine but Great Expectations' expectations. Rules on derived columns are left out: those
columns are not in the database. An expression that PostgreSQL reads otherwise (`\p{Han}`) has no answer there.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit, urlunsplit

from pipelines.quality.supported import UNEXPECTED_ROWS, columns_in, level

if TYPE_CHECKING:
    from pipelines.quality.suite import Rule, Suite

DERIVED: Final = "on a column that is computed, not stored"
NO_ANSWER: Final = "PostgreSQL gives no answer to it"


@dataclass(frozen=True)
class Opinion:
    """What PostgreSQL counted for one rule: whether it holds, and how many rows break it; or why nothing was counted."""

    rule_id: str
    passed: bool | None = None
    failed: int | None = None
    reason: str | None = None


def opinions(url: str, query: str, suite: Suite, today: dt.date) -> tuple[Opinion, ...]:
    """One opinion a rule, in the suite's order.

    Args:
        url: of the database, as libpq takes it.
        query: SELECT of the rows to be judged; it is used as a subquery, nothing is written.
        suite: the rules.
        today: the value of the suites' parameter of that name.
    """
    from pipelines.quality.run import quiet  # noqa: PLC0415

    able = [rule for rule in suite.rules if not suite.derived.keys() & columns_in(rule.kwargs)]
    with quiet(), _silent():
        found = _found(url, query, able, today)
    return tuple(
        _opinion(rule, found.get(rule.id)) if rule in able else Opinion(rule.id, reason=DERIVED)
        for rule in suite.rules
    )


def _found(url: str, query: str, rules: list[Rule], today: dt.date) -> dict[str, Any]:
    import great_expectations as gx  # noqa: PLC0415 - after the setting that keeps it offline

    from pipelines.quality.session import COUNTS_ONLY, as_expectation, in_memory  # noqa: PLC0415 - 4 to 12 s

    context = gx.get_context(mode="ephemeral", project_config=in_memory())
    source = context.data_sources.add_postgres(
        "published", connection_string=with_driver(url), create_temp_table=False
    )
    asset = source.add_query_asset("rows", query=query)
    suite = gx.ExpectationSuite(name="suite", expectations=[as_expectation(rule) for rule in rules])
    definition = gx.ValidationDefinition(
        name="validation", data=asset.add_batch_definition("whole"), suite=context.suites.add(suite)
    )
    ran = definition.run(expectation_parameters={"today": today.isoformat()}, result_format=dict(COUNTS_ONLY))
    told = ((entry.expectation_config, entry) for entry in ran.results)
    return {str(configured.meta["rule"]): entry for configured, entry in told if configured is not None}


def _opinion(rule: Rule, found: Any) -> Opinion:
    if found is None or not found.result:
        return Opinion(rule.id, reason=NO_ANSWER)
    if level(rule.expectation) == "table":
        return Opinion(rule.id, bool(found.success), int(not found.success))
    count = found.result["observed_value" if rule.expectation == UNEXPECTED_ROWS else "unexpected_count"]
    return Opinion(rule.id, bool(found.success), int(count))


def with_driver(url: str) -> str:
    """The URL as SQLAlchemy and Great Expectations take it: with a driver, and with a host even for a socket."""
    parts = urlsplit(url)
    account = parts.netloc.rpartition("@")[0]
    place = parts.netloc if parts.hostname else f"{account}@localhost".removeprefix("@")
    escaped = urlunsplit(("postgresql+psycopg2", place, parts.path, parts.query, ""))
    return escaped.replace("$", r"\$")


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Great Expectations prints and logs SQL errors, which quote cells."""
    logging.disable(logging.CRITICAL)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(logging.NOTSET)
