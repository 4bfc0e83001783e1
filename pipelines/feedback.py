"""`popbase feedback`: findings go out to their owner as a workbook, answers come in, a delivery settles them.

popbase changes no value by an answer, key fields least of all: an answer moves a state, the department's next
delivery moves the data.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipelines.contract.load import load_contracts
from pipelines.errors import UsageError
from pipelines.intake.returned import first_sheet, read_returned
from pipelines.kernels.audited import JOINED
from pipelines.kernels.working_days import Calendar
from pipelines.policy import Feedback, load_feedback
from pipelines.report.feedback_file import Answer, Line, answers_in, feedback_workbook, words
from pipelines.report.names import column_of
from pipelines.settings import Settings
from pipelines.store import feedback
from pipelines.store.access import departments
from pipelines.store.database import open_database
from pipelines.store.lake import Lake

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.contract.model import Contract
    from pipelines.report.basics import Language
    from pipelines.store.postgres import Connection

CHINA: Final = timezone(timedelta(hours=8))


def give_out(
    settings: Settings,
    department: str,
    folder: Path,
    *,
    by: str,
    language: Language = "zh",
    on: date | None = None,
) -> dict[str, Any]:
    """Write the department's feedback file of this month and mark what is new in it.

    Returns {"department", "period", "path", "rows", "new"}; no file is made when nothing is open.

    Raises:
        UsageError: an unknown department.
    """
    day = on or datetime.now(CHINA).date()
    period, contracts = f"{day:%Y-%m}", load_contracts(settings.contracts)
    _known(settings, department)
    policy = load_feedback(settings.policies / "feedback.yml")
    with open_database(settings) as conn:
        _settle(settings, conn)
        found = [
            f for f in feedback.open_findings(conn, department) if f["state"] not in ("corrected", "rejected")
        ]
        told = {"department": department, "period": period, "path": None, "rows": len(found), "new": 0}
        if not found:
            return told
        new = [f for f in found if f["state"] == "raised"]
        for finding in new:
            finding["due_on"] = _due(policy, finding["kind"], day)
        said = feedback.sentences(conn)
        lines = [_line(finding, said, contracts.get(finding["feed"]), language) for finding in found]
        title = f"{words()['sheet'][language]} · {_office(department, contracts, language)} · {period}"
        content = feedback_workbook(lines, title, language)
        for due in {f["due_on"] for f in new}:
            feedback.mark_out(
                conn, [f["finding_id"] for f in new if f["due_on"] == due], by=by, on=day, due_on=due
            )
        feedback.record_exchange(
            conn, department=department, direction="out", period=period, rows=len(found), done_by=by,
            file_sha256=hashlib.sha256(content).hexdigest(),
        )  # fmt: skip
        path = _write(folder, f"{department}-{period}.xlsx", content)
    return told | {"path": str(path), "new": len(new)}


def take_in(settings: Settings, department: str, path: Path, *, by: str) -> dict[str, Any]:
    """Take in a returned file: every answer without fault moves its finding's state.

    Returns {"department", "answers", "taken", "refused": [{"row", "fault", "zh", "en"}]}; a row's values are not told.

    Raises:
        UsageError: an unknown department, or a file that is no feedback file.
    """
    _known(settings, department)
    content = read_returned(path)
    answers = answers_in(first_sheet(content))
    if answers is None:
        raise UsageError(
            f"{path.name} has no header of a feedback file", hint="popbase feedback out makes one"
        )
    with open_database(settings) as conn:
        _settle(settings, conn)
        known = feedback.known_findings(conn, [a.finding for a in answers if a.finding is not None])
        judged = [(answer, answer.fault or _fault(answer, known, department)) for answer in answers]
        for answer, fault in judged:
            if fault is None and answer.finding is not None and answer.state is not None:
                feedback.move(conn, [answer.finding], answer.state, by=by, remark=answer.remark or None)
        refused = [{"row": a.row, "fault": f} | words()["faults"][f] for a, f in judged if f is not None]
        feedback.record_exchange(
            conn, department=department, direction="in", period=f"{datetime.now(CHINA):%Y-%m}", rows=len(answers),
            refused=len(refused), done_by=by, file_sha256=hashlib.sha256(content).hexdigest(),
        )  # fmt: skip
    taken = len(answers) - len(refused)
    return {"department": department, "answers": len(answers), "taken": taken, "refused": refused}


def stand(settings: Settings, finding: int, *, by: str, reason: str) -> None:
    """The office lets a finding stand that its owner rejected; deliveries do not raise it again.

    Raises:
        UsageError: when the owner did not reject it, or nobody gave a name and a reason.
    """
    if not by.strip() or not reason.strip():
        raise UsageError("it needs a name and a reason", hint="--by NAME --reason WHY")
    with open_database(settings) as conn:
        known = feedback.known_findings(conn, [finding]).get(finding)
        if known is None or known["state"] != "rejected":
            raise UsageError(f"finding {finding} was not rejected by its owner", hint="popbase feedback list")
        feedback.move(conn, [finding], "closed", by=by, remark=reason, outcome="stands")


def work_lists(settings: Settings, today: date | None = None) -> list[dict[str, Any]]:
    """Counts of findings by department, feed and state, overdue ones and the next deadline."""
    with open_database(settings) as conn:
        _settle(settings, conn)
        return feedback.work_lists(conn, today or datetime.now(CHINA).date())


def _settle(settings: Settings, conn: Connection) -> None:
    for contract in load_contracts(settings.contracts).values():
        feedback.settle(conn, Lake(settings.lake), contract)


def _known(settings: Settings, department: str) -> None:
    known = departments(load_contracts(settings.contracts))
    if department not in known:
        raise UsageError("no contract names that department", hint=f"one of {' '.join(known)}")


def _due(policy: Feedback, kind: str, day: date) -> date:
    calendar = Calendar(policy.weekend, frozenset(policy.holidays), frozenset(policy.working_weekends))
    return calendar.after(day, policy.row_working_days if kind == "row" else policy.working_days)


def _office(department: str, contracts: Mapping[str, Contract], language: Language) -> str:
    owners = (contract.owner for contract in contracts.values())
    return next((str(getattr(o, language)) for o in owners if o.department == department), department)


def _columns(joined: str, contract: Contract | None, language: Language) -> str:
    """The columns as the department calls them, each with what it means."""
    named = [(name, column_of(name, contract).of(language)) for name in joined.split(JOINED)]
    return JOINED.join(
        name if title == name or contract is None else f"{name} {title}" for name, title in named
    )


def _line(
    finding: dict[str, Any], known: dict[str, dict[str, str]], contract: Contract | None, language: Language
) -> Line:
    said = [known[code] for code in finding["reason_codes"] if code in known]
    between = "；" if language == "zh" else "; "
    key = finding["record_key"].removeprefix(f"{finding['feed']}|")
    return Line(
        finding=finding["finding_id"],
        feed=getattr(contract.title, language) if contract else finding["feed"],
        delivery=finding["last_seen"],
        row=finding["row_number"],
        record="" if key.startswith("~") else key,
        column=_columns(finding["column_name"], contract, language)
        if finding["column_name"]
        else words()["whole_row"][language],
        value=finding["value"] or "",
        codes=" ".join(finding["reason_codes"]),
        reason=between.join(one[language] for one in said),
        expected=between.join(dict.fromkeys(one[f"expected_{language}"] for one in said)),
        first_seen=finding["first_seen"],
        due=finding["due_on"],
    )


def _fault(answer: Answer, known: dict[int, dict[str, Any]], department: str) -> str | None:
    """Another department's finding is as unknown as one that does not exist."""
    finding = known.get(answer.finding) if answer.finding is not None else None
    if finding is None or finding["department"] != department:
        return "unknown"
    return finding["state"] if finding["state"] in ("closed", "raised") else None


def _write(folder: Path, name: str, content: bytes) -> Path:
    """A file that others on this machine cannot read: it holds values."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / name
    path.touch(mode=0o600)
    path.write_bytes(content)
    return path
