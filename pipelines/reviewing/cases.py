"""Cases: what waits, what was said, and new judgements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from pipelines.errors import UsageError
from pipelines.privacy import reference
from pipelines.reasons import REASONS
from pipelines.reviewing.seeing import seen_values
from pipelines.store import judging
from pipelines.store.database import open_database
from pipelines.store.postgres import advisory_lock, fetch

if TYPE_CHECKING:
    from pipelines.settings import Settings
    from pipelines.store.postgres import Connection

Verdict = Literal["link", "non-link", "unsure"]
State = Literal["open", "waiting", "disagreement", "unsure", "decided", "all"]
STORED: Final[dict[str, str]] = {"link": "positive", "non-link": "negative", "unsure": "unsure"}
SPOKEN: Final = {stored: spoken for spoken, stored in STORED.items()}
LONGEST: Final = 500
LOCK: Final = "popbase review"


@dataclass(frozen=True)
class Wanted:
    """Which cases: their state (open: all but the decided), reason code, a feed either record is of, least value."""

    state: State = "open"
    code: str | None = None
    feed: str | None = None
    value: float = 0.0
    sample: int | None = None

    def has(self, case: dict[str, Any]) -> bool:
        """Whether that case is wanted."""
        states = (
            {case["state"]} if self.state == "all"
            else {"waiting", "disagreement", "unsure"} if self.state == "open"
            else {self.state}
        )  # fmt: skip
        return (
            case["state"] in states
            and self.code in (None, case["reason_code"])
            and self.feed in (None, case["feed_a"], case["feed_b"])
            and (case["value"] or 0.0) >= self.value
            and self.sample in (None, case["seed"])
        )


def list_cases(settings: Settings, wanted: Wanted) -> list[dict[str, Any]]:
    """Cases in the order to take them: disagreements first, then what is worth most. No value of a person."""
    with open_database(settings) as conn:
        found = [told(row) for row in judging.listed_cases(conn, newest_run(conn))]
    return [case for case in found if wanted.has(case)]


def show_case(settings: Settings, number: int, *, by: str = "", purpose: str | None = None) -> dict[str, Any]:
    """A case with everything that was said of it; with a purpose also what the two records say, side by side.

    Raises:
        UsageError: no such case, or a purpose without a name.
    """
    with open_database(settings) as conn:
        row = _case(conn, number)
        said = [_said(line) for line in judging.judgements_on(conn, number)]
        values = None
        if purpose is not None:
            values = seen_values(settings, conn, [row], by=by, purpose=purpose)[number]
    return told(row) | {"judgements": said} | ({} if values is None else {"values": values})


def decide(
    settings: Settings, number: int, verdict: Verdict, *, by: str, why: str, settle: bool = False
) -> dict[str, Any]:
    """Say whether a case's records are one person; it holds from the next run on.

    Returns {"case", "judgement", "state", "verdict": what holds now, or None}.

    Raises:
        UsageError: no such case, no name or reason, or a settlement where nothing is to be settled by that person.
    """
    with open_database(settings) as conn:
        advisory_lock(conn, LOCK)
        row = _case(conn, number)
        judgement = add_judgement(conn, row, verdict, by=by, why=why, settle=settle)
        now = _case(conn, number)
    return {
        "case": number, "judgement": judgement, "state": now["state"],
        "verdict": SPOKEN.get(now["verdict"] or ""),
    }  # fmt: skip


def add_judgement(
    conn: Connection, case: dict[str, Any], verdict: Verdict, *, by: str, why: str, settle: bool
) -> int:
    """`decide` in the caller's transaction, for a case as the database has it."""
    by, why = signed(by, why)
    if settle:
        _check_settling(conn, case, verdict, by)
    pair = (case["record_a"], case["record_b"])
    return judging.judge(conn, pair, STORED[verdict], by=by, reason=why, is_settling=settle)


def _check_settling(conn: Connection, case: dict[str, Any], verdict: Verdict, by: str) -> None:
    standing = judging.standing(conn, (case["record_a"], case["record_b"]))
    ordinary = [row for row in standing if not row["is_settling"]]
    if len({row["verdict"] for row in ordinary}) < 2:
        raise UsageError(f"nobody disagrees about case {case['case_id']}", hint="decide it without --settle")
    if by in {row["judged_by"] for row in ordinary}:
        raise UsageError("one of those who disagree cannot settle it", hint="a third person does")
    if verdict == "unsure":
        raise UsageError("unsure settles nothing", hint="--link or --non-link")


def undo(settings: Settings, judgement: int, *, by: str, why: str) -> dict[str, Any]:
    """Take a judgement back, as an event of its own. Returns {"judgement", "case", "state"}.

    Raises:
        UsageError: no such judgement, or it was taken back already.
    """
    by, why = signed(by, why)
    with open_database(settings) as conn:
        advisory_lock(conn, LOCK)
        said = [row for row in judging.judgements_on(conn, None) if row["judgement_id"] == judgement]
        if not said:
            raise UsageError(f"there is no judgement {judgement}", hint="popbase review show CASE lists them")
        if said[0]["undone_at"] is not None:
            raise UsageError(f"judgement {judgement} was taken back already")
        judging.undo(conn, judgement, by=by, reason=why)
        case = said[0]["case_id"]
        state = _case(conn, case)["state"] if case is not None else None
    return {"judgement": judgement, "case": case, "state": state}


def open_case(settings: Settings, record_a: str, record_b: str) -> dict[str, Any]:
    """A case of two records that are named as `popbase explain` names them.

    Raises:
        UsageError: an unknown record, or one record twice.
    """
    with open_database(settings) as conn:
        keys = fetch(conn, "select record_key from resolution.membership")
        known = {reference(row["record_key"]): row["record_key"] for row in keys}
        unknown = [name for name in (record_a, record_b) if name not in known]
        if unknown or record_a == record_b:
            raise UsageError(
                f"no record is named {unknown[0]}" if unknown else "a case has two records",
                hint="popbase explain PERSON_ID names the records of a person",
            )
        number = judging.case_of(conn, known[record_a], known[record_b], newest_run(conn))
        return told(_case(conn, number))


def newest_run(conn: Connection) -> str:
    """The run that resolved last: judgements are about what it made. UsageError before the first."""
    rows = fetch(conn, "select run_id from ledger.run order by started_at desc, run_id limit 1")
    if not rows:
        raise UsageError("nothing was resolved yet", hint="popbase run --inbox DIR")
    return str(rows[0]["run_id"])


def signed(by: str, why: str) -> tuple[str, str]:
    """Name and reason, without blanks around them; UsageError where one is missing."""
    by, why = by.strip(), why.strip()
    if not by or not why or len(why) > LONGEST:
        raise UsageError(f"it needs a name and a reason of at most {LONGEST} characters", hint="--by --why")
    return by, why


def told(row: dict[str, Any]) -> dict[str, Any]:
    """A case for the terminal: records by name and feed, codes and figures."""
    code = row["reason_code"]
    reason = REASONS.get(code or "")
    return {
        "case": row["case_id"],
        "state": row["state"],
        "reason_code": code,
        "zh": reason.zh if reason else None,
        "en": reason.en if reason else None,
        "record_a": reference(row["record_a"]),
        "feed_a": row["record_a"].split("|", 1)[0],
        "record_b": reference(row["record_b"]),
        "feed_b": row["record_b"].split("|", 1)[0],
        "is_joined": row["is_joined"],
        "method": row["method"],
        "weight": row["weight"] if row["weight"] is None else round(row["weight"], 2),
        "probability": row["probability"] if row["probability"] is None else round(row["probability"], 4),
        "stake": row["stake"],
        "value": row["value"],
        "verdict": SPOKEN.get(row["verdict"] or ""),
        "reviewers": row["reviewers"],
        "is_in_effect": row["is_in_effect"],
        "seed": row["seed"],
    }


def _case(conn: Connection, number: int) -> dict[str, Any]:
    rows = judging.listed_cases(conn, newest_run(conn), number)
    if not rows:
        raise UsageError(f"there is no case {number}", hint="popbase review list")
    return rows[0]


def _said(row: dict[str, Any]) -> dict[str, Any]:
    at: datetime = row["judged_at"]
    return {
        "judgement": row["judgement_id"],
        "verdict": SPOKEN[row["verdict"]],
        "by": row["judged_by"],
        "why": row["reason"],
        "at": at.astimezone(UTC).isoformat(timespec="seconds"),
        "settles": row["is_settling"],
        "undone_by": row["undone_by"],
        "undone_why": row["undone_why"],
    }
