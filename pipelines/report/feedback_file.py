"""The feedback file of a department: its own findings as a workbook, for it to answer and send back."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from pipelines.report.answer_sheet import LONGEST_CELL, NO_FORMULAS, add_guide, finish
from pipelines.report.basics import Language

WORDS: Final = Path(__file__).with_name("feedback.yml")
COLUMNS: Final = (
    "finding", "feed", "delivery", "row", "record", "column", "value", "codes", "reason", "expected",
    "first_seen", "due", "answer", "remark",
)  # fmt: skip
_WIDTHS: Final = (9, 18, 12, 8, 24, 22, 26, 22, 46, 46, 12, 12, 14, 30)
_TO_FILL: Final = ("answer", "remark")


@dataclass(frozen=True)
class Line:
    """One finding as its owner reads it; fields as COLUMNS without the two to be filled."""

    finding: int
    feed: str
    delivery: date
    row: int
    record: str
    column: str
    value: str
    codes: str
    reason: str
    expected: str
    first_seen: date
    due: date


@cache
def words() -> dict[str, Any]:
    """The wording, both languages."""
    read: dict[str, Any] = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    return read


def feedback_workbook(lines: Sequence[Line], title: str, language: Language) -> bytes:
    """The workbook: title, header, a line a finding, then a sheet that says how to answer.

    Every cell is written as text and marked as such, so that none starts a formula, not even when it is edited.
    """
    import xlsxwriter  # noqa: PLC0415 - only when a file is made

    target = io.BytesIO()
    with xlsxwriter.Workbook(target, NO_FORMULAS) as book:
        text = {"font_size": 10, "valign": "top", "text_wrap": True, "border": 1, "border_color": "#d9d5cb"}
        plain = book.add_format(text | {"num_format": "@", "quote_prefix": True})
        fill = book.add_format(text | {"num_format": "@", "bg_color": "#fff8e5", "locked": False})
        head = book.add_format(
            {"bold": True, "bg_color": "#1f5566", "font_color": "#ffffff", "text_wrap": True}
        )
        sheet = book.add_worksheet(words()["sheet"][language])
        sheet.write_string(0, 0, title, book.add_format({"bold": True, "font_size": 14}))
        for place, name in enumerate(COLUMNS):
            sheet.set_column(place, place, _WIDTHS[place])
            sheet.write_string(1, place, words()["columns"][name][language], head)
        for place, line in enumerate(lines, start=2):
            for column, name in enumerate(COLUMNS):
                to_fill = name in _TO_FILL
                cell = "" if to_fill else str(getattr(line, name))[:LONGEST_CELL]
                sheet.write_string(place, column, cell, fill if to_fill else plain)
        choices = [answers[language] for answers in words()["answers"].values()]
        finish(sheet, 1, len(lines), COLUMNS, ("answer", choices))
        add_guide(book, words(), language)
    return target.getvalue()


@dataclass(frozen=True)
class Answer:
    """One row of a returned file: the sheet's row from 1, and what it says, or why it says nothing."""

    row: int
    finding: int | None = None
    state: str | None = None
    remark: str = ""
    fault: str | None = None


def answers_in(rows: Iterable[Sequence[object]]) -> list[Answer] | None:
    """Answers of a returned sheet, blank ones left out; None when no row is its header.

    Raises nothing: a row at fault has its `fault`, a key of `faults` in feedback.yml.
    """
    header: dict[str, int] | None = None
    found: list[Answer] = []
    seen: set[int] = set()
    for number, row in enumerate(rows, start=1):
        cells = [_text(cell) for cell in row]
        if header is None:
            header = _header(cells)
        elif any(cells[header[name]] for name in ("answer", "remark") if header[name] < len(cells)):
            answer = _answer(number, cells, header, seen)
            found.append(answer)
            seen |= {answer.finding} if answer.finding is not None else set()
    return None if header is None else found


def _header(cells: list[str]) -> dict[str, int] | None:
    wanted = {name: set(words()["columns"][name].values()) for name in ("finding", "answer", "remark")}
    places = {
        name: next((i for i, c in enumerate(cells) if c in told), None) for name, told in wanted.items()
    }
    return {n: p for n, p in places.items() if p is not None} if None not in places.values() else None


def _answer(number: int, cells: list[str], header: dict[str, int], seen: set[int]) -> Answer:
    told = {name: cells[place] if place < len(cells) else "" for name, place in header.items()}
    if not (told["finding"].isascii() and told["finding"].isdigit() and len(told["finding"]) <= 18):
        return Answer(number, fault="no_number")
    finding = int(told["finding"])
    known = {answer: state for state, answers in words()["answers"].items() for answer in answers.values()}
    state = known.get(told["answer"])
    fault = (
        "repeated" if finding in seen
        else "answer" if state is None
        else "remark" if state == "rejected" and not told["remark"]
        else "long_remark" if len(told["remark"]) > 200
        else None
    )  # fmt: skip
    return Answer(number, finding, state, told["remark"], fault)


def _text(cell: object) -> str:
    """What a person sees in the cell: a number without the `.0` that a workbook keeps."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()
