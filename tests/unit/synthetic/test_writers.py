from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipelines.synthetic.writers import TextWriter

ROWS = pl.DataFrame({"a": ["1", "2"], "b": ["王芳", ""], "c": ['x,"y"', "z"]})


def _written(path: Path, broken: dict[int, str]) -> bytes:
    writer = TextWriter(path, ROWS.columns, {"encoding": "gb18030"}, "20260630")
    writer.add(ROWS, broken)
    writer.close()
    return path.read_bytes()


def test_text_is_quoted_only_where_it_must_be(tmp_path: Path) -> None:
    text = _written(tmp_path / "f.csv", {}).decode("gb18030")
    assert text == 'a,b,c\r\n1,王芳,"x,""y"""\r\n2,,z\r\n'


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("short", b"2,"),
        ("long", b"2,,z,"),
        ("nul", b"2,\x00,z"),
        ("open_quote", b'2,",z'),
        ("undecodable", b"2,\xff,z"),
    ],
)
def test_a_broken_line_is_one_line_that_cannot_be_read(tmp_path: Path, kind: str, line: bytes) -> None:
    assert _written(tmp_path / "f.csv", {1: kind}).split(b"\r\n")[2] == line
