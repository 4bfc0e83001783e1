"""The workbook of clerical review: cases out, decisions in."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from pipelines.report.answer_sheet import LONGEST_CELL, NO_FORMULAS, add_guide, finish
from pipelines.report.basics import Language

WORDS: Final = Path(__file__).with_name("review.yml")
_WIDTHS: Final = {
    "case": 8, "state": 11, "reason": 36, "code": 12, "records": 16, "feeds": 24, "joined": 11, "weight": 10,
    "value": 10, "decision": 14, "why": 34,
}  # fmt: skip
_BEFORE: Final = ("case", "state", "reason", "code", "records", "feeds", "joined", "weight", "value")
_TO_FILL: Final = ("decision", "why")
LONGEST_WHY: Final = 500


@cache
def words() -> dict[str, Any]:
    """The wording, both languages."""
    read: dict[str, Any] = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    return read


def review_workbook(
    cases: Sequence[Mapping[str, Any]],
    values: Mapping[int, Mapping[str, tuple[str, str]]],
    language: Language,
) -> bytes:
    """One row a case, a sheet that says how to decide beside it.

    Every cell is written as text and marked as such, so that none starts a formula, not even when it is edited.

    Args:
        cases: as reviewing.cases.told gives them.
        values: {case: {column: what each record says}}; empty for a file without values.
        language: of headers and reasons.
    """
    import xlsxwriter  # noqa: PLC0415 - only when a file is made

    shown = list(dict.fromkeys(name for sides in values.values() for name in sides))
    columns = [*_BEFORE, *shown, *_TO_FILL]
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, NO_FORMULAS) as book:
        styles = _styles(book)
        sheet = book.add_worksheet(words()["sheet"][language])
        for place, name in enumerate(columns):
            sheet.set_column(place, place, _WIDTHS.get(name, 22))
            sheet.write_string(0, place, words()["columns"][name][language], styles["head"])
        for row, case in enumerate(cases, start=1):
            cells = _cells(case, values.get(case["case"], {}), language)
            for place, name in enumerate(columns):
                style = styles["fill" if name in _TO_FILL else "plain"]
                sheet.write_string(row, place, cells.get(name, "")[:LONGEST_CELL], style)
        choices = [decisions[language] for decisions in words()["decisions"].values()]
        finish(sheet, 0, len(cases), columns, ("decision", choices))
        add_guide(book, words(), language)
    return target.getvalue()


def _styles(book: Any) -> dict[str, Any]:
    text = {"font_size": 10, "valign": "top", "text_wrap": True, "border": 1, "border_color": "#d9d5cb"}
    return {
        "plain": book.add_format(text | {"num_format": "@", "quote_prefix": True}),
        "fill": book.add_format(text | {"num_format": "@", "quote_prefix": True, "bg_color": "#fff8e5"}),
        "head": book.add_format(
            {"bold": True, "bg_color": "#1f5566", "font_color": "#ffffff", "text_wrap": True}
        ),
    }


def _cells(
    case: Mapping[str, Any], sides: Mapping[str, tuple[str, str]], language: Language
) -> dict[str, str]:
    joined = words()["joined"]["yes" if case["is_joined"] else "no"][language]
    return {
        "case": str(case["case"]),
        "state": words()["states"][case["state"]][language],
        "reason": case[language] or "",
        "code": case["reason_code"] or "",
        "records": records_cell(case),
        "feeds": f"{case['feed_a']}\n{case['feed_b']}",
        "joined": joined if case["is_joined"] is not None else "",
        "weight": "" if case["weight"] is None else f"{case['weight']:.2f}",
        "value": "" if case["value"] is None else f"{case['value']:.2f}",
        **{name: f"{a}\n{b}" for name, (a, b) in sides.items()},
    }


def records_cell(case: Mapping[str, Any]) -> str:
    """How the two records of a case stand in its row."""
    return f"{case['record_a']}\n{case['record_b']}"


@dataclass(frozen=True)
class Decision:
    """One row of a returned file: the sheet's row from 1, and what it decides, or why it decides nothing."""

    row: int
    case: int | None = None
    records: str = ""
    verdict: str | None = None
    why: str = ""
    fault: str | None = None


@dataclass
class _Reading:
    header: dict[str, int] | None = None
    seen: set[int] = field(default_factory=set)


def decisions_in(rows: Iterable[Sequence[object]]) -> list[Decision] | None:
    """Decisions of a returned sheet, undecided rows left out; None when no row is its header.

    Raises nothing: a row at fault has its `fault`, a key of `faults` in review.yml.
    """
    reading, found = _Reading(), list[Decision]()
    for number, row in enumerate(rows, start=1):
        cells = [_text(cell) for cell in row]
        if reading.header is None:
            reading.header = _header(cells)
            continue
        told = {name: cells[at] if at < len(cells) else "" for name, at in reading.header.items()}
        if told["decision"] or told["why"]:
            found.append(_decision(number, told, reading.seen))
    return None if reading.header is None else found


def _header(cells: list[str]) -> dict[str, int] | None:
    wanted = {name: set(words()["columns"][name].values()) for name in ("case", "records", *_TO_FILL)}
    places = {name: next((i for i, c in enumerate(cells) if c in is_), None) for name, is_ in wanted.items()}
    return {n: p for n, p in places.items() if p is not None} if None not in places.values() else None


def _decision(number: int, told: Mapping[str, str], seen: set[int]) -> Decision:
    if not (told["case"].isascii() and told["case"].isdigit() and len(told["case"]) <= 18):
        return Decision(number, fault="no_number")
    case = int(told["case"])
    known = {
        spoken: verdict
        for verdict, said in words()["decisions"].items()
        for spoken in (*said.values(), verdict)
    }
    verdict = known.get(told["decision"])
    fault = (
        "repeated" if case in seen
        else "decision" if verdict is None
        else "why" if not told["why"]
        else "long_why" if len(told["why"]) > LONGEST_WHY
        else None
    )  # fmt: skip
    seen.add(case)
    return Decision(number, case, told["records"], verdict, told["why"], fault)


def _text(cell: object) -> str:
    """What a person sees in the cell: a number without the `.0` that a workbook keeps."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip().replace("\r\n", "\n")
