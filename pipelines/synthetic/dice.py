"""Random numbers without state: each one is a hash of the seed, a word and the keys it belongs to.

A person, a record or a fault therefore falls out the same in whatever order, chunk or month it is
asked for, which is what lets a county be written in one pass over blocks of families.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Bits: TypeAlias = NDArray[np.uint64]
Shares: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def _scramble(bits: Bits) -> Bits:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014)."""
    bits = (bits ^ (bits >> np.uint64(30))) * _FIRST
    bits = (bits ^ (bits >> np.uint64(27))) * _SECOND
    return bits ^ (bits >> np.uint64(31))


@cache
def _salt(seed: int, word: str) -> np.uint64:
    digest = hashlib.blake2b(f"{seed}|{word}".encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "big"))


@dataclass(frozen=True)
class Dice:
    """One seed. The keys of a throw are integer arrays of one length (or scalars beside an array)."""

    seed: int

    def bits(self, word: str, *keys: ArrayLike) -> Bits:
        """Hash the word and the keys to 64 bits."""
        mixed: Bits = np.full(1, _salt(self.seed, word), dtype=np.uint64)
        for key in keys:
            mixed = _scramble(mixed + _STEP + np.asarray(key).astype(np.uint64))
        return mixed

    def share(self, word: str, *keys: ArrayLike) -> Shares:
        """Uniform numbers in [0, 1)."""
        return (self.bits(word, *keys) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def hit(self, word: str, rate: ArrayLike, *keys: ArrayLike) -> Mask:
        """True at the given rate."""
        return np.asarray(self.share(word, *keys) < np.asarray(rate), dtype=np.bool_)

    def below(self, word: str, limit: ArrayLike, *keys: ArrayLike) -> Ints:
        """Whole numbers in 0 … limit - 1."""
        return np.asarray(self.share(word, *keys) * np.asarray(limit), dtype=np.int64)

    def between(self, word: str, low: float, high: float, *keys: ArrayLike) -> Ints:
        """Whole numbers in low … high - 1, also below zero."""
        return np.floor(low + self.share(word, *keys) * (high - low)).astype(np.int64)

    def choose(self, word: str, weights: ArrayLike, *keys: ArrayLike) -> Ints:
        """Indices into `weights`, as often as they weigh."""
        steps = np.cumsum(np.asarray(weights, dtype=np.float64))
        at = np.searchsorted(steps, self.share(word, *keys) * steps[-1], side="right")
        return np.asarray(np.minimum(at, len(steps) - 1), dtype=np.int64)

    def wait(self, word: str, mean: float, *keys: ArrayLike) -> Ints:
        """Exponential waiting times in whole days."""
        return np.asarray(-np.log1p(-self.share(word, *keys)) * mean, dtype=np.int64)
