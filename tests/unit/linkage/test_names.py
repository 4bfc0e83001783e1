from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pipelines.linkage.engine.characters import near_sound
from pipelines.linkage.names import encode_names, name_levels
from pipelines.linkage.policy import LEVELS


def _level(a: str | None, b: str | None) -> str:
    names = encode_names(pl.Series([a, b], dtype=pl.String))
    found = int(name_levels(names, np.array([0], np.int32), np.array([1], np.int32))[0])
    return "missing" if found < 0 else LEVELS["name"][found]


@pytest.mark.parametrize(
    ("a", "b", "level"),
    [
        ("甲乙", "甲乙", "same"),
        ("甲乙", "甲以", "sound"),
        ("甲心丙", "甲行丙", "near"),
        ("甲乙", "甲丁", "one_character"),
        ("甲乙丙", "甲丁丙", "one_character"),
        ("甲乙丙", "甲丁戊", "surname"),
        ("甲乙丙", "甲乙", "one_character"),
        ("甲乙丙", "丁戊己", "other"),
        ("甲?丙", "甲乙丙", "fits"),
        ("甲?丙", "甲乙丁", "surname"),
        ("甲?", "甲乙丙", "missing"),
        ("?", "甲", "missing"),
        ("甲?", "甲?", "fits"),
        (None, "甲乙", "missing"),
    ],
)
def test_a_pair_of_names_has_the_level_people_would_say(a: str | None, b: str, level: str) -> None:
    assert _level(a, b) == level
    assert _level(b, a) == level


def test_pinyin_in_place_of_a_rare_character_sounds_the_same() -> None:
    assert _level("甲yi", "甲乙") == "sound"


def test_two_names_without_any_common_sound_never_agree_by_lost_characters() -> None:
    assert _level("丁?", "甲乙") == "other"
    assert _level("丁?戊", "甲乙丙") == "other"


@pytest.mark.parametrize(("a", "b"), [("zhang", "zan"), ("nin", "ling"), ("fu", "hu"), ("shen", "seng")])
def test_sounds_that_people_mix_up_fall_together(a: str, b: str) -> None:
    assert near_sound(a) == near_sound(b)


@pytest.mark.parametrize(("latin", "level"), [("JIAYI", "sound"), ("JIA YI", "sound"), ("AISHAN", "missing")])
def test_a_name_in_latin_letters_is_pinyin_or_no_evidence(latin: str, level: str) -> None:
    assert _level(latin, "甲乙") == level


def test_two_names_in_latin_letters_are_compared() -> None:
    assert _level("AISHAN", "PULATI") == "other"
