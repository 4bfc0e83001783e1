from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import DeliveryRefused
from pipelines.intake import lines as module
from pipelines.intake.lines import LONGEST_LINE, lines_of


def read(content: bytes, encoding: str = "gb18030") -> list[bytes]:
    return [line for block in lines_of(io.BytesIO(content), encoding) for line in block]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("last", [b"", b"\x1a", b"\x1a\r\n", b" \t\r\n", b"\r\n\r\n"])
def test_every_kind_of_line_end_is_known(end: bytes, last: bytes) -> None:
    assert read(end.join([b"a", b"b", b"", b"c"]) + end + last) == [b"a", b"b", b"c"]


def test_mixed_ends_of_lf_and_crlf_are_known() -> None:
    assert read(b"a\r\nb\nc\r\r\nd\x1a") == [b"a", b"b", b"c", b"d"]


@pytest.mark.parametrize("before", [b"", b"a\n"])
@pytest.mark.parametrize("after", [b"", b"\nb"])
def test_a_line_beyond_the_limit_is_refused_wherever_it_is(before: bytes, after: bytes) -> None:
    with pytest.raises(DeliveryRefused, match="PB-DL-024"):
        read(before + b"x" * (LONGEST_LINE + 1) + after)


def test_a_file_without_line_ends_is_not_read_to_its_end() -> None:
    endless = io.BytesIO(b"x" * (3 * module.BLOCK))
    with pytest.raises(DeliveryRefused, match="PB-DL-024"):
        list(lines_of(endless, "utf-8"))
    assert endless.tell() == module.BLOCK


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_read_with_and_without_its_mark(encoding: str) -> None:
    read_lines = read("A,B\r\n甲\U00020087,1\r\n".encode(encoding), "utf-16")
    assert read_lines[0].removeprefix(b"\xef\xbb\xbf") == b"A,B"
    assert read_lines[1].decode() == "甲\U00020087,1"


@pytest.mark.parametrize("damage", [b"\x00\xd8", b"\x00\xdc", b"\x41"])
def test_half_a_character_of_utf_16_spoils_its_line_only(damage: bytes) -> None:
    first, second = read("a\nb".encode("utf-16-le") + damage, "utf-16")
    assert first == b"a"
    with pytest.raises(UnicodeDecodeError):
        second.decode()


@given(st.lists(st.binary(max_size=9).filter(lambda line: not set(line) & set(b"\r\n\x1a"))))
def test_no_line_is_lost_whatever_the_block(lines: list[bytes]) -> None:
    content = b"\n".join(lines)
    kept = [line for line in lines if line.strip()]
    for block in (1, 2, 3, 7):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "BLOCK", block)
            assert read(content) == kept
