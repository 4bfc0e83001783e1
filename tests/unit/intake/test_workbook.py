from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest
from openpyxl import Workbook

from pipelines.errors import DeliveryRefused
from pipelines.intake.chunk import LONGEST_FIELD
from pipelines.intake.header import Header
from pipelines.intake.workbook import find_header, open_sheet, read_cells

NAMES = ("号", "名", "日")


def book(*rows: Sequence[Any]) -> io.BytesIO:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    buffer = io.BytesIO()
    workbook.save(buffer)
    buffer.seek(0)
    return buffer


def match(fields: Sequence[str]) -> Header:
    if tuple(fields) != NAMES:
        raise DeliveryRefused("PB-HD-003")
    return Header(NAMES, {}, (), ())


def read(*rows: Sequence[Any]) -> tuple[pl.DataFrame, dict[int, str]]:
    header, data = find_header(open_sheet(book(["学籍信息表"], NAMES, *rows)), 1, match)
    chunks = list(read_cells(data, header.names, "合计", ["号"]))
    return pl.concat([c.rows for c in chunks]), dict(pl.concat([c.unreadable for c in chunks]).rows())


def test_title_total_and_footer_are_not_data() -> None:
    rows, faults = read(["G1", "甲", "x"], ["合计", 1, None], ["填表人：乙", None, None])
    assert rows.rows() == [(1, "G1", "甲", "x")]
    assert not faults


def test_cells_become_the_text_one_would_type() -> None:
    rows, _ = read(["G1", 7, dt.date(2012, 9, 1)], ["G2", 7.5, True])
    assert rows.rows() == [(1, "G1", "7", "2012-09-01"), (2, "G2", "7.5", "是")]


def test_an_id_cell_stored_as_a_long_number_quarantines_its_row() -> None:
    rows, faults = read([511622199001010000, "甲", None], ["G2", "乙", None])
    assert faults == {1: "PB-RW-006"}
    assert rows["row_number"].to_list() == [2]


@pytest.mark.parametrize("text", [b"", b"PK\x03\x04", b"no workbook at all" * 100])
def test_what_is_no_workbook_is_refused(text: bytes) -> None:
    with pytest.raises(DeliveryRefused, match="PB-DL-017"):
        open_sheet(io.BytesIO(text))


@pytest.mark.parametrize("marker", ["合计", "合 计", " 合　计 ", "合计：", "合\n计:", "\ufeff合计"])
def test_the_total_row_is_known_however_it_is_spaced(marker: str) -> None:
    rows, faults = read(["G1", "甲", None], [marker, 1, None], ["填表人：乙"])
    assert rows.height == 1
    assert not faults


def test_a_row_of_zeros_is_a_row_and_a_row_of_blanks_is_none() -> None:
    rows, _ = read([0, None, None], [" ", "　", None], [None] * 3, ["G2", None, None])
    assert rows["号"].to_list() == ["0", "G2"]


def test_rows_that_are_no_records_say_why() -> None:
    _, faults = read(["G1", "甲", None, "more"], ["G2", "a" * (LONGEST_FIELD + 1)])
    assert faults == {1: "PB-RW-002", 2: "PB-RW-009"}


@pytest.mark.parametrize(
    "top",
    [
        [NAMES],
        [["题"], ["单位：某校"], NAMES],
        [["题"], ["号", "人", None], [None, "名", "日"]],
        [[None], [None], [None, None], NAMES],
    ],
)
def test_the_header_is_found_where_it_is(top: list[Sequence[Any]]) -> None:
    header, data = find_header(open_sheet(book(*top, ["G1", "甲", "x"])), 1, match)
    assert ("PB-HD-010", "*") in header.notes or top[1] == NAMES
    assert [list(row) for row in data] == [["G1", "甲", "x"]]


def test_a_header_that_is_nowhere_is_refused_as_the_agreed_row_is() -> None:
    with pytest.raises(DeliveryRefused, match="PB-HD-003"):
        find_header(open_sheet(book(["题"], ["号", "名"], ["a", "b", "c"])), 1, match)
    with pytest.raises(DeliveryRefused, match="PB-HD-007"):
        find_header(open_sheet(book()), 1, match)


def test_a_sheet_that_does_not_begin_in_its_corner_keeps_its_columns() -> None:
    header, data = find_header(
        open_sheet(book([], [None, "题"], [None, "号"], [None, "G1"])), 1, lambda _: match(NAMES)
    )
    assert header.names == NAMES
    assert all(row[0] == "" for row in data)
