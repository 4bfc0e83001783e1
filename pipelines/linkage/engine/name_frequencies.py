"""How common a Chinese name is: among the records, and by its characters where it is rare."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.kernels.name_folding import folded_name
from pipelines.linkage.engine.characters import near_sound, readings, toneless
from pipelines.linkage.engine.name_parts import LOST, NameParts

Counts = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float64]


def name_classes(taken: tuple[NameParts, ...], grade: str, counts: Counts) -> tuple[Shares, Shares]:
    """Of each name how many records agree with it at a grade, and a chance from its characters.

    The chance is share(surname) x the shares of the given name's characters, each folded as the grade folds
    (Chinese names are nearly free combinations); a lost character has chance one.
    """
    fold = _FOLDS.get(grade, _same)
    folded = [tuple(LOST if unit == LOST else fold(unit) for unit in one.units) for one in taken]
    if grade in ("surname", "given"):
        cut = slice(None, 1) if grade == "surname" else slice(1, None)
        folded = [_cut(units, one.surname_units, cut) for units, one in zip(folded, taken, strict=True)]
    chances = _chances(folded, taken, counts, of_surname=grade != "given")
    if grade == "fits":
        return np.ones(len(folded)), chances
    keys = pl.DataFrame({"key": ["|".join(units) for units in folded], "count": counts})
    return keys.select(pl.col("count").sum().over("key").cast(pl.Float64))["count"].to_numpy(), chances


def _same(unit: str) -> str:
    return unit


def _cut(units: tuple[str, ...], surname: int, part: slice) -> tuple[str, ...]:
    return units[:surname] if part.start is None else units[surname:]


def _sound_of(unit: str) -> str:
    told = readings(unit)
    return toneless(told[0]) if told else unit


def _tone_of(unit: str) -> str:
    told = readings(unit)
    return told[0] if told else unit


def _near_of(unit: str) -> str:
    return near_sound(_sound_of(unit))


_FOLDS: Final[dict[str, Callable[[str], str]]] = {
    "variant": folded_name,
    "tone": _tone_of,
    "sound": _sound_of,
    "near": _near_of,
}


def _chances(
    folded: list[tuple[str, ...]], taken: tuple[NameParts, ...], counts: Counts, *, of_surname: bool
) -> Shares:
    rows = np.repeat(np.arange(len(folded)), [len(one) for one in folded])
    places = [
        p < one.surname_units and of_surname
        for units, one in zip(folded, taken, strict=True)
        for p in range(len(units))
    ]
    long = pl.DataFrame(
        {
            "row": rows,
            "unit": [unit for one in folded for unit in one],
            "is_surname": places,
            "count": counts[rows],
        },
        schema_overrides={"unit": pl.String, "is_surname": pl.Boolean},
    )
    share = (
        pl.col("count").sum().over("is_surname", "unit") / pl.col("count").sum().over("is_surname")
    ).log()
    by_row = (
        long.filter(pl.col("unit") != LOST)
        .with_columns(share=share)
        .group_by("row")
        .agg(pl.col("share").sum())
    )
    chances = np.ones(len(folded))
    chances[by_row["row"].to_numpy()] = np.exp(by_row["share"].to_numpy())
    return chances
