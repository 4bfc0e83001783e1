"""The insured: one row for each person and insurance."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.synthetic.columns import column
from pipelines.synthetic.dice import Dice, Shares
from pipelines.synthetic.families import TODAY, YEAR
from pipelines.synthetic.records import ages, choice, known_alive, local_number, since, twice
from pipelines.synthetic.states import WORKING_AGE, County

_EMPLOYEES = {"110": 1.0, "310": 1.0, "210": 0.9, "410": 0.95, "510": 0.7}
_MEDICAL = ["310", "390", "510"]
_RESIDENTS = ["170", "390"]
_DRAWING = 4


def insured(county: County, people: pl.DataFrame, day: int) -> pl.DataFrame:
    """One row for each person and insurance; employees pay five, residents two."""
    dice, age = county.dice, ages(people, day)
    people = people.with_columns(insurance=_insurances(dice, people, age))
    rows = people.filter(pl.Series(known_alive(county, people, day, "insured")))
    rows = twice(county, rows, "insured").explode("insurance", empty_as_null=False)
    medical = rows["insurance"].is_in(_MEDICAL).cast(pl.Int64).to_numpy()
    serial = dice.bits("serial of office", rows["serial"].to_numpy(), medical)
    insurance = rows["insurance"].cast(pl.Int64).to_numpy()
    rows = rows.with_columns(
        number=local_number(column(rows, "person") * 2 + column(rows, "copy"), 900_007),
        serial=pl.Series(serial),
        record=pl.Series(dice.bits("record", serial, insurance)),
    )
    from_birth = (rows["insurance"] == "390").to_numpy()
    start = np.where(from_birth, 30, int(WORKING_AGE[0] * YEAR))
    after = np.maximum(TODAY - 6000, column(rows, "born_on") + start)
    rows = rows.with_columns(since(dice, rows, "insured", after, 900))
    rows = rows.filter(pl.col("since_on") <= day)
    return rows.with_columns(_contributions(dice, rows, day))


def _insurances(dice: Dice, people: pl.DataFrame, age: Shares) -> pl.Series:
    person, native = column(people, "person"), ~people["migrant"].to_numpy()
    adult = age > WORKING_AGE[0] + 1
    works = adult & (age < WORKING_AGE[1]) & dice.hit("insured at work", 0.24, person)
    drawn = {key: works & dice.hit(f"insurance {key}", rate, person) for key, rate in _EMPLOYEES.items()}
    drawn["170"] = ~works & native & adult & dice.hit("insurance 170", 0.75, person)
    drawn["390"] = ~works & native & dice.hit("insurance 390", 0.92, person)
    # Two offices that do not know of each other.
    drawn["390"] |= works & dice.hit("insured twice", 0.02, person)
    kinds = sorted(drawn)
    table = np.stack([drawn[kind] for kind in kinds], axis=1).tolist()
    chosen = [[kind for kind, has in zip(kinds, row, strict=True) if has] for row in table]
    return pl.Series(chosen, dtype=pl.List(pl.String))


def _contributions(dice: Dice, rows: pl.DataFrame, day: int) -> list[pl.Series]:
    record, began = rows["record"].to_numpy(), column(rows, "since_on")
    old = ages(rows, day) >= WORKING_AGE[1]
    pension = rows["insurance"].is_in(["110", "170"]).to_numpy()
    status = 1 + dice.choose("contribution", (90, 6, 4), record)
    status = np.where(old & pension, _DRAWING, status)
    stop = np.maximum(began, TODAY - dice.wait("stopped", 400, record))
    last = np.where(status == 1, day - 20, np.minimum(stop, day))
    months = np.maximum(1, (last - began) // 30 - dice.below("gaps", 8, record))
    base = 2800 + dice.below("base", 620_000, record) / 100
    resident = rows["insurance"].is_in(_RESIDENTS).to_numpy()
    base = np.where(resident, 100.0 * (1 + dice.below("grade", 20, record)), base)
    other = dice.hit("other place", 0.02, record).astype(np.int64)
    return [
        pl.Series("status", status).cast(pl.String),
        pl.Series("first_paid_on", began),
        pl.Series("last_paid_on", np.maximum(last, began)),
        pl.Series("months_paid", months).cast(pl.String),
        pl.Series("base", base),
        choice(["511622", "511602"], other).alias("place"),
        pl.Series("at_work", ~resident),
    ]
