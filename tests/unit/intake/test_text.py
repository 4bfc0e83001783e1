from __future__ import annotations

import contextlib
import csv
import io

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import DeliveryRefused
from pipelines.intake.chunk import LONGEST_FIELD, row_schema
from pipelines.intake.lines import lines_of
from pipelines.intake.text import LONGEST_QUOTED, Dialect, open_text, read_rows

COMMA = Dialect("gb18030", ",", '"')
PIPE = Dialect("utf-8", "|", None)
CODES = {"row_number": pl.Int32, "code": pl.String}
CELL = st.text(st.sampled_from("甲乙丙䶮|\\a1 x"), max_size=4)


def read(
    body: bytes, names: tuple[str, ...] = ("A", "B"), dialect: Dialect = COMMA
) -> tuple[pl.DataFrame, dict[int, str]]:
    lines = lines_of(io.BytesIO(body), dialect.encoding)
    chunks = list(read_rows(lines, names, dialect))
    rows = pl.concat([pl.DataFrame(schema=row_schema(names)), *(chunk.rows for chunk in chunks)])
    unreadable = pl.concat([pl.DataFrame(schema=CODES), *(chunk.unreadable for chunk in chunks)])
    return rows, dict(unreadable.rows())


def test_rows_are_numbered_from_one_and_blank_lines_are_none() -> None:
    rows, faults = read("甲,1\r\n\r\n乙,2\r\n".encode("gb18030"))
    assert rows.rows() == [(1, "甲", "1"), (2, "乙", "2")]
    assert not faults


def test_each_unreadable_row_has_its_reason() -> None:
    body = b'a,1\nb\nc,1,2\nd\0,1\n"e,1\n' + b"\xff\xff,1\n" + "終,2\n".encode("gb18030")
    rows, faults = read(body)
    assert faults == {2: "PB-RW-001", 3: "PB-RW-002", 4: "PB-RW-003", 5: "PB-RW-004", 6: "PB-RW-005"}
    assert rows["row_number"].to_list() == [1, 7]


def test_a_quoted_field_may_hold_the_separator_and_quotes() -> None:
    rows, faults = read('"甲,乙","say ""x"""\n丙,2\n'.encode("gb18030"))
    assert rows.rows() == [(1, "甲,乙", 'say "x"'), (2, "丙", "2")]
    assert not faults


def test_characters_whose_second_byte_looks_like_a_separator_are_kept_whole() -> None:
    rows, faults = read("倈|1\n".encode(), dialect=PIPE)
    assert rows.rows() == [(1, "倈", "1")]
    gbk = Dialect("gb18030", "|", None)
    assert b"|" in "倈".encode("gb18030")
    assert read("倈|1\n".encode("gb18030"), dialect=gbk)[0].rows() == [(1, "倈", "1")]
    assert not faults


def test_provisional_codes_of_the_old_standard_become_the_final_characters() -> None:
    rows, _ = read(b"\xfe\x59,1\n")
    assert rows["A"].to_list() == ["\u9fb4"]


def header(text: bytes, dialect: Dialect = COMMA) -> list[str]:
    return open_text(io.BytesIO(text), dialect)[0]


def test_the_header_loses_its_byte_order_mark() -> None:
    assert header("\ufeffA|B\r\n".encode(), PIPE) == ["A", "B"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", "PB-DL-011"),
        (b"\r\n \r\n\x1a", "PB-DL-011"),
        (b"\xff\xfeA\x00,\x00", "PB-DL-015"),
        (b'"A,B\r\n', "PB-HD-007"),
        (b"A" * (2 << 20), "PB-DL-024"),
    ],
)
def test_what_has_no_header_says_why(text: bytes, code: str) -> None:
    with pytest.raises(DeliveryRefused, match=code):
        header(text)


def test_blank_lines_before_the_header_are_passed_over() -> None:
    assert header(b"\r\n\r\nA,B\r\n") == ["A", "B"]


def test_a_field_longer_than_the_limit_quarantines_its_row() -> None:
    long = "a" * (LONGEST_FIELD + 1)
    rows, faults = read(f'b,1\n{long},2\n"{long}",3\n{"c" * LONGEST_FIELD},4\n'.encode())
    assert rows["row_number"].to_list() == [1, 4]
    assert faults == {2: "PB-RW-009", 3: "PB-RW-009"}


def test_a_very_long_line_is_judged_without_being_cut() -> None:
    assert read(b"," * (LONGEST_QUOTED + 1))[1] == {1: "PB-RW-009"}
    assert read(b"," * 5000)[1] == {1: "PB-RW-002"}


def test_a_line_of_utf8_in_a_file_of_gb18030_is_not_taken_for_other_characters() -> None:
    assert "张伟".encode().decode("gb18030") != "张伟"
    rows, faults = read("张伟,1\n".encode() + "张伟,2\n".encode("gb18030"))
    assert faults == {1: "PB-RW-010"}
    assert rows.rows() == [(2, "张伟", "2")]


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=30))
def test_no_line_of_gb18030_is_taken_for_utf8(text: str) -> None:
    line = f"{text},四川省武胜县".encode("gb18030")
    assert not read(line)[1]


def test_a_carriage_return_inside_a_line_is_part_of_its_cell() -> None:
    rows, faults = read(b'x,0\na\rb,1\r\n"a\rb",2\n"c"\r,3\n')
    assert rows.rows()[1:] == [(2, "a\rb", "1"), (3, "a\rb", "2")]
    assert faults == {4: "PB-RW-004"}


def test_one_column_needs_no_separator() -> None:
    rows, faults = read(b"a\nb,c\n", names=("A",))
    assert rows.rows() == [(1, "a")]
    assert faults == {2: "PB-RW-002"}


@given(
    st.lists(
        st.lists(CELL, min_size=1, max_size=4).filter(lambda row: "".join(row).strip()),
        min_size=1,
        max_size=8,
    )
)
def test_every_line_is_a_row_or_has_a_reason(table: list[list[str]]) -> None:
    lines = [",".join(cells) for cells in table]
    rows, faults = read("\n".join(lines).encode("gb18030"))
    given_lines = [line for line in lines if line.strip()]
    assert rows.height + len(faults) == len(given_lines)
    assert rows.rows() == [
        (n, *line.split(",")) for n, line in enumerate(given_lines, 1) if line.count(",") == 1
    ]


@given(st.lists(st.text('",a', max_size=8), min_size=1, max_size=6))
def test_lines_with_quotes_are_cut_as_the_csv_module_cuts_them(lines: list[str]) -> None:
    lines = [line for line in lines if line]
    rows, faults = read("\n".join(lines).encode())
    expected = {}
    for number, line in enumerate(lines, 1):
        with contextlib.suppress(csv.Error):
            expected[number] = next(csv.reader([line], strict=True))
    whole = [(number, *fields) for number, fields in expected.items() if len(fields) == 2]
    assert rows.rows() == whole
    assert set(faults) == set(range(1, len(lines) + 1)) - {row[0] for row in whole}
