from __future__ import annotations

import polars as pl
import pytest

from pipelines.linkage.addresses import address_keys


def _keys(address: str) -> tuple[str | None, str | None]:
    whole, street = address_keys(pl.lit(address))
    return pl.select(whole).item(), pl.select(street).item()


@pytest.mark.parametrize("above", ["四川省广安市武胜县", "四川省武胜县", "武胜县"])
def test_a_community_is_no_district_however_much_stands_before_it(above: str) -> None:
    plain = "沿口镇城北社区4组99号"
    assert _keys(above + plain) == _keys(plain) != _keys("沿口镇河东社区4组99号")
    assert _keys(plain)[1] == "城北社区"


@pytest.mark.parametrize("above", ["重庆市渝中区", "四川省广安市前锋区", "前锋区"])
def test_a_district_is_left_out(above: str) -> None:
    assert _keys(f"{above}人民路12号3栋") == ("人民路12-3", "人民路")


def test_a_street_is_one_with_or_without_its_township() -> None:
    assert _keys("四川省武胜县和平社区4组")[1] == _keys("武胜县鼓匠乡和平社区4组99号")[1] == "和平社区"
