from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.synthetic.changing import DATE_CELL
from pipelines.synthetic.damage import KINDS, told_of
from pipelines.synthetic.dice import Dice
from pipelines.synthetic.dirt import soil
from pipelines.synthetic.homophones import alike, sounds, toneless
from pipelines.synthetic.names import DOT
from pipelines.synthetic.rates import Rates, usual

OLD = "51292819490101001X"  # a synthetic number: the 1st of January 1949
DIGITS = "512928194901010028"


@given(
    st.sampled_from(sorted(KINDS)), st.sampled_from([OLD, DIGITS, "张伟", "19490101", "15400000001", "1", ""])
)
def test_a_kind_of_dirt_changes_the_value_or_declines(kind: str, value: str) -> None:
    assert KINDS[kind](value, 12_345, "above") != value


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("fifteen", OLD, "512928490101001"),
        ("scientific", DIGITS, "5.12928E+17"),
        ("last_three_zero", DIGITS, "512928194901010000"),
        ("lower_x", OLD, OLD[:17] + "x"),
        ("cyrillic_x", OLD, OLD[:17] + "\u0425"),
        ("scientific", OLD, None),
        ("fifteen", "511622200101010011", None),
        ("thirtieth_of_february", "1990-05-05", "19900230"),
        ("in_words", "19900105", "1990年1月5日"),
        ("no_dot", f"古丽{DOT}玉素甫", "古丽玉素甫"),
        ("inner_blank_of_two", "王芳", "王 芳"),
        ("rare_to_question", "张䶮", "张?"),
        ("flipped", "男", "女"),
        ("centenarian", OLD, "512928490101997"),
        ("one_lost", DIGITS, "5" + DIGITS[2:]),
        ("letter", DIGITS, "512928l94901010028"),
        ("roll_without_letter", "G" + DIGITS, DIGITS),
        ("lunar_words", "1990/1/5", "农历1990年二月初一"),
        ("serial_day", "1990-01-01", "32874"),
        ("zeros", DATE_CELL + "1990-01-05", "19900000"),
        ("month_unreal", "202501", "202500"),
        ("old_division", "511622", "513623"),
        ("old_division", "510104", None),
        ("thousands", "12345.60", "12,345.60"),
        ("ten_thousands", "12345.60", "1.234560万元"),
        ("credit_short", "91511622MA0000000A", "91511622MA0000000"),
        ("variant", "张国峰", "张国峯"),
        ("in_dashes", "15400000001", "154-0000-0001"),
    ],
)
def test_dirt_looks_as_it_does_in_departments(kind: str, value: str, expected: str | None) -> None:
    assert KINDS[kind](value, 1, "") == expected


def test_every_rate_names_a_kind_that_exists() -> None:
    assert {kind for shares in usual().groups.values() for kind in shares} <= set(KINDS)


@pytest.mark.parametrize("rates", [usual(), usual().at_least(0.004)])
def test_the_rates_of_a_group_leave_clean_values(rates: Rates) -> None:
    assert all(sum(shares.values()) < 1 for shares in rates.groups.values())


@pytest.mark.parametrize("char", list("伟芳玲轩涵英"))
def test_homophones_sound_alike_and_the_groups_do_not_overlap(char: str) -> None:
    same, other = alike(char, "same_tone"), alike(char, "other_tone")
    assert char not in same + other
    assert all(sounds()[found] == sounds()[char] for found in same)
    assert all(toneless(sounds()[found]) == toneless(sounds()[char]) for found in other)
    assert not set(same) & set(other + alike(char, "near_sound"))


def test_a_fault_stays_from_delivery_to_delivery_until_it_is_mended() -> None:
    serial = np.arange(5000, dtype=np.uint64)

    def dirty(day: int) -> list[str]:
        values = [DIGITS] * len(serial)
        soil(Dice(1), usual(), ("feed", "column"), "id_desk", values, serial, day)
        return values

    june, july, much_later = dirty(20_634), dirty(20_664), dirty(26_000)
    kept = [j for j, k in zip(june, july, strict=True) if j != DIGITS and k == j]
    broken = sum(value != DIGITS for value in june)
    assert 150 < broken < 400
    assert 0.9 * broken < len(kept) < broken
    assert sum(value != DIGITS for value in much_later) < 0.05 * broken


def test_a_tail_that_leaves_a_valid_number_is_told_apart() -> None:
    assert told_of("float_tail", "11010519491231002X") == "valid_by_chance"
    assert told_of("float_tail", DIGITS[:17] + "1") == "float_tail"
    assert told_of("one_digit", DIGITS) == "one_digit"
