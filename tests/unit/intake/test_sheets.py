from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable

import pytest
import xlsxwriter

from pipelines.errors import DeliveryRefused
from pipelines.intake import sheets
from pipelines.intake.sheets import checked_workbook
from pipelines.intake.workbook import open_sheet

SHEET = "xl/worksheets/sheet1.xml"
Edit = Callable[[bytes], bytes]


def book() -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        for number, row in enumerate((["甲", "乙"], ["丙", 1])):
            sheet.write_row(number, 0, row)
    return buffer.getvalue()


def edited(name: str, edit: Edit) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book())) as old, zipfile.ZipFile(buffer, "w") as new:
        for member in old.infolist():
            content = old.read(member)
            new.writestr(member.filename, edit(content) if member.filename == name else content)
    return buffer.getvalue()


def more(xml: bytes) -> bytes:
    """The sheet with more rows."""
    return edited(SHEET, lambda sheet: sheet.replace(b"</sheetData>", xml + b"</sheetData>"))


def refusal(content: bytes) -> str:
    with pytest.raises(DeliveryRefused) as caught:
        checked_workbook(content)
    return caught.value.code


def test_a_sound_workbook_passes() -> None:
    checked_workbook(book())


@pytest.mark.parametrize(
    "rows",
    [
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        b'<row r="1048577"><c r="A1048577"><v>1</v></c></row>',
        b'<row r="9"><c r="XFE9"><v>1</v></c></row>',
        b'<x:row xmlns:x="u" r="1048576"><x:c r="XFD1048576"><x:v>1</x:v></x:c></x:row>',
    ],
)
def test_a_rectangle_too_large_is_refused_before_it_is_laid_out(rows: bytes) -> None:
    assert refusal(more(rows)) == "PB-DL-021"


def test_formatted_cells_without_a_value_do_not_count() -> None:
    content = more(b'<row r="1048576"><c r="XFD1048576" s="0"/></row>')
    assert len(list(open_sheet(io.BytesIO(content)))) == 2


@pytest.mark.parametrize(
    "rows",
    [
        b'<row r="2"><c r="A2"><v>1</v></c></row>',
        b'<row r="3"><c r="B3"><v>1</v></c><c r="A3"><v>1</v></c></row>',
        b'<row r="3"><c r="A1"><v>1</v></c></row>',
        b'<row r="x"><c><v>1</v></c></row>',
        b'<row r="3"><c r="3A"><v>1</v></c></row>',
        b"<row><c>",
    ],
)
def test_cells_in_a_place_that_is_not_theirs_are_refused(rows: bytes) -> None:
    assert refusal(more(rows)) == "PB-DL-017"


def test_places_may_be_left_out() -> None:
    content = edited(SHEET, lambda sheet: re.sub(rb' r="[A-Z]*[0-9]+"', b"", sheet))
    assert [list(row) for row in open_sheet(io.BytesIO(content))] == [["甲", "乙"], ["丙", 1]]


def test_a_document_type_is_refused() -> None:
    doctype = b'<!DOCTYPE a [<!ENTITY x "y">]><worksheet'
    assert refusal(edited(SHEET, lambda sheet: sheet.replace(b"<worksheet", doctype, 1))) == "PB-DL-017"


def test_a_shared_text_that_would_be_copied_too_often_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_TEXT", 8)
    assert refusal(book()) == "PB-DL-009"
    monkeypatch.setattr(sheets, "MOST_TEXT", 9)
    checked_workbook(book())


def test_other_forms_in_the_clothes_of_a_workbook_are_refused() -> None:
    buffer = io.BytesIO(book())
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("content.xml", "<x/>")
    assert refusal(buffer.getvalue()) == "PB-DL-017"
    assert refusal(b"\xd0\xcf\x11\xe0" + bytes(600)) == "PB-DL-017"


def test_members_that_only_another_reader_sees_are_not_read() -> None:
    content = bytearray(more(b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'))
    content[-10:-6] = bytes(4)  # the list of members has no bytes, but as many members as before
    with pytest.raises(DeliveryRefused, match="PB-DL-017"):
        open_sheet(io.BytesIO(bytes(content)))


def test_a_member_that_stands_twice_is_refused() -> None:
    buffer = io.BytesIO(book())
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(SHEET.upper(), "<x/>")
    assert refusal(buffer.getvalue()) == "PB-DL-017"


def test_a_member_that_unpacks_too_well_is_refused() -> None:
    buffer = io.BytesIO(book())
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/a.png", bytes(8 << 20))
    assert refusal(buffer.getvalue()) == "PB-DL-009"
