from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pipelines.synthetic.columns import column
from pipelines.synthetic.dice import Dice
from pipelines.synthetic.families import FIRST, HUSBAND, SECOND, TODAY, WIFE, compose
from pipelines.synthetic.identifiers import Register
from pipelines.synthetic.people import settle
from pipelines.synthetic.states import as_known, found


@pytest.fixture(scope="module")
def people() -> pl.DataFrame:
    dice = Dice(4)
    return settle(dice, Register(), compose(dice, np.arange(3000), TODAY))


def test_wang_li_and_zhang_are_a_fifth_of_the_people(people: pl.DataFrame) -> None:
    share = people["present_name"].str.contains("^[王李张]").mean()
    assert isinstance(share, float)
    assert 0.17 < share < 0.25


def test_children_are_younger_than_their_mothers(people: pl.DataFrame) -> None:
    mothers = people.filter(place=WIFE).select("family", mother="born_on")
    children = people.filter(pl.col("place").is_between(FIRST, SECOND)).join(mothers, on="family")
    assert (children["born_on"] - children["mother"]).min() >= 18 * 365  # type: ignore[operator]


def test_there_are_twins_with_one_birth_date(people: pl.DataFrame) -> None:
    pairs = people.filter(pl.col("place").is_in([FIRST, SECOND])).group_by("family", "born_on").len()
    assert pairs.filter(pl.col("len") == 2).height > 5


def test_county_codes_follow_the_day_the_number_was_given(people: pl.DataFrame) -> None:
    fathers = people.filter(~pl.col("migrant") & (pl.col("place") == HUSBAND))
    codes = set(fathers["present_id"].str.slice(0, 6))
    assert codes == {"512928", "513623", "511622"}


def test_a_few_people_share_a_number_and_some_had_two(people: pl.DataFrame) -> None:
    shared = people.filter(pl.col("present_id").is_duplicated())
    assert 0 < shared.height < 0.003 * people.height
    assert shared.select("present_id", "born_on", "sex").unique().height * 2 == shared.height
    assert 0.001 < (people["earlier_id"] != "").mean() < 0.005  # type: ignore[operator]


def test_a_quarter_of_telephones_changed_between_two_departments(people: pl.DataFrame) -> None:
    people = people.filter(pl.col("place").is_in([HUSBAND, WIFE]))
    county, known = found(Dice(4), 5000), []
    for word, lag in (("one", 900), ("other", 2400)):
        serial = pl.Series(Dice(4).bits(word, column(people, "person")))
        rows = people.with_columns(serial=serial, since_on=pl.col("born_on"))
        known.append(as_known(county, rows, TODAY, lag)["telephone"])
    differ = (known[0] != known[1]).mean()
    assert isinstance(differ, float)
    assert 0.22 < differ < 0.4
