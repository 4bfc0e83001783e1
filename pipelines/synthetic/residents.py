"""Registers of residents, incomers and workers."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.synthetic.columns import column
from pipelines.synthetic.dice import Dice, Ints, Mask
from pipelines.synthetic.families import TODAY, YEAR
from pipelines.synthetic.records import ages, choice, entered, known_alive, local_number, since, twice
from pipelines.synthetic.states import WORKING_AGE, County

_SCHOOL_AGE = 6


def registered(county: County, people: pl.DataFrame, day: int) -> pl.DataFrame:
    """The base register: everybody who is registered in the county, or was struck off it."""
    dice = county.dice
    rows = entered(dice, people.filter(~pl.col("migrant")).with_columns(copy=pl.lit(0)), "registered")
    rows = pl.concat([rows, _under_old_number(dice, rows)])
    begin = np.where(rows["came_later"].to_numpy(), column(rows, "arrived_on"), column(rows, "born_on"))
    begin += 3 + dice.wait("registers", 9, column(rows, "person"))
    rows = rows.with_columns(since_on=pl.Series(begin)).filter(pl.col("since_on") <= day)
    married_in = pl.col("relation").is_in(["12", "38", "52"])
    wed = pl.min_horizontal(pl.col("born_on") + 8000, pl.lit(TODAY - 30))
    return rows.with_columns(
        *_struck_off(day),
        *_as_registered(day),
        moved_in_on=pl.when("came_later").then("since_on").when(married_in).then(wed),
    )


def _as_registered(day: int) -> list[pl.Expr]:
    """Number and name as they are on the day: here they are made."""
    number = (
        pl.when((pl.col("earlier_id") != "") & (pl.col("corrected_on") > day))
        .then("earlier_id")
        .otherwise("present_id")
    )
    unchanged = (pl.col("earlier_name") != "") & (pl.col("renamed_on") > day)
    name = pl.when(unchanged).then("earlier_name").otherwise("present_name")
    former = pl.when(unchanged).then(pl.lit("")).otherwise("earlier_name")
    return [
        pl.when(pl.col("numbered_on") <= day).then(number).otherwise(pl.lit("")).alias("own_number"),
        name.alias("own_name"),
        former.alias("own_former_name"),
    ]


def _struck_off(day: int) -> list[pl.Expr]:
    struck = pl.col("struck_on") <= day
    duplicate = pl.col("copy") == 1
    moved = pl.col("left_on") < pl.col("dies_on")
    reason = (
        pl.when(duplicate)
        .then(pl.lit("3"))
        .when(struck & moved)
        .then(pl.lit("2"))
        .when(struck)
        .then(pl.lit("1"))
        .otherwise(pl.lit(""))
    )
    off_on = pl.when(duplicate).then(TODAY - 900).when(struck).then("struck_on")
    return [
        pl.when(struck | duplicate).then(pl.lit("1")).otherwise(pl.lit("0")).alias("struck"),
        reason.alias("struck_reason"),
        off_on.alias("struck_off_on"),
    ]


def _under_old_number(dice: Dice, rows: pl.DataFrame) -> pl.DataFrame:
    """Half of those with a corrected number still have a struck-off row under the old one."""
    old = rows.filter((pl.col("earlier_id") != "") & (pl.col("corrected_on") < TODAY))
    old = old.filter(pl.Series(dice.hit("old row", 0.5, column(old, "person"))))
    serial = dice.bits("serial of old row", column(old, "person"))
    return old.with_columns(
        present_id=pl.col("earlier_id"),
        copy=pl.lit(1),
        serial=pl.Series(serial, dtype=pl.UInt64),
        record=pl.Series(serial, dtype=pl.UInt64),
    )


def incomers(county: County, people: pl.DataFrame, day: int) -> pl.DataFrame:
    """People registered elsewhere who live here; permits after half a year, endorsed yearly."""
    dice = county.dice
    rows = people.filter(pl.col("migrant") & pl.Series(known_alive(county, people, day, "incomers")))
    rows = twice(county, rows, "incomers")
    began = since(dice, rows, "incomers", column(rows, "arrived_on"), 12)
    rows = rows.with_columns(began).filter(pl.col("since_on") <= day)
    age = ages(rows, day)
    reason = dice.choose("reason", (62, 8, 24, 6), column(rows, "person"))
    reason = np.where(age < WORKING_AGE[0], np.where(age > _SCHOOL_AGE, 1, 2), reason)
    number = local_number(column(rows, "person") * 2 + column(rows, "copy"), 17)
    issued = column(rows, "since_on") + 184 + dice.wait("issued", 60, rows["serial"].to_numpy())
    has = (issued <= day) & (age > _SCHOOL_AGE)
    return rows.with_columns(
        choice(["1", "2", "3", "4"], reason).alias("reason"),
        pl.Series("endorsements", _endorsements(dice, rows, issued, has, day), dtype=pl.String),
        number="R" + number,
        permit_number=pl.when(pl.Series(has)).then("5116" + number).otherwise(pl.lit("")),
        issued_on=pl.when(pl.Series(has)).then(pl.Series(issued)),
    )


def _endorsements(dice: Dice, rows: pl.DataFrame, issued: Ints, has: Mask, day: int) -> list[str]:
    """Yearly endorsements within the month before each full year; some are late, some missed."""
    shown = []
    skips = dice.below("missed", 12, rows["serial"].to_numpy()).tolist()
    for start, there, skip in zip(issued.tolist(), has.tolist(), skips, strict=True):
        years = range(1, int((day - start) // 365) + 2) if there else ()
        days = [start + 365 * year - 20 + 7 * (skip % 4) for year in years if year != skip]
        dates = np.array([d for d in days if d <= day], dtype="datetime64[D]")
        shown.append(";".join(str(date).replace("-", "") for date in dates))
    return shown


def workers(county: County, people: pl.DataFrame, day: int) -> pl.DataFrame:
    """People of working age who ever registered for work; the status comes with the state."""
    dice, age = county.dice, ages(people, day)
    fit = (age >= WORKING_AGE[0]) & (age < WORKING_AGE[1] + 2)
    fit &= known_alive(county, people, day, "workers")
    rate = np.where(people["migrant"].to_numpy(), 0.6, 0.7)
    fit &= dice.hit("registers for work", rate, column(people, "person"))
    rows = twice(county, people.filter(pl.Series(fit)), "workers")
    after = np.maximum(TODAY - 5000, column(rows, "born_on") + int(WORKING_AGE[0] * YEAR))
    rows = rows.with_columns(since(dice, rows, "workers", after, 1200))
    rows = rows.filter(pl.col("since_on") <= day)
    number = local_number(column(rows, "person") * 2 + column(rows, "copy"), 4_001)
    why = dice.choose("why out of work", (50, 30, 20), rows["serial"].to_numpy())
    return rows.with_columns(
        number=number,
        certificate="5116" + number,
        why=choice(["合同终止", "辞职", "单位裁员"], why),
    )
