"""What a department knows of people on a day: their state when it last heard of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.synthetic.columns import column
from pipelines.synthetic.declarations import declaration
from pipelines.synthetic.dice import Dice, Ints
from pipelines.synthetic.families import GRANDFATHER, GRANDMOTHER, TODAY, YEAR
from pipelines.synthetic.identifiers import credit_code
from pipelines.synthetic.names import Words, words
from pipelines.synthetic.places import home
from pipelines.synthetic.rates import Rates, usual

# Ranges that no operator has been given: nobody is called by accident.
_PREFIXES = words(["154", "160", "161", "163", "164", "168", "169", "179"])
WORKING_AGE = (17, 60)
_PERSONS_PER_FIRM = 60


@dataclass(frozen=True)
class County:
    """The dice, the firms there are, how many people, and how dirty everything is."""

    dice: Dice
    firms: pl.DataFrame
    people: int
    rates: Rates


def found(dice: Dice, people: int, rates: Rates | None = None) -> County:
    """A county of so many people with its firms."""
    number = np.arange(20 + people // _PERSONS_PER_FIRM)
    county = declaration("county")
    parts = [
        words(county[key].split())[dice.below(key, len(county[key].split()), number)]
        for key in ("townships", "firm_words", "firm_trades")
    ]
    names = county["short_prefix"] + parts[0] + parts[1] + parts[2] + "有限公司"
    firms = pl.DataFrame(
        {
            "firm_name": names.tolist(),
            "firm_code": [credit_code(n * 977 + 31**5, county["division"]) for n in number.tolist()],
            "firm_number": [f"{county['division']}{n:08d}" for n in (number * 7 + 10_001).tolist()],
        },
    )
    return County(dice, firms, people, rates or usual())


def telephones(dice: Dice, owner: Ints, version: Ints) -> Words:
    """Mobile numbers of an owner, before and after the change."""
    prefix = _PREFIXES[dice.below("prefix", len(_PREFIXES), owner, version)]
    serial = dice.below("serial", 10**8, owner, version)
    return np.asarray(prefix + words([f"{number:08d}" for number in serial.tolist()]), dtype=object)


def as_known(county: County, rows: pl.DataFrame, day: int, lag: float) -> pl.DataFrame:
    """Add the state of the people on the day the department last heard of them.

    `lag` is the mean delay in days; every row keeps its own delay (by `serial`), so that changes
    trickle in from delivery to delivery. Expects the columns of people.py, serial and since_on.
    """
    dice, serial = county.dice, rows["serial"].to_numpy()
    delay = dice.wait("delay", lag, serial)
    heard = np.maximum(day - delay, column(rows, "since_on"))
    state = rows.with_columns(
        heard_on=pl.Series(heard),
        telephone_version=pl.Series(heard) >= rows["telephone_changed_on"],
        home_version=pl.Series(heard) >= rows["moved_on"],
        job_version=pl.Series(heard) >= rows["job_changed_on"],
    )
    state = state.with_columns(
        name=pl.when((pl.col("earlier_name") != "") & (pl.col("heard_on") < pl.col("renamed_on")))
        .then("earlier_name")
        .otherwise("present_name"),
        citizen_id=_number_known(day),
        telephone=pl.Series(
            telephones(dice, column(state, "telephone_owner"), column(state, "telephone_version")).tolist(),
        ),
    )
    state = state.with_columns(_homes(dice, state)).with_columns(_jobs(county, state, day))
    return state.with_columns(_updated(delay))


def _number_known(day: int) -> pl.Expr:
    corrected = pl.col("heard_on") >= pl.col("corrected_on")
    number = pl.when((pl.col("earlier_id") != "") & ~corrected).then("earlier_id").otherwise("present_id")
    return pl.when(pl.col("numbered_on") <= day).then(number).otherwise(pl.lit(""))


def _homes(dice: Dice, state: pl.DataFrame) -> list[pl.Series]:
    family = column(state, "family")
    first = home(dice, family, np.zeros_like(family))
    now = home(dice, family, column(state, "home_version"))
    registered = first.rename({name: f"registered_{name}" for name in first.columns})
    return [*registered.get_columns(), *now.get_columns()]


def _jobs(county: County, state: pl.DataFrame, day: int) -> list[pl.Series]:
    """Employer and status (1 employed, 2 out of work, 3 left, 0 never) by person and job."""
    dice, person = county.dice, column(state, "person")
    version, place = column(state, "job_version"), column(state, "place")
    age = (day - column(state, "born_on")) / YEAR
    fit = (age >= WORKING_AGE[0]) & (age < WORKING_AGE[1])
    takes_part = dice.hit("takes part", np.where(state["migrant"].to_numpy(), 0.8, 0.62), person)
    status = 1 + dice.choose("status", (76, 16, 8), person, version)
    status = np.where(fit & takes_part & (place != GRANDFATHER) & (place != GRANDMOTHER), status, 0)
    size = len(county.firms)
    firm = np.minimum((dice.share("firm", person, version) ** 2 * size).astype(np.int64), size - 1)
    firms = county.firms[firm]
    shown = pl.when(pl.Series(status == 1)).then(pl.all()).otherwise(pl.lit(""))
    employers = firms.select(shown.name.map(lambda name: name.replace("firm", "employer")))
    return [pl.Series("job_status", status), *firms.get_columns(), *employers.get_columns()]


def _updated(delay: Ints) -> pl.Expr:
    """The day the department last wrote the row: its beginning, or when it heard of a change."""
    late = pl.Series(delay)
    events = [
        pl.when(pl.col(name).is_between("since_on", "heard_on", closed="right"))
        .then(pl.col(name) + late)
        .otherwise(-TODAY)
        for name in ("telephone_changed_on", "moved_on", "job_changed_on")
    ]
    return pl.max_horizontal("since_on", *events).alias("updated_on")
