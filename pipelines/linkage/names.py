"""Levels of agreement of Chinese names: the engine's grades, as policies/linkage.yml knows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.linkage.engine import name_loops
from pipelines.linkage.engine.agreement import OPEN, Pairs, closed
from pipelines.linkage.engine.model import NAME_GRADES
from pipelines.linkage.engine.names import pack_names
from pipelines.linkage.policy import level

if TYPE_CHECKING:
    from pipelines.linkage.engine.name_loops import PackedNames

Ints = npt.NDArray[np.int32]
Levels = npt.NDArray[np.int8]

SAME, FORMER, SOUND, NEAR, FITS, ONE_CHARACTER, SURNAME, OTHER = (
    level("name", name)
    for name in ("same", "former", "sound", "near", "fits", "one_character", "surname", "other")
)
AGREES_UP_TO: Final = NEAR
_LEVELS: Final = {
    "same": SAME, "variant": SAME, "tone": SOUND, "sound": SOUND, "near": NEAR, "shape": ONE_CHARACTER,
    "fits": FITS, "swapped": ONE_CHARACTER, "one_other": ONE_CHARACTER, "given": ONE_CHARACTER,
    "surname": SURNAME,
}  # fmt: skip
_BY_GRADE: Final = np.array([*(_LEVELS[grade] for grade in NAME_GRADES), OTHER, -1], dtype=np.int8)
_GRADES: Final = np.arange(len(NAME_GRADES), dtype=np.float64)
_SHORT: Final = 2


@dataclass(frozen=True)
class Names:
    """Distinct names; `codes` are the packed ones of each row, -1 where there is no name."""

    codes: Ints
    packed: PackedNames


def encode_names(names: pl.Series) -> Names:
    """Encode names as they are compared (`name_key`), one row a name."""
    known = names.drop_nulls().unique(maintain_order=True)
    place = {name: code for code, name in enumerate(known.to_list())}
    codes = np.array([-1 if name is None else place[name] for name in names.to_list()], dtype=np.int32)
    return Names(codes, pack_names({"name": known}).packed)


def name_levels(names: Names, a: Ints, b: Ints) -> Levels:
    """Level of each pair of names; `a` and `b` are rows of `names`.

    A lost character fits any. A name in Latin letters is either the other's pinyin or no evidence: names of
    minorities are spelt in many ways. Of two characters one other is one wrong character; the engine, which
    knows no citizen ID, calls it another given name.
    """
    both = (names.codes[a] >= 0) & (names.codes[b] >= 0)
    pairs = Pairs(np.where(both, OPEN, -1).astype(np.int8), names.codes, names.codes, a, b)
    name_loops.named(pairs, names.packed, 0, _GRADES, 0)
    closed(pairs, len(NAME_GRADES))
    found = _BY_GRADE[pairs.found]
    units = np.diff(names.packed.about[:, :2], axis=1).ravel()
    short = (units[names.codes[a]] == _SHORT) & (units[names.codes[b]] == _SHORT) if len(units) else both
    return np.where((found == SURNAME) & short, ONE_CHARACTER, found).astype(np.int8)
