"""Addresses by a gazetteer: against a naive oracle, and at the places where names mislead."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import ContractError
from pipelines.kernels.addresses import standardise_addresses
from pipelines.kernels.gazetteer import COLUMNS, PARTS, gazetteer_of, load_gazetteer, parse_addresses
from pipelines.synthetic.dice import Dice
from pipelines.synthetic.places import gazetteer, home

PLACES = pl.DataFrame(
    [
        ("51", "四川省"), ("5116", "广安市"), ("511622", "武胜县"), ("511602", "广安区"),
        ("511622100", "沿口镇"), ("511622100", "城关镇"), ("511622101", "中心镇"), ("511602101", "中心镇"),
        ("511622100001", "解放路社区居委会"), ("511622100201", "石桥村民委员会"), ("511622101201", "石桥村民委员会"),
        ("511622101202", "白马村村民委员会"),
    ],
    schema=["code", "name"],
    orient="row",
)  # fmt: skip


def parsed(*addresses: str | None) -> list[dict[str, str]]:
    spelt = standardise_addresses(pl.Series(list(addresses), dtype=pl.String))["value"]
    rows = parse_addresses(spelt, gazetteer_of(PLACES)).rows(named=True)
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def codes(address: str) -> list[str | None]:
    (row,) = parsed(address)
    return [row.get(name) for name in COLUMNS[:3]]


def test_an_address_in_full_has_every_part() -> None:
    (row,) = parsed("四川省广安市武胜县沿口镇解放路社区人民路１２号三栋2单元501室")
    assert row == {
        "division_code": "511622", "township_code": "511622100", "community_code": "511622100001",
        "road": "人民路", "plate": "12", "building": "3", "unit": "2", "room": "501",
    }  # fmt: skip


def test_levels_that_are_left_out_follow_from_those_that_are_there() -> None:
    assert codes("白马村5组12号") == ["511622", "511622101", "511622101202"]
    assert codes("沿口镇石桥村3组") == ["511622", "511622100", "511622100201"]
    assert codes("武胜沿口镇") == [None, None, None], "a county is named in full"


def test_a_name_that_several_places_bear_counts_only_below_a_known_one() -> None:
    assert codes("中心镇人民路1号") == [None, None, None]
    assert codes("广安区中心镇人民路1号") == ["511602", "511602101", None]
    assert codes("石桥村3组") == [None, None, None]


def test_an_old_name_means_the_same_place_and_a_road_is_no_place() -> None:
    assert codes("武胜县城关镇石桥村") == ["511622", "511622100", "511622100201"]
    (row,) = parsed("沿口镇石桥路3号")
    assert (row["road"], row["plate"], "community_code" in row) == ("石桥路", "3", False)


def test_what_says_nothing_stays_empty() -> None:
    assert parsed(None, "", "不详", "上海市黄浦区南京东路1号") == [
        {},
        {},
        {},
        parsed("上海市黄浦区南京东路1号")[0],
    ]
    assert not set(parsed("上海市黄浦区南京东路1号")[0]) & set(COLUMNS[:3])


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=30), st.integers(0, 3))
def test_townships_of_generated_addresses_are_found_as_they_were_made(families: list[int], move: int) -> None:
    keys = pl.Series(families, dtype=pl.Int64).to_numpy()
    made = home(Dice(5), keys, keys * 0 + move)
    for column in ("address", "short_address"):
        spelt = standardise_addresses(made[column])["value"]
        found = parse_addresses(spelt, gazetteer_of(gazetteer()))
        assert found["township_code"].to_list() == made["township_code"].to_list()
        assert found["division_code"].unique().to_list() == ["511622"]


@given(
    st.sampled_from(["", "四川省", "四川省广安市", "广安市", "四川"]),
    st.sampled_from([("武胜县", "511622"), ("广安区", "511602")]),
    st.sampled_from(["中心镇", "中心镇-", "中心镇 "]),
    st.integers(1, 999),
)
def test_an_address_is_found_however_much_of_its_beginning_is_written(
    above: str, division: tuple[str, str], town: str, plate: int
) -> None:
    (row,) = parsed(f"{above}{division[0]}{town}和平路{plate}号")
    assert (row["division_code"], row["township_code"]) == (division[1], f"{division[1]}101")
    assert (row["road"], row["plate"]) == ("和平路", str(plate))


def test_a_faulty_gazetteer_is_told_with_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "gazetteer.csv"
    assert load_gazetteer(path) is None
    path.write_text("code,name\n5116,广安市\n51162,武胜\n", encoding="utf-8")
    with pytest.raises(ContractError, match="line 3"):
        load_gazetteer(path)
    other = tmp_path / "other.csv"
    other.write_text("name\n武胜\n", encoding="utf-8")
    with pytest.raises(ContractError, match="columns code and name"):
        load_gazetteer(other)


def test_parts_have_names_of_their_own() -> None:
    assert set(PARTS) < set(COLUMNS)
