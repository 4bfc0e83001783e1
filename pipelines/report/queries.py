"""Reading the ledger for a report: the SELECTs of sql/reports, in the order of their numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SQL = Path(__file__).resolve().parents[2] / "sql" / "reports"
Row = dict[str, Any]
Fetch = Callable[[str, Sequence[object]], list[Row]]


@dataclass(frozen=True)
class Facts:
    """Rows as the database gave them; `run` is None when there was no run yet."""

    run: Row | None
    deliveries: list[Row]
    batches: list[Row]
    conservation: list[Row]
    verdicts: list[Row]
    rules: list[Row]
    faults: list[Row]
    quarantine: list[Row]
    links: list[Row]
    conflicts: list[Row]
    events: list[Row]
    seconds: list[Row]
    publications: list[Row]
    signatures: list[Row] = field(default_factory=list)
    quality: list[Row] = field(default_factory=list)

    @property
    def subject(self) -> str:
        """Under what name the audit of the staged publication was written down."""
        number = self.run["number"] if self.run else None
        return subject_of(number)


def subject_of(number: int | None) -> str:
    """`publication:<number>`; a name nothing has when there is no number."""
    return f"publication:{number if number is not None else 'none'}"


def query_facts(fetch: Fetch, number: int | None, run_id: str | None, sql: Path = SQL) -> Facts:
    """All rows of one report. With neither number nor run, those of the newest run."""

    def select(name: str, *params: object) -> list[Row]:
        return fetch((sql / f"{name}.sql").read_text(encoding="utf-8"), params)

    found = select("010_run", run_id, number)
    run = found[0] if found else None
    named = run["run_id"] if run else None
    shown = run["number"] if run else None
    batches = select("030_batches", named)
    ids = [batch["batch_id"] for batch in batches]
    subject = subject_of(shown)
    return Facts(
        run=run,
        deliveries=select("020_deliveries", named),
        batches=batches,
        conservation=select("040_conservation", ids),
        verdicts=select("050_verdicts", ids, subject, subject),
        rules=select("060_rules", ids, subject, subject),
        faults=select("070_faults", ids),
        quarantine=select("080_quarantine", ids),
        links=select("090_links", named),
        conflicts=select("100_conflicts", named),
        events=select("110_events", named),
        seconds=select("120_seconds", [*ids, *([named] if named else [])]),
        publications=select("130_publications", shown, shown),
        signatures=select("280_signatures", subject),
        quality=select("115_linkage_quality", named),
    )
