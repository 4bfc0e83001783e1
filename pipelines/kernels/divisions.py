"""Division codes (GB/T 2260) of every year: an ID keeps the code of the day it was given."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

OPERATOR_FILE: Final = Path(__file__).parents[2] / "contracts" / "_reference" / "divisions.csv"
# Real codes that the table of python-stdnum 2.2 lacks, by the yearly lists of 1981-2024.
_SUPPLEMENT: Final = (
    "132733 229006 230834 329012 329013 330113 330114 339011 340511 360411 369001 370719 370819"
    " 379013 379014 419007 620925 830000"
)


@lru_cache(maxsize=4)
def known_divisions(operator_file: Path = OPERATOR_FILE) -> npt.NDArray[np.bool_]:
    """Which six-digit codes existed in any year: a (1 000 000,) mask indexed by the code.

    Sources: the table of python-stdnum, and a CSV of the operator's with a column `code`, where
    that file exists. Foreign permanent residents' numbers begin with 9, the province and a
    country (ISO 3166-1 numeric), so 9 + every province counts as known.
    """
    known = np.zeros(1_000_000, dtype=np.bool_)
    codes = [*_packaged_codes(), *_SUPPLEMENT.split(), *_operator_codes(operator_file)]
    known[np.array(codes, dtype=np.int32)] = True
    provinces = np.unique(np.flatnonzero(known) // 10_000)
    known[(900_000 + provinces[:, None] * 1000 + np.arange(1, 1000)).ravel()] = True
    return known


def _packaged_codes() -> Iterator[str]:
    province = ""
    table = (files("stdnum") / "cn" / "loc.dat").read_text(encoding="utf-8")
    for line in table.splitlines():
        if line.startswith(" "):
            yield province + line.split(maxsplit=1)[0]
        elif not line.startswith("#"):
            province = line[:2]


def _operator_codes(path: Path) -> list[str]:
    if not path.is_file():
        return []
    codes = pl.read_csv(path, columns=["code"], schema_overrides={"code": pl.String})["code"]
    return codes.filter(codes.str.contains(r"^[0-9]{6}$")).to_list()


def is_known_division(codes: pl.Series) -> pl.Series:
    """Whether each six-digit code existed in any year; null and other shapes are False."""
    shaped = codes.str.contains(r"^[0-9]{6}$").fill_null(value=False)
    numbers = pl.select(pl.when(shaped).then(codes).otherwise(pl.lit("000000"))).to_series()
    return pl.Series(codes.name, known_divisions()[numbers.cast(pl.Int32).to_numpy()])
