"""Frames sorted by a key of text, few rows of which change: found by bisection and put in place, so that nothing is joined over all."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

Rows = npt.NDArray[np.int64]
_STRETCH: Final = 2048


def in_order(frame: pl.DataFrame, by: str = "record_key") -> pl.DataFrame:
    """The frame, sorted by that column."""
    return frame if frame[by].is_sorted() else frame.sort(by)


def places(now: pl.Series, then: pl.Series) -> pl.Series:
    """Of each key of now its row (Int64) among those of then; null of new ones.

    Stretches of keys that are the same are compared as they stand; only the others are looked up.

    Args:
        now: sorted, each once.
        then: the same.
    """
    found = np.full(len(now), -1, dtype=np.int64)
    loose = np.zeros(len(now), dtype=np.bool_)
    for first, last, at, end in _stretches(now, then):
        if last - first == end - at and now[first:last].equals(then[at:end]):
            found[first:last] = np.arange(at, end)
        else:
            loose[first:last] = True
    if loose.any():
        found[loose] = _bisected(now.filter(pl.Series(loose)), then)
    rows = pl.Series("row", found)
    return rows.set(rows < 0, None)


def of_prefix(frame: pl.DataFrame, prefix: str, by: str = "record_key") -> pl.DataFrame:
    """The rows of a frame that is sorted by a column whose texts begin so; the prefix ends in a character of ASCII."""
    after = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    first, last = frame[by].search_sorted(pl.Series([prefix, after]))
    return frame[first:last]


def without(frame: pl.DataFrame, keys: pl.Series, by: str = "record_key") -> pl.DataFrame:
    """The frame, which is sorted by a column without doubles, without the rows of some keys."""
    stays = np.ones(frame.height, dtype=np.bool_)
    rows = _bisected(keys, frame[by])
    stays[rows[rows >= 0]] = False
    return frame.filter(pl.Series(stays))


def spliced(stay: pl.DataFrame, new: pl.DataFrame, by: str = "record_key") -> pl.DataFrame:
    """Both, which are sorted by a column and have no value of it in common, as one frame that is too."""
    if new.is_empty():
        return stay
    before = stay[by].search_sorted(new[by]).to_numpy().astype(np.int64)
    order = np.insert(np.arange(stay.height), before, stay.height + np.arange(new.height))
    both = pl.concat([stay, new.select(stay.columns)])
    return both.select(pl.all().gather(pl.Series(order)))


def _stretches(now: pl.Series, then: pl.Series) -> list[tuple[int, int, int, int]]:
    """Rows of now and of then between the same keys."""
    theirs = np.arange(0, len(then), _STRETCH)
    mine = np.asarray(now.search_sorted(then.gather(pl.Series(theirs)))) if len(theirs) else theirs
    first, last = [0, *mine[1:].tolist()], [*mine[1:].tolist(), len(now)]
    at, end = theirs.tolist() or [0], [*theirs[1:].tolist(), len(then)]
    return list(zip(first, last, at, end, strict=True))


def _bisected(keys: pl.Series, among: pl.Series) -> Rows:
    """The row of each key among sorted ones; -1 where it is not."""
    if among.is_empty() or keys.is_empty():
        return np.full(len(keys), -1, dtype=np.int64)
    rows = np.minimum(np.asarray(among.search_sorted(keys)).astype(np.int64), len(among) - 1)
    is_there = (among.gather(pl.Series(rows)) == keys).to_numpy()
    return np.where(is_there, rows, -1)
