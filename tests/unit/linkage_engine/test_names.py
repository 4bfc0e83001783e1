from __future__ import annotations

import polars as pl
import pytest

from pipelines.linkage.engine.characters import like_shapes, near_sound
from pipelines.linkage.engine.model import NAME_GRADES
from pipelines.linkage.engine.name_frequencies import name_classes
from pipelines.linkage.engine.name_loops import NO_EVIDENCE, name_grade
from pipelines.linkage.engine.name_parts import parts
from pipelines.linkage.engine.names import pack_names

GRADES = {NO_EVIDENCE: "no evidence", len(NAME_GRADES): "other"} | dict(enumerate(NAME_GRADES))


def _grade(a: str, b: str) -> str:
    packed = pack_names({"name": pl.Series([a, b]).unique(maintain_order=True)}).packed
    last = len(packed.about) - 1
    return GRADES[name_grade(packed.units, packed.about[0], packed.about[last], packed.grades)]


@pytest.mark.parametrize(
    ("a", "b", "grade"),
    [
        ("甲乙丙", "甲乙丙", "same"),
        ("甲国丙", "甲國丙", "variant"),
        ("甲乙丙", "甲以丙", "tone"),
        ("甲乙丙", "甲衣丙", "sound"),
        ("甲心丙", "甲星丙", "near"),
        ("甲晴丙", "甲睛丙", "shape"),
        ("甲未丙", "甲末丙", "shape"),
        ("余乙丙", "佘乙丙", "shape"),
        ("甲未丁", "甲末丙", "one_other"),
        ("甲?丙", "甲乙丙", "fits"),
        ("甲□丙", "甲?丙", "fits"),
        ("甲丙乙", "甲乙丙", "swapped"),
        ("甲乙丙", "甲丁丙", "one_other"),
        ("甲乙丙", "甲丙", "one_other"),
        ("甲丁丙", "戊丁丙", "given"),
        ("甲乙", "甲丁", "surname"),
        ("甲乙丙", "甲丁戊", "surname"),
        ("甲乙丙", "丁戊己", "other"),
        ("甲?", "甲乙丙", "no evidence"),
        ("??", "甲乙", "no evidence"),
        ("JIAYI", "甲乙", "sound"),
        ("AISHAN", "甲乙", "no evidence"),
        ("甲yi丙", "甲乙丙", "sound"),
        ("欧阳甲", "欧阳乙", "surname"),
        ("欧阳甲", "歐陽甲", "variant"),
        ("阿甲·乙丙", "阿甲·乙丙", "same"),
        ("阿甲·乙丙", "阿甲·丁戊", "surname"),
    ],
)
def test_a_pair_of_names_has_the_grade_people_would_say(a: str, b: str, grade: str) -> None:
    assert _grade(a, b) == grade
    assert _grade(b, a) == grade


def test_characters_that_look_alike_are_pairs_of_two_of_which_none_is_its_own() -> None:
    pairs = {pair for pairs in like_shapes().values() for pair in pairs}
    assert all(len(pair) == 2 and pair[0] < pair[1] for pair in pairs)
    assert {"己已", "戌戍", "晴睛", "土士"} <= pairs
    assert not {"张李", "王赵", "一龑"} & pairs


def test_a_surname_is_read_as_a_surname() -> None:
    assert _grade("单甲", "善甲") == "sound"


@pytest.mark.parametrize(
    ("name", "surname", "given"),
    [
        ("甲乙丙", "甲", "乙丙"),
        ("欧阳甲", "欧阳", "甲"),
        ("欧阳", "欧", "阳"),
        ("阿甲·乙", "阿甲", "乙"),
        ("A B", "A", "B"),
    ],
)
def test_a_name_is_taken_apart(name: str, surname: str, given: str) -> None:
    assert (parts(name).surname, parts(name).given) == (surname, given)


@pytest.mark.parametrize(("a", "b"), [("zhang", "zan"), ("nin", "ling"), ("fu", "hu"), ("shen", "seng")])
def test_sounds_that_people_mix_up_fall_together(a: str, b: str) -> None:
    assert near_sound(a) == near_sound(b)


def test_a_rare_name_of_common_characters_has_the_greater_chance() -> None:
    names = pl.Series(["甲乙", "甲丙", "丁乙", "丁丙", "戊己"])
    counts = pl.Series([50, 50, 50, 1, 1]).to_numpy()
    of_name, chances = name_classes(pack_names({"name": names}).taken["name"], "same", counts)
    assert of_name.tolist() == [50, 50, 50, 1, 1]
    assert chances[3] > 100 * chances[4]
