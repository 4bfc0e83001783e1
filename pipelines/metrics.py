"""`popbase metrics`: how the house stands, as Prometheus text.

Labels are feeds, departments, states, stages and severities: names from declarations, never from a delivery. Moments
are seconds since 1970, so that a file which nobody writes any more does not look young.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any, Final

from pipelines.exposition import Family, exposition
from pipelines.reasons import REASONS
from pipelines.status import CHINA, feed_states
from pipelines.store import audit, feedback
from pipelines.store.backing_up import bases_of
from pipelines.store.backup_folder import backup_of
from pipelines.store.database import open_database
from pipelines.store.linkage_quality import quality_of
from pipelines.store.postgres import fetch
from pipelines.store.publication import pointer, publications

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.settings import Settings
    from pipelines.store.postgres import Connection

Row = dict[str, Any]
FEED_STATES: Final = ("on time", "due", "late", "nothing yet")
_BATCHES: Final = "select feed, status, count(*) as n from ledger.batch group by 1, 2 order by 1, 2"
_ASIDE: Final = """
select b.feed, count(*) as n from quality.quarantine join ledger.batch as b using (batch_id)
where b.status = 'accepted' group by 1 order by 1
"""
_FAULTS: Final = """
select b.feed, f.reason_code as code, sum(f.rows) as n from quality.fault_count as f
join ledger.batch as b using (batch_id) where b.status = 'accepted' group by 1, 2 order by 1, 2
"""
_RULES: Final = """
select b.feed, r.severity, r.status, count(*) as n from quality.rule_result as r
join ledger.batch as b on b.batch_id = r.subject
where b.status = 'accepted' and b.position = (
    select max(newest.position) from ledger.batch as newest where newest.feed = b.feed and newest.status = 'accepted')
group by 1, 2, 3 order by 1, 2, 3
"""
_SECONDS: Final = """
with run as (
    select r.run_id, r.inputs from ledger.run as r join publication.publication as p using (run_id)
    where p.number = %s)
select t.stage, sum(t.seconds) as seconds from ledger.stage_time as t, run
where t.subject = run.run_id or t.subject in (
    select jsonb_array_elements_text(feed.value) from jsonb_each(run.inputs -> 'feeds') as feed)
group by 1 order by 1
"""
_RUN: Final = """
select r.run_id, r.records, r.persons, p.released_at from ledger.run as r
join publication.publication as p using (run_id) where p.number = %s
"""
_ARCHIVER: Final = """
select extract(epoch from last_archived_time) as archived, archived_count, failed_count from pg_stat_archiver
"""


def metrics(settings: Settings, today: date | None = None) -> str:
    """All metrics as text."""
    return exposition(families(settings, today))


def families(settings: Settings, today: date | None = None) -> Iterator[Family]:
    """The metrics, by what they speak of."""
    with open_database(settings) as conn:
        yield from _published(conn)
        yield from _deliveries(conn)
        yield from _findings(conn, today or datetime.now(CHINA).date())
        yield from _linked(conn)
        yield Family(
            "popbase_audit_events", "Length of the audit chain.", [({}, audit.head(conn)["position"])]
        )
        yield from _archived(conn, settings)
    yield from _feeds(feed_states(settings, today)["feeds"])


def _published(conn: Connection) -> Iterator[Family]:
    number = pointer(conn)
    states = Counter(row["state"] for row in publications(conn))
    yield Family(
        "popbase_publication_number", "The publication readers see; 0 before the first.", [({}, number)]
    )
    counted = [({"state": state}, states[state]) for state in ("staged", "released", "refused", "withdrawn")]
    yield Family("popbase_publications", "Publications by state.", counted)
    for run in fetch(conn, _RUN, (number,)):
        released = run["released_at"].timestamp() if run["released_at"] else 0
        yield Family(
            "popbase_publication_released_timestamp_seconds", "When readers first saw it.", [({}, released)]
        )
        yield Family("popbase_records", "Records it was made of.", [({}, run["records"])])
        yield Family("popbase_persons", "Persons in it.", [({}, run["persons"] or 0)])
    seconds = [({"stage": row["stage"]}, row["seconds"]) for row in fetch(conn, _SECONDS, (number,))]
    yield Family("popbase_stage_seconds", "Seconds each stage took for it, over all its batches.", seconds)


def _deliveries(conn: Connection) -> Iterator[Family]:
    batches = [({"feed": row["feed"], "status": row["status"]}, row["n"]) for row in fetch(conn, _BATCHES)]
    yield Family("popbase_batches", "Deliveries that were landed, by what became of them.", batches)
    aside = [({"feed": row["feed"]}, row["n"]) for row in fetch(conn, _ASIDE)]
    yield Family("popbase_quarantined_rows", "Rows set aside, of deliveries in effect.", aside)
    faults: Counter[tuple[str, str]] = Counter()
    for row in fetch(conn, _FAULTS):
        faults[row["feed"], REASONS[row["code"]].severity if row["code"] in REASONS else "other"] += int(
            row["n"]
        )
    counted = [({"feed": feed, "severity": severity}, n) for (feed, severity), n in sorted(faults.items())]
    yield Family("popbase_faulty_values", "Values at fault, of deliveries in effect, by severity.", counted)
    rules = [
        ({name: str(row[name]) for name in ("feed", "severity", "status")}, row["n"])
        for row in fetch(conn, _RULES)
    ]
    yield Family("popbase_rules", "Rules of each feed's newest delivery in effect, by outcome.", rules)


def _findings(conn: Connection, today: date) -> Iterator[Family]:
    open_now: Counter[str] = Counter()
    overdue: Counter[str] = Counter()
    for row in feedback.work_lists(conn, today):
        open_now[row["department"]] += sum(row[state] for state in feedback.OPEN)
        overdue[row["department"]] += row["overdue"]
    for name, says, counted in (
        ("popbase_findings_open", "Findings that no delivery has corrected yet.", open_now),
        ("popbase_findings_overdue", "Findings whose owner should have answered.", overdue),
    ):
        yield Family(name, says, [({"department": d}, counted[d]) for d in sorted(counted)])


def _linked(conn: Connection) -> Iterator[Family]:
    """Without labels: numbers were hidden, and the records linked by the rest."""
    runs = fetch(conn, _RUN, (pointer(conn),))
    figures = quality_of(conn, runs[0]["run_id"]) if runs else []
    for row in (row for row in figures if row["grouping"] == "all"):
        for name in ("precision", "recall"):
            bounds = {"estimate": row[name], "low": row[f"{name}_low"], "high": row[f"{name}_high"]}
            told = [({"bound": bound}, value) for bound, value in bounds.items() if value is not None]
            yield Family(
                f"popbase_linkage_{name}_ratio", f"Its {name} without numbers, with 95 % interval.", told
            )


def _archived(conn: Connection, settings: Settings) -> Iterator[Family]:
    folder = backup_of(settings.home)
    if folder is None or settings.database_url is not None:
        return
    bases = bases_of(folder)
    if bases:
        last = bases[-1].ended_at.timestamp()
        yield Family(
            "popbase_backup_timestamp_seconds", "When the newest base backup was complete.", [({}, last)]
        )
    row = fetch(conn, _ARCHIVER)[0]
    if row["archived"] is not None:
        says = "When the last segment went to the archive."
        yield Family("popbase_archive_timestamp_seconds", says, [({}, float(row["archived"]))])
    yield Family(
        "popbase_archive_failures_total",
        "Attempts to archive that failed.",
        [({}, row["failed_count"])],
        "counter",
    )


def _feeds(states: list[Row]) -> Iterator[Family]:
    stood = [
        ({"feed": one["feed"], "state": state}, float(one["state"] == state))
        for one in states
        for state in FEED_STATES
    ]
    yield Family("popbase_feed_state", "1 for the state the feed is in, against its cadence.", stood)
    for name, says, key in (
        ("popbase_feed_data_timestamp_seconds", "Newest data date in effect.", "data_date"),
        ("popbase_feed_expected_timestamp_seconds", "Data date of the next delivery.", "expected"),
        ("popbase_feed_days_behind", "Days since that date.", "days_behind"),
        ("popbase_feed_records", "Records of the register.", "records"),
        ("popbase_feed_waiting", "Batches that wait for a person's yes.", "waiting"),
        ("popbase_feed_refusals", "Deliveries refused, ever.", "refusals"),
    ):
        told = [({"feed": one["feed"]}, _value(one[key])) for one in states if one[key] is not None]
        yield Family(name, says, told)


def _value(told: Any) -> float:
    if isinstance(told, date):
        return datetime.combine(told, time(), UTC).timestamp()
    return float(len(told) if isinstance(told, list) else told)


def write_metrics(path: Path, text: str) -> None:
    """Write the file wholly or not at all: a collector may read at any moment."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.chmod(0o644)
    part.replace(path)
