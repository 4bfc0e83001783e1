"""Children at school, their roll numbers, schools and guardians."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.synthetic.columns import column
from pipelines.synthetic.dice import Dice, Ints
from pipelines.synthetic.families import GRANDFATHER, GRANDMOTHER, HUSBAND, PLACES, WIFE, YEAR
from pipelines.synthetic.identifiers import compact, with_check_character
from pipelines.synthetic.records import choice, known_alive, twice
from pipelines.synthetic.states import County

_PRIMARY, _MIDDLE, _LAST = 6, 9, 12  # the last grade of each stage
_ROLL_KEPT = 1000  # days on average
_GRADUATED = 3
_KINDS = ("小学", "初级中学", "高级中学")


def pupils(county: County, people: pl.DataFrame, day: int) -> pl.DataFrame:
    """Children at school with their roll numbers and guardians."""
    dice = county.dice
    september = _school_year(day)
    grade = ((september - column(people, "born_on")) // YEAR).astype(np.int64) - 5
    attends = np.where(grade > _MIDDLE, 0.85, 0.99)
    here = known_alive(county, people, day, "pupils") & (grade >= 1)
    here &= dice.hit("at school", attends, column(people, "person"))
    # Rolls of those who left school are cleared away little by little.
    kept = dice.wait("roll kept", _ROLL_KEPT, column(people, "person"))
    here &= day - (september - (grade - _LAST - 1) * YEAR) < kept
    rows = people.with_columns(grade=pl.Series(grade)).filter(pl.Series(here))
    rows = twice(county, rows, "pupils")
    entered = pl.Series(_septembers(september, column(rows, "grade") - 1))
    rows = rows.with_columns(since_on=entered, entered_on=entered)
    numbered = pl.when(pl.col("numbered_on") <= day).then("document_code").otherwise(pl.lit(""))
    rows = rows.with_columns(
        _roll_numbers(dice, rows), *_schools(dice, rows), numbered.alias("document_shown")
    )
    return _with_guardians(rows, people)


def _school_year(day: int) -> int:
    """The first of September before the day."""
    year = int(str(np.datetime64(day, "D"))[:4])
    start = int(np.datetime64(f"{year}-09-01", "D").astype(np.int64))
    return start if start <= day else int(np.datetime64(f"{year - 1}-09-01", "D").astype(np.int64))


def _septembers(september: int, years: Ints) -> Ints:
    """The first of September so many years before."""
    year = np.datetime64(september, "D").astype("datetime64[Y]") - years
    day = (year.astype("datetime64[M]") + 8).astype("datetime64[D]")
    return np.asarray(day.astype(np.int64), dtype=np.int64)


def _roll_numbers(dice: Dice, rows: pl.DataFrame) -> pl.Series:
    """G with the citizen ID; J with an invented number of its form; L for the time being."""
    serial = (rows["serial"] % 10**9).cast(pl.Int64).to_numpy()
    born = column(rows, "born_on")
    order = 950 + serial % 45
    invented = with_check_character((511_622 * 10**8 + compact(born)) * 1000 + order)
    for_now = 511_622 * 10**12 + compact(column(rows, "entered_on")) * 10**4 + serial % 10**4
    temporary = dice.hit("temporary roll", 0.008, serial)
    second = rows["copy"].to_numpy() == 1
    no_number = (column(rows, "numbered_on") > column(rows, "entered_on")) | second
    letter = pl.Series(np.where(temporary, "L", np.where(no_number, "J", "G")).tolist(), dtype=pl.String)
    number = (
        pl.when(letter == "L")
        .then("L" + pl.Series(for_now).cast(pl.String))
        .when(letter == "J")
        .then("J" + invented)
        .otherwise("G" + rows["present_id"])
    )
    return pl.select(number.alias("number")).to_series()


def _schools(dice: Dice, rows: pl.DataFrame) -> list[pl.Series]:
    grade, family = column(rows, "grade"), column(rows, "family")
    stage = (grade > _PRIMARY).astype(np.int64) + (grade > _MIDDLE)
    which = dice.below("school", np.array([40, 16, 4])[stage], family, stage)
    label = [f"武胜第{n + 1}{_KINDS[s]}" for n, s in zip(which.tolist(), stage.tolist(), strict=True)]
    step = np.minimum(grade, _LAST) - np.array([0, _PRIMARY, _MIDDLE])[stage]
    status = dice.choose("roll status", (970, 8, 22), rows["serial"].to_numpy())
    status = np.where(grade > _LAST, _GRADUATED, status)
    room = 1 + dice.below("class", 6, column(rows, "person"))
    year = choice([f"{number}年级" for number in "一二三四五六"], step - 1)
    return [
        pl.Series("school_name", label, dtype=pl.String),
        pl.Series("school_code", 2_151_900_000 + stage * 100 + which).cast(pl.String),
        (choice(["", "初", "高"], stage) + year).alias("grade_name"),
        (pl.Series(room).cast(pl.String) + "班").alias("class_name"),
        choice(["在读", "休学", "转出", "毕业"], status).alias("roll_status"),
    ]


def _with_guardians(rows: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """Who stands where parents stand has its own elsewhere: its guardian is a relative of another family."""
    guardians = people.select(
        guardian=pl.col("person"),
        guardian_name=pl.col("present_name"),
        guardian_id=pl.col("present_id"),
        guardian_owner=pl.col("telephone_owner"),
        guardian_changed_on=pl.col("telephone_changed_on"),
    )
    is_grown = pl.col("person") % PLACES <= max(GRANDFATHER, GRANDMOTHER, HUSBAND, WIFE)
    rows = rows.with_columns(
        guardian=pl.when(is_grown)
        .then((pl.col("family") + 1) * PLACES + GRANDMOTHER)
        .when(pl.col("guardian_place") >= 0)
        .then(pl.col("family") * PLACES + pl.col("guardian_place")),
        kinship=pl.when(is_grown).then(pl.lit("其他")).otherwise(_kinship()),
    ).join(guardians, on="guardian", how="left", maintain_order="left")
    is_known = pl.col("guardian_name").is_not_null()
    return rows.with_columns(
        pl.col("guardian_name", "guardian_id").fill_null(""),
        guardian_relation=pl.when(is_known).then("kinship").otherwise(pl.lit("")),
        telephone_owner=pl.coalesce("guardian_owner", "telephone_owner"),
        telephone_changed_on=pl.coalesce("guardian_changed_on", "telephone_changed_on"),
    ).drop("kinship")


def _kinship() -> pl.Expr:
    named = {GRANDFATHER: "祖父母", GRANDMOTHER: "祖父母", HUSBAND: "父亲", WIFE: "母亲", -1: ""}
    return pl.col("guardian_place").replace_strict(named, return_dtype=pl.String)
