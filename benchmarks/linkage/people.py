"""Made-up people for timing: names, birth dates, cities and addresses for mail, some twice with damage.

Frequencies fall as one over the rank; a fifth of the rows are damaged copies of others.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

Words = npt.NDArray[np.str_]
_CONSONANTS, _VOWELS = "bcdfghjklmnprstvwz", "aeiou"
_DAMAGED = 0.2
_FIRST_DAY, _DAYS = np.datetime64("1940-01-01"), 25_000


def made_up_people(rows: int, seed: int) -> pl.DataFrame:
    """Columns unique_id, first_name, surname, dob, city, email, cluster; shuffled."""
    dice = np.random.default_rng(seed)
    people = int(rows * (1 - _DAMAGED))
    first = _drawn(dice, _words(dice, 5_000, 2), people)
    last = _drawn(dice, _words(dice, 40_000, 3), people)
    born = _FIRST_DAY + dice.integers(0, _DAYS, people)
    city = _drawn(dice, _words(dice, 400, 3), people)
    host = _drawn(dice, _words(dice, 2_000, 3), people)
    number = dice.integers(0, 100, people).astype(str)
    mail = (
        first.astype(object) + "." + last.astype(object) + number.astype(object) + "@" + host.astype(object)
    )
    frame = pl.DataFrame(
        {
            "first_name": first,
            "surname": last,
            "dob": born.astype(str),
            "city": city,
            "email": mail.astype(str),
        }
    ).with_columns(cluster=pl.int_range(people))
    copies = frame.sample(rows - people, with_replacement=True, seed=seed)
    every = pl.concat([frame, _damaged(dice, copies)]).sample(fraction=1, shuffle=True, seed=seed)
    return every.with_row_index("unique_id").with_columns(pl.col("unique_id").cast(pl.Int64))


def _words(dice: np.random.Generator, count: int, syllables: int) -> Words:
    found: set[str] = set()
    while len(found) < count:
        size = syllables + int(dice.integers(0, 2))
        found.add("".join(dice.choice(list(_CONSONANTS)) + dice.choice(list(_VOWELS)) for _ in range(size)))
    return np.array(sorted(found))[dice.permutation(count)]


def _drawn(dice: np.random.Generator, words: Words, count: int) -> Words:
    share = 1 / (np.arange(len(words)) + 10)
    return dice.choice(words, count, p=share / share.sum())


def _damaged(dice: np.random.Generator, frame: pl.DataFrame) -> pl.DataFrame:
    columns = ("first_name", "surname", "dob", "city", "email")
    return frame.with_columns(
        pl.Series(name, [_typed(dice, text) for text in frame[name]], pl.String) for name in columns
    )


def _typed(dice: np.random.Generator, text: str) -> str | None:
    """A text as a tired clerk types it: mostly right, sometimes with one slip, sometimes left out."""
    lot = dice.random()
    if lot > 0.25:
        return text
    if lot < 0.05:
        return None
    place = int(dice.integers(0, len(text) - 1))
    if lot < 0.15:
        return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    letters = "0123456789" if text[place].isdigit() else _CONSONANTS + _VOWELS
    return text[:place] + letters[int(dice.integers(0, len(letters)))] + text[place + 1 :]


def write_people(rows: int, seed: int, path: Path) -> None:
    made_up_people(rows, seed).write_parquet(path)
