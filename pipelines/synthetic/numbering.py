"""Citizen IDs of people: given where and when, corrected, and sometimes given twice."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.synthetic.columns import NEVER, column
from pipelines.synthetic.declarations import declaration
from pipelines.synthetic.dice import Dice, Ints, Mask
from pipelines.synthetic.families import GRANDMOTHER, HUSBAND, TODAY, WIFE, YEAR
from pipelines.synthetic.identifiers import Register
from pipelines.synthetic.places import divisions, period_of
from pipelines.synthetic.rates import Rates

_NEVER_NUMBERED = 0.006  # of the under-sixteens


def share_numbers(dice: Dice, rates: Rates, base: dict[str, Ints], migrant: Mask) -> Ints:
    """For each person the index of the one whose number (and birth date) they were given.

    重号: two people of one sex and one birth date got one number from two offices.
    """
    same_as = np.arange(len(base["person"]))
    adult = ~migrant & np.isin(base["place"], (HUSBAND, WIFE))
    for sex in (1, 2):
        ranked = np.nonzero(adult & (base["sex"] == sex))[0]
        ranked = ranked[np.argsort(base["born_on"][ranked], kind="stable")]
        chosen = dice.hit("shared number", rates.people["shared_number"], base["person"][ranked])
        chosen[1:] &= ~chosen[:-1]
        later = np.nonzero(chosen[:-1])[0]
        same_as[ranked[later + 1]] = ranked[later]
    return same_as


def numbers(
    dice: Dice, rates: Rates, register: Register, people: pl.DataFrame, same_as: Ints
) -> list[pl.Series]:
    """Citizen IDs: the present one, the one before its correction, and when it was given."""
    person, born = column(people, "person"), column(people, "born_on")
    sex, migrant = column(people, "sex"), people["migrant"].to_numpy()
    given, document, home = _given_at(dice, people)
    present = register.give(given, born, sex).gather(same_as)
    twice = dice.hit("two numbers", rates.people["old_number"], person) & (document == "01") & ~migrant
    slip = np.array([0, 0, 10, 30, 365])[dice.below("slip", 5, person)]
    rows = np.nonzero(twice)[0]
    old = np.full(len(person), "", dtype=object)
    old[rows] = register.give(given[rows], born[rows] - slip[rows], sex[rows]).to_list()
    child = (born > TODAY - 16 * YEAR) & dice.hit("never numbered", _NEVER_NUMBERED, person)
    numbered = np.where(child, NEVER, born + 15 + dice.wait("numbered", 50, person))
    return [
        present.alias("present_id"),
        pl.Series("shares_number", np.bincount(same_as, minlength=len(person))[same_as] > 1),
        pl.Series("earlier_id", old.tolist(), dtype=pl.String),
        pl.Series("corrected_on", TODAY + dice.between("corrected", -5000, 600, person)),
        pl.Series("numbered_on", numbered),
        pl.Series("document_code", document.tolist(), dtype=pl.String),
        pl.Series("home_division", home.astype(str).tolist()),
    ]


def _given_at(dice: Dice, people: pl.DataFrame) -> tuple[Ints, Ints, Ints]:
    """Division in the number, kind of document (01, 02, 03), division of registration today."""
    person, place = column(people, "person"), column(people, "place")
    born, migrant = column(people, "born_on"), people["migrant"].to_numpy()
    county = declaration("county")
    late = dice.hit("numbered late", 0.05, person)
    period = period_of(born + late * dice.below("how late", 2200, person))
    own = np.array(county["division_history"], dtype=np.int64)[period]
    married_in = np.isin(place, (GRANDMOTHER, WIFE)) & dice.hit("from near", 0.4, person)
    family = column(people, "family")
    key = np.where(married_in, person, family)
    near = divisions(dice, "near", county["neighbours"], key, period)
    far = divisions(dice, "far", county["elsewhere"], key, period)
    is_near = dice.hit("near or far", 0.6, key)
    given = np.where(migrant, np.where(is_near, near, far), np.where(married_in, near, own))
    latest = np.full(len(person), 2)
    near_now = divisions(dice, "near", county["neighbours"], key, latest)
    far_now = divisions(dice, "far", county["elsewhere"], key, latest)
    now = np.where(migrant, np.where(is_near, near_now, far_now), int(county["division"]))
    abroad = np.where(migrant, dice.choose("abroad", (1960, 25, 15), person), 0)
    harbour = np.array([810000, 820000, 830000])[dice.below("harbour", 3, person)]
    given = np.where(abroad == 1, harbour, np.where(abroad == 2, 951840, given))
    return given, np.array(["01", "02", "03"], dtype=object)[abroad], np.where(abroad, given, now)
