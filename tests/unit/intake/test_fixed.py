from __future__ import annotations

import io

import pytest
from pydantic import ValidationError

from pipelines.contract.model import Delivery
from pipelines.intake.fixed import Layout, Place, read_fixed
from pipelines.intake.lines import lines_of

LAYOUT = Layout((Place("ID", 0, 4), Place("NAME", 5, 11)), 11, "gb18030")


def read(content: bytes) -> tuple[list[tuple[object, ...]], dict[int, str]]:
    chunks = list(read_fixed(lines_of(io.BytesIO(content), "gb18030"), ("ID", "NAME"), LAYOUT))
    codes = {number: code for chunk in chunks for number, code in chunk.unreadable.rows()}
    return [row for chunk in chunks for row in chunk.rows.rows()], codes


def line(number: str, name: str) -> bytes:
    return number.encode() + b" " + name.encode("gb18030").ljust(6) + b"\r\n"


def test_columns_are_cut_by_bytes_before_they_are_decoded() -> None:
    rows, faults = read(line("0001", "王芳") + line("0002", "欧阳某"))
    assert rows == [(1, "0001", "王芳"), (2, "0002", "欧阳某")]
    assert not faults


def test_a_record_of_another_length_is_none() -> None:
    rows, faults = read(line("0001", "王芳") + b"0002 x\r\n" + line("0003", "欧阳某某"))
    assert rows == [(1, "0001", "王芳")]
    assert faults == {2: "PB-RW-011", 3: "PB-RW-011"}


def test_a_character_cut_in_two_and_a_nul_are_told_apart() -> None:
    _, faults = read(b"0001 abcde\xcd\n" + b"0002 ab\0cde\n" + line("0003", "王"))
    assert faults == {1: "PB-RW-005", 2: "PB-RW-003"}


def test_provisional_characters_are_mended_here_too() -> None:
    assert read(b"0001 \xfe\x59    \n")[0] == [(1, "0001", "\u9fb4")]


@pytest.mark.parametrize(
    "layout",
    [{}, {"A": (0, 3)}, {"A": (4, 3)}, {"A": (1, 3), "B": (3, 5)}, {"A": (4, 5), "B": (1, 2)}],
)
def test_a_layout_that_makes_no_sense_is_no_contract(layout: dict[str, tuple[int, int]]) -> None:
    with pytest.raises(ValidationError):
        Delivery(form="fixed_width", encoding="gbk", layout=layout)


def test_a_layout_may_have_gaps() -> None:
    layout = {"A": (1, 3), "B": (6, 6)}
    assert Delivery(form="fixed_width", encoding="gbk", layout=layout).layout == layout
    with pytest.raises(ValidationError):
        Delivery(form="text", layout={"A": (1, 3)})
