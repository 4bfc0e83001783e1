"""Cases out as a workbook, decisions in from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pipelines.errors import UsageError
from pipelines.intake.returned import first_sheet, read_returned
from pipelines.report.review_file import Decision, decisions_in, records_cell, review_workbook, words
from pipelines.reviewing.cases import LOCK, STORED, Verdict, Wanted, add_judgement, newest_run, signed, told
from pipelines.reviewing.seeing import seen_values
from pipelines.store import judging
from pipelines.store.database import open_database
from pipelines.store.postgres import advisory_lock

if TYPE_CHECKING:
    from pipelines.report.basics import Language
    from pipelines.settings import Settings


def give_out(
    settings: Settings,
    path: Path,
    wanted: Wanted,
    *,
    limit: int = 1000,
    language: Language = "zh",
    by: str = "",
    purpose: str | None = None,
) -> dict[str, Any]:
    """Write a workbook of the first `limit` wanted cases; with a purpose it holds what the records say.

    Returns {"path", "cases", "left": wanted cases that are not in it}. Nobody else on the machine reads the file.
    """
    with open_database(settings) as conn:
        rows = judging.listed_cases(conn, newest_run(conn))
        chosen = [row for row in rows if wanted.has(told(row))]
        cases = chosen[:limit]
        values = {} if purpose is None else seen_values(settings, conn, cases, by=by, purpose=purpose)
        content = review_workbook([told(row) for row in cases], values, language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(content)
    return {"path": str(path), "cases": len(cases), "left": len(chosen) - len(cases)}


def take_in(settings: Settings, path: Path, *, by: str) -> dict[str, Any]:
    """Take in a returned workbook: every decision without fault is a judgement of `by`.

    A decision that `by` has given already in the same words is not added again, so that a file may be sent twice.
    Returns {"decisions", "taken", "known", "refused": [{"row", "fault", "zh", "en"}]}; a row's content is not told.

    Raises:
        UsageError: no name, or a file that is no workbook of clerical review.
    """
    signed(by, "-")
    decisions = decisions_in(first_sheet(read_returned(path)))
    if decisions is None:
        raise UsageError(
            f"{path.name} has no header of a review file", hint="popbase review export makes one"
        )
    with open_database(settings) as conn:
        advisory_lock(conn, LOCK)
        said = {(j["case_id"], j["judged_by"], j["verdict"], j["reason"]) for j in judging.judgements_on(conn, None)
                if j["undone_at"] is None}  # fmt: skip
        run_id = newest_run(conn)
        listed = {row["case_id"]: [row] for row in judging.listed_cases(conn, run_id)}
        refused, known = list[dict[str, Any]](), 0
        for decision in decisions:
            number = decision.case or 0
            cases = listed.get(number) or judging.listed_cases(conn, run_id, number)
            fault = decision.fault or _fault(decision, cases)
            if fault is not None:
                refused.append({"row": decision.row, "fault": fault} | words()["faults"][fault])
                continue
            verdict = cast("Verdict", decision.verdict)
            if _key(decision, by) in said:
                known += 1
                continue
            add_judgement(conn, cases[0], verdict, by=by, why=decision.why, settle=False)
    taken = len(decisions) - len(refused) - known
    return {"decisions": len(decisions), "taken": taken, "known": known, "refused": refused}


def _key(decision: Decision, by: str) -> tuple[int | None, str, str, str]:
    return decision.case, by.strip(), STORED[decision.verdict or "unsure"], decision.why


def _fault(decision: Decision, cases: list[dict[str, Any]]) -> str | None:
    if not cases:
        return "unknown"
    return None if decision.records == records_cell(told(cases[0])) else "records"
