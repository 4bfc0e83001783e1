from __future__ import annotations

import io
import stat
import zipfile

import pytest

from pipelines.errors import DeliveryRefused
from pipelines.intake.archive import LARGEST_READ, MOST_MEMBERS, member_name, open_member


def packed(**files: bytes) -> io.BytesIO:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    buffer.seek(0)
    return buffer


def refusal(archive: io.BytesIO) -> str:
    with pytest.raises(DeliveryRefused) as caught, open_member(archive) as member:
        member.read()
    return caught.value.code


def test_the_one_file_is_read() -> None:
    with open_member(packed(a=b"x|y")) as member:
        assert member.read() == b"x|y"


def test_an_archive_of_two_or_no_files_is_refused() -> None:
    assert refusal(packed(a=b"1", b=b"2")) == "PB-DL-010"
    assert refusal(packed()) == "PB-DL-010"


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    assert refusal(packed(a=bytes(64 << 20))) == "PB-DL-009"


def test_a_path_that_points_outside_is_refused() -> None:
    assert refusal(packed(**{"../a": b"1"})) == "PB-DL-009"


def test_a_damaged_archive_is_refused() -> None:
    damaged = bytearray(packed(a=b"x|y" * 1000).getvalue())
    damaged[40] ^= 0xFF
    assert refusal(io.BytesIO(bytes(damaged))) == "PB-DL-010"
    assert refusal(io.BytesIO(b"not a zip")) == "PB-DL-010"


def single(name: str, content: bytes = b"1", **attributes: int) -> io.BytesIO:
    """An archive of one member whose directory entry has these attributes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        member = zipfile.ZipInfo(name)
        for attribute, value in attributes.items():
            setattr(member, attribute, value)
        archive.writestr(member, content)
    buffer.seek(0)
    return buffer


@pytest.mark.parametrize("name", ["/etc/a", "\\a", "C:\\a", "a/../../b", "..\\b", "c:a"])
def test_no_spelling_of_a_path_outside_is_taken(name: str) -> None:
    assert refusal(single(name)) == "PB-DL-009"


def test_dots_that_are_no_path_are_taken() -> None:
    with open_member(single("a..csv")) as member:
        assert member.read() == b"1"


def test_a_link_is_refused() -> None:
    assert refusal(single("a", b"/etc/passwd", external_attr=stat.S_IFLNK << 16)) == "PB-DL-009"


def test_an_archive_in_an_archive_is_refused() -> None:
    assert refusal(single("a.csv", packed(a=b"1").getvalue())) == "PB-DL-009"


def test_a_gbk_name_is_read_as_it_is_meant() -> None:
    meant = "参保誠.txt".encode("gbk")
    assert b"\\" in meant
    archive = single("X" * len(meant)).getvalue().replace(b"X" * len(meant), meant)
    member = zipfile.ZipFile(io.BytesIO(archive)).infolist()[0]
    assert member_name(member) == "参保誠.txt"
    with open_member(io.BytesIO(archive)) as stream:
        assert stream.read() == b"1"


def test_a_name_that_is_no_utf8_though_it_says_so_is_refused() -> None:
    archive = single("甲").getvalue().replace("甲".encode(), b"\xff\xff\xff")
    assert refusal(io.BytesIO(archive)) == "PB-DL-010"


def test_an_encrypted_member_is_refused() -> None:
    archive = bytearray(single("a").getvalue())
    archive[archive.index(b"PK\x01\x02") + 8] |= 1
    assert refusal(io.BytesIO(bytes(archive))) == "PB-DL-010"


def test_a_packing_whose_memory_has_no_bound_is_refused() -> None:
    assert refusal(single("a", compress_type=zipfile.ZIP_LZMA)) == "PB-DL-010"


def test_too_many_members_are_refused_and_so_is_a_list_too_long_to_read() -> None:
    assert refusal(packed(**{f"a{n}": b"" for n in range(MOST_MEMBERS + 1)})) == "PB-DL-009"
    archive = bytearray(single("a").getvalue())
    end = archive.index(b"PK\x05\x06")
    archive[:end] = bytes(LARGEST_READ * 2)
    archive[-10:-6] = (LARGEST_READ * 2).to_bytes(4, "little")
    archive[-6:-2] = bytes(4)
    assert refusal(io.BytesIO(bytes(archive))) == "PB-DL-009"


def test_what_fails_while_the_member_is_in_use_is_not_blamed_on_it() -> None:
    with pytest.raises(RuntimeError), open_member(packed(a=b"1")):
        raise RuntimeError
