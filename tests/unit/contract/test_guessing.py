from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.contract.extracts import read_extract
from pipelines.contract.guessing import columns_of, guessed_columns, shape_of, spelled_out
from pipelines.contract.known import look_around
from pipelines.contract.load import ROOT
from pipelines.errors import UsageError

KNOWN = look_around(ROOT)
SHAPES = """
51162219900307405X 511622900307405  | citizen_id
91511622MA62K1234T 91511622MA62K9999A | credit_code
13800000001 0826-6200001            | telephone
20260131 20251231                   | date
2026-01-31 2026/2/1                 | date
202601 202512                       | month
20260131080000 2026-01-31T08:00     | timestamp
20260131;20260228                   | dates
511622 512928                       | division
511622100 511622101                 | township
是 否 是                            | flag
王样一 李样二 诸葛样三              | person_name
汉族 汉族 汉族 汉族 苗族 王族       | text
清溪镇样品路1号 云台镇三河村2组     | address
12.50 1,234.00 3.2万元              | decimal
1234 99871 3                        | integer
1 2 1 2 1 1 1 2                     | text
01 02 03                            | text
A1 B2 C3                            | text
"""
CASES = [tuple(part.strip() for part in line.split("|")) for line in SHAPES.strip().splitlines()]


@pytest.mark.parametrize(("values", "kind"), CASES)
def test_values_tell_their_type_by_their_shape(values: str, kind: str) -> None:
    assert shape_of(values.split()) == kind


def test_a_little_dirt_and_blanks_do_not_hide_the_shape() -> None:
    assert shape_of(["20260131"] * 19 + ["不详", "", " "]) == "date"
    assert shape_of([]) == shape_of([" "]) == "text"


def test_headers_that_others_use_are_known_with_their_code_list() -> None:
    columns = columns_of("身份证号,XM,XB,CSRQ", KNOWN)
    assert [(c.source, c.name, c.type) for c in columns] == [
        ("身份证号", "citizen_id", "citizen_id"), ("XM", "name", "person_name"),
        ("XB", "sex_code", "code"), ("CSRQ", "born_on", "date"),
    ]  # fmt: skip
    assert columns[2].list == "sex"


def test_a_type_a_name_a_code_list_or_a_standard_name_may_follow_the_header() -> None:
    columns = columns_of("A:decimal:income, B:code=sex:head_sex_code, C:telephone, D:date", KNOWN)
    named = [(c.name, c.type, c.list) for c in columns]
    assert named == [
        ("income", "decimal", None), ("head_sex_code", "code", "sex"), ("telephone", "telephone", None), ("d_on", "date", None),
    ]  # fmt: skip


def test_of_two_columns_that_want_one_name_the_second_is_called_after_its_header() -> None:
    columns = columns_of("身份证号,SFZH,配偶身份证号:citizen_id", KNOWN)
    assert [c.name for c in columns] == ["citizen_id", "sfzh", "pei_ou_shen_fen_zheng_hao"]


@pytest.mark.parametrize("told", ["A:colour", "A:code", "A:text=sex", "A:text:b:c", ":text"])
def test_what_is_no_column_is_refused(told: str) -> None:
    with pytest.raises(UsageError):
        columns_of(told, KNOWN)


@pytest.mark.parametrize(
    ("header", "name"), [("SDQJ", "sdqj"), ("入学 年月", "ru_xue_nian_yue"), ("2号", "column_2_hao"), ("－", "column")]
)  # fmt: skip
def test_a_header_is_spelled_out_as_an_identifier(header: str, name: str) -> None:
    assert spelled_out(header) == name


def test_an_extract_is_read_in_its_encoding_with_its_separator(tmp_path: Path) -> None:
    path = tmp_path / "extract.txt"
    path.write_bytes(
        '姓名|批准日期|备注\r\n王样一|20260131|"甲|乙"\r\n\r\n李样二|20260228|\r\n'.encode("gb18030")
    )
    separator, values = read_extract(path, "gb18030")
    assert (separator, values["备注"]) == ("|", ["甲|乙", ""])
    columns = guessed_columns(values, KNOWN)
    assert [(c.name, c.type) for c in columns] == [
        ("name", "person_name"), ("pi_zhun_ri_qi_on", "date"), ("bei_zhu", "text"),
    ]  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\xfd"])
def test_an_extract_that_cannot_be_read_is_told_without_its_content(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "extract.csv"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"extract\.csv"):
        read_extract(path, "utf-8")
