"""The citizen ID first: records of one ID, and where names, birth dates and sex speak against it.

Within an ID every record is compared with the anchor, the most authoritative record. Combinations:

name     birth date, sex, household   verdict
agrees   anything                     one person: a typo in a date is likelier than a namesake
differs  agree or missing             one person while the surname (its sound) agrees: people are
                                      renamed, few change the surname; with another surname two
                                      (重号 share birth date and sex: the digits that tell them),
                                      and with another given name and no birth date: a relative's
                                      number stands there, as a parent's does for a child
differs  one of them differs          two people: a typo that hit a real number, or 重号; but one
                                      where one character differs and the date by a slip or a
                                      lunar birthday: relatives are not born so near each other
differs  not the anchor's own number   two people: twins who both stand under a parent's number
missing  birth date and sex differ    two people; otherwise one, a lost name is no evidence
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.linkage import names as nm
from pipelines.linkage.dates import NEAR, birth_levels
from pipelines.linkage.frame import CONFLICTS
from pipelines.linkage.policy import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.linkage.policy import LinkagePolicy

Mask = npt.NDArray[np.bool_]

METHODS: Final = {"valid": "valid_id", "upgraded": "upgraded_id", "carried": "roll_number"}
DUPLICATE_NUMBER, WRONG_NUMBER, TOO_MANY = "PB-LK-001", "PB-LK-003", "PB-LK-005"
_ROUNDS: Final = 12  # names met under one ID; what is left after them stays apart, one by one
_ORDER: Final = ["citizen_id", "blind", "authority", "record_key"]
_DESCENDING: Final = [False, False, True, False]
_DISAGREES: Final = nm.ONE_CHARACTER  # this level and those after it


@dataclass(frozen=True)
class Identified:
    """What the IDs say.

    Attributes:
        parts: record_key, part (Int64), method, for the identified records; the parts of one ID
            are kept apart.
        conflicts: see frame.CONFLICTS.
    """

    parts: pl.DataFrame
    conflicts: pl.DataFrame


def identify(records: pl.DataFrame, policy: LinkagePolicy) -> Identified:
    """Group the records (see frame.complete) by their citizen IDs."""
    found = records.filter(pl.col("citizen_id").is_not_null()).with_columns(
        method=pl.col("citizen_id_status").replace_strict(METHODS, return_dtype=pl.String),
        blind=pl.col("name_key").is_null() | pl.col("name_is_degraded"),
        size=pl.len().over("citizen_id"),
    )
    too_many = found.filter(pl.col("size") > policy.id_group_cap)
    split = _split(found.filter(pl.col("size") <= policy.id_group_cap))
    crowd = too_many.with_columns(
        round=pl.col("name_key")
        .fill_null(pl.col("record_key"))
        .rank("dense")
        .over("citizen_id")
        .cast(pl.Int64),
        against=pl.lit(value=False),
    ).select(split.columns)
    parts = pl.concat([split, crowd]).sort("citizen_id", "round", "record_key")
    cases = pl.concat([_cases(split), conflicts(TOO_MANY, crowd, "citizen_id")])
    numbered = parts.with_columns(part=pl.struct("citizen_id", "round").rle_id().cast(pl.Int64))
    return Identified(numbered.select("record_key", "part", "method"), cases)


def _split(found: pl.DataFrame) -> pl.DataFrame:
    """Columns record_key, citizen_id, method, round (Int64), against: whether dates or sex differ."""
    rest = found.sort(_ORDER, descending=_DESCENDING).with_columns(against=pl.lit(value=False))
    done: list[pl.DataFrame] = []
    for number in range(_ROUNDS):
        stays, rest = _one_round(rest)
        done.append(stays.with_columns(round=pl.lit(number, dtype=pl.Int64)))
        if rest.is_empty():
            break
    done.append(rest.with_columns(round=pl.int_range(_ROUNDS, _ROUNDS + pl.len()).over("citizen_id")))
    columns = ("record_key", "citizen_id", "method", "round", "against")
    return pl.concat([frame.select(columns) for frame in done])


def _one_round(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Those that go with the first row of their ID, and those against it."""
    alone = rows.filter(pl.col("citizen_id").is_unique())
    several = rows.filter(~pl.col("citizen_id").is_unique())
    if several.is_empty():
        return alone, several
    judged = _with_followers(several.with_columns(_judged(several)))
    stays, apart = judged.filter(~pl.col("apart")), judged.filter("apart")
    rescued = _rescued(stays, apart)
    rest = apart.join(rescued, on="record_key", how="anti").with_columns(against="differs")
    stays = pl.concat([stays, apart.join(rescued, on="record_key", how="semi")])
    return (
        pl.concat([alone, stays.select(rows.columns)]),
        rest.select(rows.columns).sort(_ORDER, descending=_DESCENDING),
    )


def _rescued(stays: pl.DataFrame, apart: pl.DataFrame) -> pl.DataFrame:
    """Keys of rows whose name is, or was, that of a record that goes with the anchor."""
    known = [
        stays.select("citizen_id", pl.col(column).alias("name_key"))
        for column in ("name_key", "former_name_key")
    ]
    names = pl.concat(known).drop_nulls().unique()
    return apart.join(names, on=["citizen_id", "name_key"], how="semi").select("record_key")


def _judged(rows: pl.DataFrame) -> list[pl.Series]:
    """How each row compares with the first of its ID.

    `level` of the names; `apart`: speaks for another person; `differs`: by birth date or sex.
    """
    first = rows.with_row_index("row").select(pl.col("row").min().over("citizen_id"))["row"]
    anchor = rows[first]
    named = _name_levels(rows, anchor)
    anchor_birth = anchor["born_on"].fill_null(anchor["citizen_id_born_on"])
    anchor_sex = anchor["sex_code"].fill_null(anchor["citizen_id_sex_code"])
    birth = (rows["born_on"] != anchor_birth).fill_null(value=False).to_numpy()
    sex = (rows["sex_code"] != anchor_sex).fill_null(value=False).to_numpy()
    home = (rows["household_number"] != anchor["household_number"]).fill_null(value=False).to_numpy()
    slight = (named == nm.ONE_CHARACTER) & ~sex & ~home & _is_near(rows["born_on"], anchor_birth)
    borrowed = anchor["born_on"].is_not_null().to_numpy() & ~_is_near(
        anchor["born_on"], anchor["citizen_id_born_on"]
    )
    unvouched = (named == nm.SURNAME) & rows["born_on"].is_null().to_numpy()
    apart = (named == nm.OTHER) | ((named >= _DISAGREES) & (birth | sex | home) & ~slight) | unvouched
    apart |= (named >= _DISAGREES) & borrowed
    apart |= (named == MISSING) & birth & sex
    return [
        pl.Series("level", named),
        pl.Series("apart", apart),
        pl.Series("differs", birth | sex),
    ]


def _is_near(born: pl.Series, other: pl.Series) -> Mask:
    """Whether each two dates could be one, mistyped or lunar; a missing one is not near."""
    known = (born.is_not_null() & other.is_not_null()).to_numpy()
    found = np.zeros(len(born), dtype=np.bool_)
    found[known] = birth_levels(born.filter(pl.Series(known)), other.filter(pl.Series(known))) <= NEAR
    return found


def _with_followers(judged: pl.DataFrame) -> pl.DataFrame:
    """Where an ID has two people, names that disagree go to whom they fit better."""
    first = pl.col("row").filter(pl.col("apart")).min().over("citizen_id")
    split = judged.with_row_index("row").with_columns(first=first)
    doubtful = split.filter(pl.col("first").is_not_null() & (pl.col("level") >= _DISAGREES))
    levels = _name_levels(doubtful, judged[doubtful["first"]])
    fits = pl.Series("fits", levels)
    better = doubtful.filter((fits >= 0) & (fits < doubtful["level"]))["record_key"]
    return judged.with_columns(apart=pl.col("apart") | pl.col("record_key").is_in(better.implode()))


def _name_levels(rows: pl.DataFrame, anchor: pl.DataFrame) -> nm.Levels:
    """Name levels of each row and its anchor; a lost character makes a name missing."""
    both = pl.concat([rows["name_key"], anchor["name_key"]])
    places = np.arange(len(both), dtype=np.int32)
    a, b = places[: rows.height], places[rows.height :]
    levels = nm.name_levels(nm.encode_names(both), a, b)
    levels[(rows["blind"] | anchor["blind"]).to_numpy()] = MISSING
    former = (rows["name_key"] == anchor["former_name_key"]).fill_null(value=False)
    former |= (rows["former_name_key"] == anchor["name_key"]).fill_null(value=False)
    return np.where(former.to_numpy(), nm.FORMER, levels).astype(np.int8)


def _cases(split: pl.DataFrame) -> pl.DataFrame:
    """One case an ID that was split: another's number where dates or sex differ, else 重号."""
    rows = split.filter((pl.col("round") > 0).any().over("citizen_id"))
    later = rows.filter(pl.col("round") > 0).group_by("citizen_id").agg(pl.col("against").all())
    wrong = later.filter("against").select("citizen_id")
    return pl.concat([
        conflicts(DUPLICATE_NUMBER, rows.join(wrong, on="citizen_id", how="anti"), "citizen_id"),
        conflicts(WRONG_NUMBER, rows.join(wrong, on="citizen_id", how="semi"), "citizen_id"),
    ])  # fmt: skip


def conflicts(code: str, rows: pl.DataFrame, by: str) -> pl.DataFrame:
    """One case for each value of `by`, with the record keys of its rows, sorted."""
    grouped = rows.group_by(by).agg(pl.col("record_key").sort().alias("record_keys"))
    cases = grouped.select(
        pl.Series("conflict_id", [_case_id(code, keys) for keys in grouped["record_keys"]], pl.String),
        pl.lit(code).alias("reason_code"),
        "record_keys",
    )
    return cases.cast(CONFLICTS).sort("conflict_id")


def _case_id(code: str, keys: Iterable[str]) -> str:
    return f"{code}-{hashlib.sha256(chr(10).join(keys).encode()).hexdigest()[:16]}"
