from __future__ import annotations

import csv
from pathlib import Path

import polars as pl
import pytest

from pipelines.kernels.name_folding import folded_name
from pipelines.kernels.name_sounds import name_sound
from pipelines.kernels.names import standardise_names

DOTS = Path(__file__).parents[2] / "data" / "name_dots.csv"


def one(text: str | None) -> dict[str, object]:
    return standardise_names(pl.Series([text], dtype=pl.String)).row(0, named=True)


def dots() -> list[str]:
    with DOTS.open(encoding="utf-8", newline="") as file:
        characters = [chr(int(row["codepoint"], 16)) for row in csv.DictReader(file)]
    return [character for character in characters if not character.isspace()]


@pytest.mark.parametrize("dot", dots())
def test_every_spelling_of_the_name_dot_is_the_middle_dot(dot: str) -> None:
    read = one(f"测试甲{dot}测试乙")
    assert read["value"] == "测试甲·测试乙"
    assert read["key"] == "测试甲测试乙"
    assert read["code"] in (None, "PB-NM-001", "PB-NM-002")


@pytest.mark.parametrize(
    ("text", "value", "code", "degraded"),
    [
        ("张测试", "张测试", None, False),
        ("王 测", "王测", "PB-NM-003", False),
        ("王　测", "王测", "PB-NM-003", False),
        (" 王测", "王测", "PB-NM-003", False),
        ("王测。", "王测", "PB-NM-001", False),
        ("测试甲乙 测试丙丁", "测试甲乙·测试丙丁", "PB-NM-001", False),
        ("测试甲 测试乙", "测试甲·测试乙", "PB-NM-001", False),
        ("测试甲　测试", "测试甲·测试", "PB-NM-001", False),
        ("欧阳 测试", "欧阳测试", "PB-NM-003", False),
        ("張测", "張测", "PB-NM-005", False),
        ("王峯", "王峯", "PB-NM-005", False),
        ("王☐", "王☐", "PB-NM-010", True),
        ("\u200b王测\ufeff", "王测", "PB-NM-004", False),
        ("Test  person", "TEST PERSON", "PB-NM-003", False),
        ("ＴＥＳＴ", "TEST", "PB-NM-002", False),
        ("王?测", "王?测", "PB-NM-010", True),
        ("王□", "王□", "PB-NM-010", True),
        ("王yan测", "王yan测", "PB-NM-011", True),
        ("王\ue234", "王\ue234", "PB-NM-012", True),
        ("王\ue81e", "王龴", "PB-NM-002", False),
        ("徐(莹加王旁)", "徐(莹加王旁)", "PB-NM-013", True),
        ("王测之女", "王测之女", "PB-NM-020", True),
        ("之子", "之子", "PB-NM-020", True),
        ("不详", None, "PB-NM-021", False),
        ("null", None, "PB-NM-021", False),
        ("王", "王", "PB-NM-022", True),
        ("王测1", "王测1", "PB-NM-023", True),
        ("测" * 51, "测" * 51, "PB-NM-024", False),
        ("", None, None, False),
        (None, None, None, False),
    ],
)
def test_every_spelling_has_its_value_and_code(
    text: str | None, value: str | None, code: str | None, *, degraded: bool
) -> None:
    read = one(text)
    assert (read["value"], read["code"], read["is_degraded"]) == (value, code, degraded)


@pytest.mark.parametrize(
    ("one_name", "other"),
    [("張偉", "张伟"), ("王峯", "王峰"), ("李頔", "李𬱖"), ("陳昇", "陈升"), ("王A", "王?")],
)
def test_traditional_and_variant_characters_share_a_key(one_name: str, other: str) -> None:
    assert folded_name(one_name) == folded_name(other)


def test_folding_is_by_character_and_settles() -> None:
    names = ["乾隆", "張乾", "王後主", "李鎔"]
    assert [folded_name(folded_name(name)) for name in names] == [folded_name(n) for n in names]
    assert folded_name("乾隆") == folded_name("乾") + folded_name("隆")


@pytest.mark.parametrize(
    ("name", "sound"),
    [
        ("单测", "shan ce"),
        ("仇测", "qiu ce"),
        ("尉迟测", "yu chi ce"),
        ("曾测", "zeng ce"),
        ("解测", "xie ce"),
        ("区测", "ou ce"),
        ("查测", "zha ce"),
        ("盖测", "ge ce"),
        ("覃测", "qin ce"),
        ("么测", "yao ce"),
        ("万俟测", "mo qi ce"),
        ("令狐测", "ling hu ce"),
        ("测曾", "ce ceng"),
        ("吕测", "lv ce"),
        ("王?测", "wang ? ce"),
        ("王yan测", "wang yan ce"),
        ("测试甲·测试乙", "ce shi jia ce shi yi"),
        ("TEST PERSON", "test person"),
        ("O'NEIL-ANN", "o neil ann"),
    ],
)
def test_names_sound_as_surnames_are_read(name: str, sound: str) -> None:
    assert name_sound(name) == sound


def test_homophones_sound_alike_and_stay_two_names() -> None:
    names = standardise_names(pl.Series(["张伟", "张玮"]))
    assert names["sound"].n_unique() == 1
    assert names["key"].n_unique() == 2


def test_repeated_values_come_back_in_their_rows() -> None:
    names = standardise_names(pl.Series(["王测", None, "张测", "王测", "", "张测"]))
    assert names["value"].to_list() == ["王测", None, "张测", "王测", None, "张测"]
