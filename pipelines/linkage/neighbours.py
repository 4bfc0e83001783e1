"""Citizen IDs one slip apart: found by deletion neighbourhoods, told by vectorised comparison.

Two strings that differ by one replaced character, or by two swapped neighbours, become equal when
one character is deleted of each; one inserted or lost character when one is deleted of the longer.
So slips are found by equality of keys, never by comparing all pairs (Mor and Fraenkel 1982).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Keys = npt.NDArray[np.uint64]

WIDTH: Final = 20
_SHORTEST, _LONGEST = 14, 19
_BASE: Final = 0x9E3779B97F4A7C15  # odd, so that its powers mix all bits modulo 2**64


def byte_matrix(numbers: pl.Series) -> tuple[Bytes, Ints]:
    """Characters of ASCII strings, shape (n, 20), padded by 0, and their lengths; null is ''."""
    texts = numbers.fill_null("").to_list()
    plain = [text.encode("ascii", "replace")[:WIDTH] for text in texts]
    matrix = np.array(plain, dtype=f"S{WIDTH}").view(np.uint8).reshape(len(plain), WIDTH)
    return matrix, np.array([len(text) for text in plain], dtype=np.int64)


def slip_keys(numbers: pl.DataFrame) -> pl.DataFrame:
    """Keys under which numbers one slip apart meet.

    Args:
        numbers: unit, number (14 to 19 ASCII characters; others get no keys).

    Returns:
        unit, key (UInt64), distinct; 15 to 20 rows a number. Equal keys only propose: whether two
        numbers are one slip apart is told by `one_slip`.
    """
    matrix, lengths = byte_matrix(numbers["number"])
    unit = numbers["unit"].to_numpy()
    units, keys = [unit[:0]], [np.empty(0, dtype=np.uint64)]
    for length in range(_SHORTEST, _LONGEST + 1):
        rows = np.flatnonzero(lengths == length)
        for made in _deleted(matrix[rows, :length]):
            units.append(unit[rows])
            keys.append(made)
    frame = pl.DataFrame({"unit": np.concatenate(units), "key": np.concatenate(keys)})
    return frame.with_columns(pl.col("unit").cast(numbers.schema["unit"])).unique().sort("key", "unit")


def _deleted(characters: Bytes) -> list[Keys]:
    """Hash of each string whole, then without its first, second, … character."""
    count, length = characters.shape
    powers = np.array([pow(_BASE, n, 2**64) for n in range(1, length + 1)], dtype=np.uint64)
    stays = characters * powers
    moved = characters[:, 1:] * powers[:-1]
    before = np.zeros((count, length), dtype=np.uint64)
    before[:, 1:] = np.cumsum(stays[:, :-1], axis=1, dtype=np.uint64)
    after = np.zeros((count, length), dtype=np.uint64)
    after[:, :-1] = np.cumsum(moved[:, ::-1], axis=1, dtype=np.uint64)[:, ::-1]
    without = before + after
    whole: Keys = np.asarray(stays.sum(axis=1, dtype=np.uint64))
    return [whole, *(without[:, place] for place in range(length))]


def one_slip(a: Bytes, a_length: Ints, b: Bytes, b_length: Ints) -> Mask:
    """Rows equal, or apart by one replaced, lost or added character, or two swapped neighbours."""
    same = a == b
    count = WIDTH - same.sum(axis=1)
    crossed = (a[:, :-1] == b[:, 1:]) & (a[:, 1:] == b[:, :-1]) & ~same[:, :-1]
    replaced = (a_length == b_length) & ((count <= 1) | ((count == 2) & crossed.any(axis=1)))
    head = np.logical_and.accumulate(same, axis=1).sum(axis=1)
    shorter = np.minimum(a_length, b_length)
    a_is_longer = (a_length > b_length)[:, None]
    longer, other = np.where(a_is_longer, a, b), np.where(a_is_longer, b, a)
    rest = np.arange(WIDTH) >= head[:, None]
    shifted = np.zeros_like(longer)
    shifted[:, :-1] = longer[:, 1:]
    closes = ((shifted == other) | ~rest).all(axis=1)
    return np.asarray(replaced | ((np.abs(a_length - b_length) == 1) & closes & (shorter > 0)))
