"""People of a block of families: one row each, with what happens to them and when.

Every `_on` column is a day (days since 1970-01-01), past or to come; what a department knows on a
day follows from it (`states.py`).
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.synthetic.columns import NEVER, column, year_of
from pipelines.synthetic.dice import Dice, Ints, Mask
from pipelines.synthetic.families import (
    FIRST,
    GRANDFATHER,
    GRANDMOTHER,
    HUSBAND,
    NEWBORN,
    PLACES,
    SINGLE,
    TODAY,
    WIFE,
    YEAR,
    Families,
)
from pipelines.synthetic.identifiers import Register
from pipelines.synthetic.names import full_names, surnames
from pipelines.synthetic.numbering import numbers, share_numbers
from pipelines.synthetic.rates import Rates, usual

_RENAMED = 0.03
_ETHNICITIES = {"01": 965, "15": 10, "06": 8, "07": 6, "04": 3, "03": 4, "05": 4}
_LONG_NAMED = "05"
_HEADS = (HUSBAND, GRANDFATHER, WIFE, GRANDMOTHER, *range(FIRST, NEWBORN + 1))
_SCHOOLING = {  # GB/T 4658 by year of birth: shares of the levels reached
    1955: {"90": 25, "80": 55, "70": 17, "60": 3},
    1975: {"90": 4, "80": 36, "70": 45, "60": 11, "40": 3, "30": 1},
    1990: {"80": 12, "70": 52, "60": 15, "40": 8, "30": 9, "20": 4},
    2100: {"70": 30, "60": 25, "40": 12, "30": 18, "20": 14, "10": 1},
}


def settle(
    dice: Dice,
    register: Register,
    families: Families,
    arrival: Ints | None = None,
    rates: Rates | None = None,
) -> pl.DataFrame:
    """One row per person present; `arrival` says when each family comes, if it comes later."""
    at, place = np.nonzero(families.present)
    person = families.number[at] * PLACES + place
    base: dict[str, Ints] = {
        "person": person,
        "family": families.number[at],
        "place": np.asarray(place, dtype=np.int64),
        "sex": families.sex[at, place],
        "born_on": families.born[at, place],
        "dies_on": families.dies[at, place],
    }
    migrant = families.migrant[at]
    rates = rates or usual()
    same_as = share_numbers(dice, rates, base, migrant)
    base["born_on"] = base["born_on"][same_as]
    people = pl.DataFrame(base).with_columns(migrant=pl.Series(migrant))
    people = people.with_columns(_relations(people))
    people = people.with_columns(_movements(dice, rates, people, None if arrival is None else arrival[at]))
    people = people.with_columns(_names(dice, people))
    people = people.with_columns(numbers(dice, rates, register, people, same_as))
    return people.with_columns(_circumstances(dice, people, families.kind[at] == SINGLE))


def _relations(people: pl.DataFrame) -> list[pl.Series]:
    """Head of the family, relation to the head (GB/T 4761), marital status, guardian."""
    place, sex = column(people, "place"), column(people, "sex")
    present = np.zeros((_families(people)[-1] + 1, PLACES), dtype=np.bool_)
    row = _families(people)
    present[row, place] = column(people, "dies_on") > TODAY
    order = np.array(_HEADS)
    head = order[np.argmax(present[:, order], axis=1)][row]
    alive = present.copy()
    guardian = np.where(
        alive[:, WIFE],
        WIFE,
        np.where(alive[:, HUSBAND], HUSBAND, np.where(alive[:, GRANDMOTHER], GRANDMOTHER, -1)),
    )
    father = alive[:, HUSBAND] & ((np.arange(len(alive)) * 7919) % 100 < 45)
    guardian = np.where(father, HUSBAND, guardian)
    relation = [
        _relation(h, p, s) for h, p, s in zip(head.tolist(), place.tolist(), sex.tolist(), strict=True)
    ]
    spouse = np.array([GRANDMOTHER, GRANDFATHER, WIFE, HUSBAND, -1, -1, -1, -1])[place]
    married = (spouse >= 0) & present[row, spouse]
    return [
        pl.Series("relation", relation),
        pl.Series("married", married),
        pl.Series("guardian_place", guardian[row]),
    ]


def _families(people: pl.DataFrame) -> Ints:
    """Index of each person's family in the block (people come in the order of families)."""
    family = column(people, "family")
    return np.concatenate([[0], np.cumsum(family[1:] != family[:-1])]).astype(np.int64)


def _relation(head: int, place: int, sex: int) -> str:
    if place == head:
        return "01"
    if place >= FIRST:
        if head in (HUSBAND, WIFE):
            return "20" if sex == 1 else "30"
        return "70" if head >= FIRST else "41" if sex == 1 else "42"
    table = {
        (HUSBAND, GRANDFATHER): "51",
        (HUSBAND, GRANDMOTHER): "52",
        (HUSBAND, WIFE): "12",
        (WIFE, GRANDFATHER): "53",
        (WIFE, GRANDMOTHER): "54",
        (GRANDFATHER, GRANDMOTHER): "12",
        (GRANDFATHER, HUSBAND): "20",
        (GRANDFATHER, WIFE): "38",
        (GRANDMOTHER, HUSBAND): "20",
        (GRANDMOTHER, WIFE): "38",
    }
    return table.get((head, place), "97")


def _movements(dice: Dice, rates: Rates, people: pl.DataFrame, arrival: Ints | None) -> list[pl.Series]:
    """When people come, leave the county, move inside it, and are struck off."""
    person, family = column(people, "person"), column(people, "family")
    migrant, born = people["migrant"].to_numpy(), column(people, "born_on")
    came = TODAY - 20 - dice.wait("came", 1100, family)
    arrived = np.where(migrant, came, born) if arrival is None else arrival
    arrived = np.maximum(arrived, born)
    left = np.where(
        migrant,
        np.maximum(TODAY, arrived) + 1 + dice.wait("leaves", 2200, family),
        np.maximum(TODAY - 900, arrived) + 1 + dice.wait("moves out", 45_000, person),
    )
    dies = column(people, "dies_on")
    reported = dies + 5 + dice.wait("death reported", 70, person)
    reported = np.where(dice.hit("death hidden", rates.people["death_hidden"], person), NEVER, reported)
    return [
        pl.Series("arrived_on", arrived),
        pl.Series("left_on", left),
        pl.Series("struck_on", np.where(left < dies, left, reported)),
        pl.Series("moved_on", TODAY + dice.between("moved", -4000, 12_000, family)),
        pl.Series("came_later", np.full(len(person), arrival is not None)),
    ]


def _names(dice: Dice, people: pl.DataFrame) -> list[pl.Series]:
    person, family, place = (column(people, key) for key in ("person", "family", "place"))
    sex, born = column(people, "sex"), column(people, "born_on")
    codes = list(_ETHNICITIES)
    drawn = dice.choose("ethnicity", list(_ETHNICITIES.values()), family)
    long = drawn == codes.index(_LONG_NAMED)
    married_in = np.isin(place, (GRANDMOTHER, WIFE))
    mothers = (place >= FIRST) & dice.hit("mother's surname", 0.02, family)
    line = np.where(married_in, place, np.where(mothers, WIFE, HUSBAND))
    surname = surnames(dice, "of", family * PLACES + line)
    args = surname, person, sex, year_of(born), np.asarray(long, dtype=np.bool_)
    name, other = (full_names(dice, word, *args) for word in ("given", "earlier"))
    renamed = dice.hit("renamed", _RENAMED, person) & (name != other)
    changed = born + ((3 + 45 * dice.share("renamed on", person)) * YEAR).astype(np.int64)
    return [
        pl.Series("present_name", name.tolist(), dtype=pl.String),
        pl.Series("earlier_name", np.where(renamed, other, "").tolist(), dtype=pl.String),
        pl.Series("renamed_on", np.where(renamed, changed, -NEVER)),
        pl.Series("ethnicity_code", [codes[index] for index in drawn.tolist()]),
    ]


def _circumstances(dice: Dice, people: pl.DataFrame, single: Mask) -> list[pl.Series]:
    """Telephone, marital status, schooling, household number."""
    person, family = column(people, "person"), column(people, "family")
    age = (TODAY - column(people, "born_on")) / YEAR
    old = np.isin(column(people, "place"), (GRANDFATHER, GRANDMOTHER))
    shares = (age < 15) | dice.hit("shares telephone", np.where(old, 0.45, 0.12), person)
    owner = np.where(shares, family * PLACES + HUSBAND, person)
    parted = np.where(dice.hit("divorced", 0.3, person), "40", "30")
    alone = np.where((age < 32) | single & dice.hit("never married", 0.7, person), "10", parted)
    young = (age < 22) | (column(people, "place") >= FIRST)
    marital = np.where(people["married"].to_numpy(), "20", np.where(young, "10", alone))
    return [
        pl.Series("telephone_owner", owner),
        pl.Series("telephone_changed_on", TODAY + dice.between("telephone", -2000, 2000, owner)),
        pl.Series("marital_code", np.where(age < 15, "", marital).tolist(), dtype=pl.String),
        pl.Series("schooling_code", _schooling(dice, person, column(people, "born_on"))),
        pl.Series("family_number", 100_000_000 + (family * 48_271 + 1) % 900_000_000).cast(pl.String),
        pl.Series("job_changed_on", TODAY + dice.between("job", -3000, 3000, person)),
    ]


def _schooling(dice: Dice, person: Ints, born: Ints) -> list[str]:
    year, age = year_of(born), (TODAY - born) / YEAR
    chosen = np.full(len(person), "", dtype=object)
    since = 0
    for until, shares in _SCHOOLING.items():
        mask = (year >= since) & (year < until)
        levels = np.array(list(shares), dtype=object)
        chosen[mask] = levels[dice.choose("schooling", list(shares.values()), person[mask])]
        since = until
    pupil = np.where(age < 12.5, "90", np.where(age < 15.5, "80", "70"))
    chosen = np.where(age < 18, pupil, chosen)
    return [str(level) for level in np.where(age < 6, "", chosen)]
