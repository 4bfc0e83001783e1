"""Chinese names packed unit by unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.linkage.engine.characters import grade_table
from pipelines.linkage.engine.name_loops import PackedNames
from pipelines.linkage.engine.name_parts import LOST, NameParts, name_syllables, parts


@dataclass(frozen=True)
class Names:
    """Distinct names of all name columns.

    Attributes:
        packed: their units.
        bases: by column the number of its first name.
        taken: by column its names in parts.
    """

    packed: PackedNames
    bases: dict[str, int]
    taken: dict[str, tuple[NameParts, ...]]


def pack_names(columns: dict[str, pl.Series]) -> Names:
    """Pack the distinct names of each column."""
    written = [name for values in columns.values() for name in values.to_list()]
    taken = [parts(name) for name in written]
    known = [LOST, *sorted({unit for one in taken for unit in one.units} - {LOST})]
    codes = {unit: code for code, unit in enumerate(known)}
    spelt = pl.Series([_spelt(one, name) for one, name in zip(taken, written, strict=True)], dtype=pl.String)
    ends = np.cumsum([0, *map(len, columns.values())]).tolist()
    lengths = np.array([len(one.units) for one in taken], dtype=np.int32)
    about = [
        np.cumsum(lengths) - lengths,
        np.cumsum(lengths),
        [one.surname_units for one in taken],
        [one.is_chinese for one in taken],
        spelt.rank("dense").cast(pl.Int32).fill_null(-1).to_numpy(),
    ]
    return Names(
        PackedNames(
            np.array([codes[unit] for one in taken for unit in one.units], dtype=np.int32),
            np.ascontiguousarray(np.array(about, dtype=np.int32).T),
            grade_table(known),
        ),
        bases=dict(zip(columns, ends, strict=False)),
        taken={c: tuple(taken[i:j]) for c, i, j in zip(columns, ends[:-1], ends[1:], strict=True)},
    )


def _spelt(taken: NameParts, name: str) -> str | None:
    if LOST in taken.units:
        return None
    if not taken.is_chinese:
        return "".join(taken.units).lower() or None
    return "".join(name_syllables(name)) or None
