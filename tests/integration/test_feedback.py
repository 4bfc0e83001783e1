"""The feedback loop: files out, answers in, and what the next delivery makes of them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pipelines.errors import UsageError
from pipelines.feedback import give_out, stand, take_in, work_lists
from pipelines.settings import Settings
from tests.office import Office, open_office

DAY = date(2026, 3, 2)
STATES = "select record_key, state, outcome, due_on from feedback.finding order by finding_id"
ROWS = {"=1+1": "odd", "b": "odd", "c": "one", "d": "two", "e": "odd", "f": "six", "g": "x", "h": "y"}


@pytest.fixture
def office(fresh: Settings, tmp_path: Path) -> Office:
    made = open_office(fresh, tmp_path)
    made.send(1, ROWS)
    made.take()
    return made


def issued(office: Office) -> Path:
    return Path(
        give_out(office.settings, "office", office.settings.home / "out", by="tester", on=DAY)["path"]
    )


def answered(path: Path, *answers: tuple[object, str, str]) -> Path:
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    for place, (number, answer, remark) in enumerate(answers, start=3):
        sheet.cell(place, 1).value = number
        sheet.cell(place, 13).value, sheet.cell(place, 14).value = answer, remark
    book.save(path)
    return path


def states(office: Office) -> list[Any]:
    return [row["state"] for row in office.ask(STATES)]


def test_a_file_holds_the_departments_rows_and_starts_their_deadline(office: Office) -> None:
    sheet = openpyxl.load_workbook(issued(office)).worksheets[0]
    assert [cell.value for cell in sheet["E"][2:]] == ["=1+1", "b", "e"]
    assert [cell.value for cell in sheet["I"][2:]] == ["不符合规则：测试"] * 3
    assert {row["due_on"] for row in office.ask(STATES)} == {date(2026, 3, 9)}
    assert states(office) == ["marked"] * 3


def test_no_cell_of_it_can_start_a_formula(office: Office) -> None:
    sheet = openpyxl.load_workbook(issued(office)).worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(cell.quotePrefix for cell in cells if str(cell.value)[:1] in set("=+-@"))


def test_answers_move_states_and_faults_are_told_by_row(office: Office) -> None:
    path = issued(office)
    first, second, third = (
        row["finding_id"] for row in office.ask("select finding_id from feedback.finding order by 1")
    )
    told = take_in(
        office.settings,
        "office",
        answered(path, (first, "已更正", ""), (second, "数据无误", ""), (third, "好", "")),
        by="t",
    )
    assert [(fault["row"], fault["fault"]) for fault in told["refused"]] == [(4, "remark"), (5, "answer")]
    assert states(office) == ["corrected", "marked", "marked"]
    told = take_in(
        office.settings,
        "office",
        answered(path, (first, "核实中", ""), (first, "已更正", ""), (99, "已更正", "")),
        by="t",
    )
    assert [fault["fault"] for fault in told["refused"]] == ["repeated", "unknown"]
    assert states(office)[0] == "verifying"


def test_the_next_delivery_tells_whether_it_was_corrected(office: Office) -> None:
    path = issued(office)
    numbers = [row["finding_id"] for row in office.ask("select finding_id from feedback.finding order by 1")]
    take_in(
        office.settings,
        "office",
        answered(path, *((n, "已更正", "") for n in numbers[:2]), (numbers[2], "数据无误", "确认")),
        by="t",
    )
    office.send(2, ROWS | {"=1+1": "mended"})
    office.take()
    assert states(office) == ["closed", "raised", "rejected"]
    stand(office.settings, numbers[2], by="office", reason="looked at")
    office.send(3, ROWS | {"=1+1": "mended", "b": "mended"})
    office.take()
    assert [(row["state"], row["outcome"]) for row in office.ask(STATES)] == [
        ("closed", "corrected"), ("closed", "corrected"), ("closed", "stands"),
    ]  # fmt: skip


def test_what_is_not_answered_in_time_is_overdue(office: Office) -> None:
    issued(office)
    (line,) = work_lists(office.settings, date(2026, 3, 10))
    assert (line["marked"], line["overdue"], line["next_due"]) == (3, 3, date(2026, 3, 9))
    (line,) = work_lists(office.settings, date(2026, 3, 9))
    assert line["overdue"] == 0


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no workbook"])
def test_a_file_that_is_no_workbook_is_told_so(office: Office, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "answers.xlsx"
    path.write_bytes(content)
    with pytest.raises(UsageError):
        take_in(office.settings, "office", path, by="t")
