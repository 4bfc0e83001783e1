"""Lines of the report's smaller tables: faults, quarantine, conflicts, changes, seconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from pipelines.contract.model import Contract
from pipelines.reasons import REASONS
from pipelines.report.basics import Words
from pipelines.report.checks import FaultLine, QuarantineLine
from pipelines.report.model import Batch, Change, ConflictLine, StageTime
from pipelines.report.names import Sentences, column_of, feed_of, hint_of, known_column, sentence_of
from pipelines.report.queries import Row

STAGES: Final = ("land", "standardise", "validate", "resolve", "survive", "publish", "report")


def stage_rank(stage: str) -> int:
    """The stage's place in the order of stages; unknown ones come last."""
    return STAGES.index(stage) if stage in STAGES else len(STAGES)


def faults_of(
    rows: list[Row],
    batches: tuple[Batch, ...],
    contracts: Mapping[str, Contract],
    rules: Sentences,
) -> tuple[FaultLine, ...]:
    """Values at fault, beside the rows of their feed that went on."""
    went_on: Counter[str] = Counter()
    for batch in batches:
        went_on[batch.feed] += batch.rows.received - batch.rows.quarantined
    return tuple(_fault(row, went_on[row["feed"]], contracts, rules) for row in rows)


def _fault(row: Row, went_on: int, contracts: Mapping[str, Contract], rules: Sentences) -> FaultLine:
    code, contract = row["reason_code"], contracts.get(row["feed"])
    reason, column = REASONS.get(code), known_column(row["column_name"], contract)
    return FaultLine(
        feed=feed_of(row["feed"], contracts),
        column=column_of(row["column_name"], contract),
        source=column.source if column else "",
        code=code,
        severity=reason.severity if reason else "warn",
        sentence=sentence_of(code, rules),
        rows=row["rows"],
        of=went_on,
    )


def quarantine_line(row: Row, contracts: Mapping[str, Contract], rules: Sentences) -> QuarantineLine:
    """Rows of a delivery set aside for one reason."""
    code = row["reason_code"]
    return QuarantineLine(
        feed=feed_of(row["feed"], contracts),
        sequence=row["sequence"],
        code=code,
        sentence=sentence_of(code, rules),
        hint=hint_of(code),
        rows=row["rows"],
        first_rows=tuple(row["first_rows"]),
    )


def conflict_line(row: Row) -> ConflictLine:
    """Cases of one kind."""
    code = row["reason_code"]
    return ConflictLine(code, sentence_of(code, {}), hint_of(code), row["cases"], row["records"])


def changes_of(run: Row | None, titles: Mapping[str, Words]) -> tuple[Change, ...]:
    """What the publication opened and closed, the table of persons first."""
    counts: Mapping[str, Any] = (run["counts"] if run else None) or {}
    tables = sorted(counts, key=lambda table: (table != "person", table))
    return tuple(
        Change(
            table=table,
            title=titles.get(table, Words(table, table)),
            opened=counts[table].get("opened", 0),
            closed=counts[table].get("closed", 0),
            unchanged=counts[table].get("unchanged", 0),
        )
        for table in tables
    )


def seconds_of(rows: list[Row]) -> tuple[StageTime, ...]:
    """Seconds by stage, in the order of stages."""
    times = [StageTime(**row) for row in rows]
    return tuple(sorted(times, key=lambda time: (stage_rank(time.stage), time.stage)))
