"""What offices have wrong about people, noted beside the damaged values: numbers, double entries, the dead."""

from __future__ import annotations

import polars as pl

from pipelines.synthetic.dirt import Fault

_EXPECTED_DEAD = ("registered", "holders")
"""Where the dead are rightly found: struck off, or still owners of what they left."""


def wrong_about_people(
    register: str, number: tuple[str, str] | None, known: pl.DataFrame, day: int
) -> list[Fault]:
    """Faults of rows that say something wrong of somebody, though each of their values looks right.

    `number` is (attribute, column) of the person's own number. A blank column stands for the whole row.
    """
    faults: list[Fault] = []
    if number is not None:
        attribute, column = number
        shown = pl.col(attribute) != ""
        is_old = shown & (pl.col(attribute) == pl.col("earlier_id"))
        faults += _where(known, is_old, column, "old_number")
        faults += _where(known, shown & pl.col("shares_number"), column, "shared_number")
    if register not in _EXPECTED_DEAD:
        faults += _where(known, pl.col("dies_on") <= day, "", "active_after_death")
        faults += _where(known, pl.col("copy") == 1, "", "twice")
    return faults


def _where(known: pl.DataFrame, condition: pl.Expr, column: str, kind: str) -> list[Fault]:
    rows = known.select(condition).to_series().arg_true()
    return [Fault(row, column, kind) for row in rows.to_list()]
