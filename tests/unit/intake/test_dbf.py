from __future__ import annotations

import io
import struct

import pytest

from pipelines.errors import DeliveryRefused
from pipelines.intake.dbf import open_table, read_table

FIELDS = (("GMSFHM", "C", 18), ("姓名", "C", 8), ("RYSL", "N", 5))


def record(number: str, name: str, count: str, mark: bytes = b" ") -> bytes:
    cells = (number, name, count.rjust(5))
    return mark + b"".join(
        cell.encode("gb18030").ljust(width) for cell, (_, _, width) in zip(cells, FIELDS, strict=True)
    )


def table(*records: bytes, count: int | None = None, end: bytes = b"\x1a") -> bytes:
    described = b"".join(
        struct.pack("<11sc4xBB14x", name.encode("gb18030"), kind.encode(), width, 0)
        for name, kind, width in FIELDS
    )
    head = struct.pack(
        "<BBBBIHH20x", 3, 26, 6, 30, len(records) if count is None else count, 32 + len(described) + 1, 32
    )
    return head + described + b"\r" + b"".join(records) + end


def read(content: bytes) -> tuple[list[tuple[object, ...]], dict[int, str]]:
    source = io.BytesIO(content)
    opened = open_table(source, "gb18030")
    chunks = list(read_table(source, opened, opened.names))
    codes = {number: code for chunk in chunks for number, code in chunk.unreadable.rows()}
    return [row for chunk in chunks for row in chunk.rows.rows()], codes


def refusal(content: bytes) -> str:
    with pytest.raises(DeliveryRefused) as caught:
        read(content)
    return caught.value.code


@pytest.mark.parametrize("end", [b"\x1a", b"", b"\x1a\x1a\0\0", b"\x1a\r\n"])
def test_records_are_read_whatever_ends_the_file(end: bytes) -> None:
    rows, faults = read(table(record("1", "王芳", "3"), record("2", "", "40"), end=end))
    assert rows == [(1, "1", "王芳", "3"), (2, "2", "", "40")]
    assert not faults


def test_names_of_fields_are_gbk_too() -> None:
    assert open_table(io.BytesIO(table()), "gb18030").names == ["GMSFHM", "姓名", "RYSL"]


def test_deleted_records_are_no_rows() -> None:
    rows, faults = read(table(record("1", "甲", "1"), record("2", "乙", "1", b"*"), record("3", "丙", "1")))
    assert [row[:2] for row in rows] == [(1, "1"), (2, "3")]
    assert not faults


def test_records_that_are_none_say_why() -> None:
    cut = record("2", "乙乙乙", "1").replace("乙".encode("gb18030"), b"\xff\xff", 1)
    rows, faults = read(
        table(record("1", "甲", "1", b"?"), cut, record("3", "a\0b", "1"), record("4", "", ""))
    )
    assert faults == {1: "PB-RW-011", 2: "PB-RW-005", 3: "PB-RW-003"}
    assert [row[0] for row in rows] == [4]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "PB-DL-011"),
        (b"\x03", "PB-DL-025"),
        (b"A,B\r\n" * 20, "PB-DL-025"),
        (table(record("1", "", ""), count=2), "PB-DL-025"),
        (table(record("1", "", ""), record("2", "", ""), count=1), "PB-DL-025"),
        (table(count=4_000_000_000), "PB-DL-025"),
        (table().replace(b"RYSL\0\0\0\0\0\0\0N", b"RYSL\0\0\0\0\0\0\0M"), "PB-DL-025"),
        (table().replace("姓名".encode("gb18030"), b"\xff\xff\xff\xff"), "PB-DL-015"),
        (table()[:50], "PB-DL-025"),
    ],
)
def test_a_damaged_table_says_why(content: bytes, code: str) -> None:
    assert refusal(content) == code
