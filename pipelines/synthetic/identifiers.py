"""Numbers of people and firms, with the check characters that make them valid."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.synthetic.dice import Ints

# GB 11643-1999: ISO 7064 MOD 11-2 over 17 digits.
CHECK_CHARACTERS = np.array(list("10X98765432"))
_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int64)
_ORDERS = 497  # order codes 001 … 994; 996 to 999 once marked people over a hundred

# GB 32100-2015: 31 characters (no I O S V Z), weights 3^i mod 31; GB 11714 inside it.
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CODE_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def digits_of(numbers: Ints, length: int) -> Ints:
    """One row of decimal digits for each number, the highest place first."""
    powers = 10 ** np.arange(length - 1, -1, -1, dtype=np.int64)
    return (numbers[:, None] // powers) % 10


def check_character(body: str) -> str:
    """The check character of the first 17 digits."""
    return str(with_check_character(np.array([int(body)]))[0][17])


def with_check_character(bodies: Ints) -> pl.Series:
    """Citizen IDs of 18 characters from their first 17 digits."""
    checks = CHECK_CHARACTERS[(digits_of(bodies, 17) @ _WEIGHTS) % 11]
    return pl.Series(bodies).cast(pl.String) + pl.Series(checks.tolist(), dtype=pl.String)


def compact(days: NDArray[np.int64]) -> Ints:
    """Days since 1970-01-01 as numbers yyyymmdd."""
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    month = months.astype(np.int64)
    day = (dates - months).astype(np.int64) + 1
    return np.asarray((1970 + month // 12) * 10_000 + (month % 12 + 1) * 100 + day, dtype=np.int64)


class Register:
    """Gives order codes: the same division, day and sex never twice, and twins one after the other."""

    def __init__(self) -> None:
        """Start with no number given."""
        self._given: dict[int, int] = {}

    def give(self, divisions: Ints, days: Ints, sexes: Ints) -> pl.Series:
        """Valid citizen IDs; odd orders for men (1), even for women (2)."""
        bodies = divisions * 100_000_000 + compact(days)
        keys = bodies * 10 + sexes
        orders = np.empty(len(keys), dtype=np.int64)
        for place, key in enumerate(keys.tolist()):
            count = self._given.get(key, 0)
            self._given[key] = count + 1
            # The start differs by day and place, or most people would carry 001 and 002.
            orders[place] = (key * 7919 // 13 + count) % _ORDERS
        return with_check_character(bodies * 1000 + 2 * orders + sexes)


def _organisation_check(body: str) -> str:
    total = sum(w * _CODE_36.index(c) for w, c in zip(_ORGANISATION_WEIGHTS, body, strict=True))
    rest = 11 - total % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))


@cache
def credit_code(number: int, division: str) -> str:
    """The unified social credit code of the firm with this number (below 31^6)."""
    serial = ""
    for _ in range(6):
        number, rest = divmod(number, 31)
        serial = ALPHABET[rest] + serial
    organisation = "MA" + serial
    body = f"91{division}{organisation}{_organisation_check(organisation)}"
    total = sum(ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return body + ALPHABET[(31 - total % 31) % 31]
