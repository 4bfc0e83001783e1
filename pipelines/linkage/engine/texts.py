"""Texts packed as character numbers; loops for Jaro–Winkler and Damerau–Levenshtein levels."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.linkage.engine.agreement import OPEN, Pairs
from pipelines.linkage.engine.compiled import compiled

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Characters = npt.NDArray[np.uint16]
Offsets = npt.NDArray[np.int64]
Masks = npt.NDArray[np.uint64]
Marks = npt.NDArray[np.uint8]

_UNICODE: Final = 0x110000


class Texts(NamedTuple):
    """Distinct text values packed one after the other.

    Attributes:
        characters: a number for each character, all values in a row.
        starts: value i is characters[starts[i]:starts[i + 1]].
        masks: 64 bits a value: bit `character % 64` is set where the character occurs.
        longest: length of the longest value.
    """

    characters: Characters
    starts: Offsets
    masks: Masks
    longest: int


def pack_texts(values: pl.Series) -> Texts:
    """Pack text values without nulls."""
    characters = _characters(str(values.str.join("").item()) if len(values) else "")
    lengths = values.str.len_chars().to_numpy().astype(np.int64)
    starts = np.append(np.int64(0), np.cumsum(lengths))
    return Texts(characters, starts, _masks(characters, starts), int(lengths.max(initial=0)))


def _characters(joined: str) -> Characters:
    """A number for each character: its code, or where one is beyond 65,535 its place among those that occur."""
    plain = np.frombuffer(joined.encode("utf-16-le"), dtype=np.uint16).copy()
    if len(plain) == len(joined):
        return plain
    points = np.frombuffer(joined.encode("utf-32-le"), dtype=np.uint32)
    seen = np.zeros(_UNICODE, dtype=np.bool_)
    seen[points] = True
    numbers = (np.cumsum(seen) - 1).astype(np.uint16)  # names and addresses use far fewer than 65,536
    return np.asarray(numbers[points])


@compiled
def _masks(characters: Characters, starts: Offsets) -> Masks:
    masks = np.zeros(len(starts) - 1, dtype=np.uint64)
    for value in range(len(masks)):
        for place in range(starts[value], starts[value + 1]):
            masks[value] |= np.uint64(1) << np.uint64(characters[place] & 63)
    return masks


@compiled
def _most_common(mask: Any, other: Any, length: int) -> int:
    """The most characters of a text that can occur in the other one."""
    only = mask & ~other
    while only:
        only &= only - np.uint64(1)
        length -= 1
    return length


@compiled
def _jaro(characters: Characters, x: int, n: int, y: int, m: int, used: Marks) -> float:
    """Jaro's similarity (1989) of two texts that are not empty."""
    used[0, :n] = 0
    used[1, :m] = 0
    reach = max(max(n, m) // 2 - 1, 0)
    common = 0
    for p in range(n):
        for q in range(max(0, p - reach), min(m, p + reach + 1)):
            if used[1, q] == 0 and characters[x + p] == characters[y + q]:
                used[0, p] = used[1, q] = 1
                common += 1
                break
    if common == 0:
        return 0.0
    crossed, q = 0, 0
    for p in range(n):
        if used[0, p]:
            while used[1, q] == 0:
                q += 1
            crossed += characters[x + p] != characters[y + q]
            q += 1
    return (common / n + common / m + (common - crossed // 2) / common) / 3.0


@compiled
def _jaro_winkler(
    characters: Characters, starts: Offsets, masks: Masks, i: int, j: int, floor: float, used: Marks
) -> float:
    """Jaro–Winkler similarity (Winkler 1990) of values i and j; 0 where it is below `floor`.

    The common prefix (up to four characters, 0.1 each) counts where Jaro's similarity exceeds 0.7.
    """
    x, y = starts[i], starts[j]
    n, m = starts[i + 1] - x, starts[j + 1] - y
    if n == 0 or m == 0:
        return 0.0
    prefix = 0
    while prefix < min(n, m, 4) and characters[x + prefix] == characters[y + prefix]:
        prefix += 1
    # Characters that stand in one text only match nothing; that alone settles most pairs.
    most = min(_most_common(masks[i], masks[j], n), _most_common(masks[j], masks[i], m))
    bound = (most / n + most / m + 1.0) / 3.0
    if bound + prefix * 0.1 * (1.0 - bound) < floor:
        return 0.0
    similarity = _jaro(characters, x, n, y, m, used)
    if similarity > 0.7:
        similarity += prefix * 0.1 * (1.0 - similarity)
    return similarity


@compiled
def similar(pairs: Pairs, texts: Texts, bounds: Floats, first: int) -> None:
    """Jaro–Winkler similarity is at least bounds[0] (the first level), bounds[1], ..."""
    found, left, right, a, b = pairs
    characters, starts, masks, longest = texts
    used, floor = np.zeros((2, longest + 1), np.uint8), bounds.min()
    for i in range(len(a)):
        u, v = int(left[a[i]]), int(right[b[i]])
        if found[i] == OPEN and u >= 0 and v >= 0:
            similarity = 1.0
            if u != v:
                similarity = _jaro_winkler(characters, starts, masks, u, v, floor, used)
            for k in range(len(bounds)):
                if similarity >= bounds[k]:
                    found[i] = first + k
                    break


@compiled
def _edits(characters: Characters, starts: Offsets, i: int, j: int, most: int, rows: Ints) -> int:
    """Damerau–Levenshtein distance (optimal string alignment); most + 1 where it is greater."""
    x, y = starts[i], starts[j]
    n, m = starts[i + 1] - x, starts[j + 1] - y
    if abs(n - m) > most:
        return most + 1
    for q in range(m + 1):
        rows[0, q] = q
    for p in range(1, n + 1):
        now, last, before = p % 3, (p - 1) % 3, (p - 2) % 3
        rows[now, 0] = p
        least = p
        for q in range(1, m + 1):
            own, other = characters[x + p - 1], characters[y + q - 1]
            cost = min(rows[last, q] + 1, rows[now, q - 1] + 1, rows[last, q - 1] + (own != other))
            if p > 1 and q > 1 and own == characters[y + q - 2] and other == characters[x + p - 2]:
                cost = min(cost, rows[before, q - 2] + 1)
            rows[now, q] = cost
            least = min(least, cost)
        if least > most + 1:  # a swap may still take one off the row before
            return most + 1
    return min(most + 1, int(rows[n % 3, m]))


@compiled
def near(pairs: Pairs, texts: Texts, bounds: Floats, first: int) -> None:
    """Damerau–Levenshtein distance is at most bounds[0] (the first level), bounds[1], ..."""
    found, left, right, a, b = pairs
    characters, starts, masks, longest = texts
    rows = np.zeros((3, longest + 1), np.int32)
    most = int(bounds.max())
    for i in range(len(a)):
        u, v = int(left[a[i]]), int(right[b[i]])
        if found[i] == OPEN and u >= 0 and v >= 0:
            distance = 0
            if u != v:
                # An edit takes away at most two characters that stand in one text only: one of each.
                n, m = starts[u + 1] - starts[u], starts[v + 1] - starts[v]
                apart = max(n - _most_common(masks[u], masks[v], n), m - _most_common(masks[v], masks[u], m))
                distance = most + 1
                if apart <= most:
                    distance = _edits(characters, starts, u, v, most, rows)
            for k in range(len(bounds)):
                if distance <= bounds[k]:
                    found[i] = first + k
                    break


def jaro_winkler(texts: Texts, i: int, j: int) -> float:
    """Jaro–Winkler similarity of two of the texts."""
    used = np.zeros((2, texts.longest + 1), np.uint8)
    return _jaro_winkler(texts.characters, texts.starts, texts.masks, i, j, 0.0, used)


def edits(texts: Texts, i: int, j: int, most: int) -> int:
    """Damerau–Levenshtein distance of two of the texts; most + 1 where it is greater."""
    rows = np.zeros((3, texts.longest + 1), np.int32)
    return _edits(texts.characters, texts.starts, i, j, most, rows)
