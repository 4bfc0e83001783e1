"""Candidate repairs of failing citizen IDs: evidence for linkage, never a correction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from pipelines.kernels import citizen_id_digits as digits
from pipelines.kernels.divisions import known_divisions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    # Which repair, the rows of the given matrix it starts from, and the numbers it makes.
    Slip = tuple[str, digits.Integers, digits.Bytes]

_ALMOST: Final = r"^[0-9]{17}.$"
_SCHEMA: Final = pl.Schema({"index": pl.UInt32, "candidate": pl.String, "repair": pl.String})
_ZERO: Final = np.uint8(ord("0"))
_BODY: Final = 17


def repair_candidates(cleaned: pl.Series, *, as_of: date | None = None) -> pl.DataFrame:
    """The real numbers one slip away from each failing number of 17 digits and a character.

    A slip is one changed digit (`digit`), two neighbours swapped (`swap`) or a wrong check
    character (`check`). Candidates pass everything: check character, a birth date of 1850 to
    `as_of`, a division of any year (or the number's own, unchanged). A number that passes has
    no candidates, nor has any of another shape.

    Returns:
        `index` (row in `cleaned`), `candidate` (18 characters), `repair`; in the order of
        index, repair, candidate; 5 to 15 rows a number.
    """
    asked = cleaned.str.contains(_ALMOST).fill_null(value=False)
    rows = asked.arg_true().to_numpy()
    given = digits.byte_matrix(cleaned.filter(asked).str.replace(r"[^0-9X]$", "*"))
    fails = (given[:, _BODY] != digits.check_characters(given)) | ~digits.has_credible_birth(given, as_of)
    rows, given = rows[fails], given[fails]
    found = [_SCHEMA.to_frame()]
    for repair, sources, made in _slips(given):
        real = _is_real(given[sources], made, as_of)
        numbers = made[real].tobytes().decode("ascii")
        found.append(pl.DataFrame(
            {
                "index": rows[sources[real]],
                "candidate": [numbers[at : at + 18] for at in range(0, len(numbers), 18)],
                "repair": [repair] * int(real.sum()),
            },
            schema=_SCHEMA,
        ))  # fmt: skip
    return pl.concat(found).sort("index", "repair", "candidate")


def _slips(given: digits.Bytes) -> Iterator[Slip]:
    yield from _changed_digits(given)
    yield from _swapped_neighbours(given)
    made = given.copy()
    made[:, _BODY] = digits.check_characters(given)
    yield "check", np.arange(len(given), dtype=np.int32), made


def _changed_digits(given: digits.Bytes) -> Iterator[Slip]:
    """In each place at most one digit makes the sum right, since 11 is prime."""
    checks = np.where(given[:, _BODY] == ord("X"), 10, given[:, _BODY].astype(np.int32) - _ZERO)
    missing = (1 - digits.weighted_sums(given) - checks) % 11
    for place, weight in enumerate(digits.WEIGHTS):
        old = given[:, place].astype(np.int32) - _ZERO
        new = (old + missing * pow(weight, -1, 11)) % 11
        usable = (new <= 9) & (new != old) & (given[:, _BODY] != ord("*"))
        sources = np.flatnonzero(usable).astype(np.int32)
        made = given[sources]
        made[:, place] = new[sources] + _ZERO
        yield "digit", sources, made


def _swapped_neighbours(given: digits.Bytes) -> Iterator[Slip]:
    for place in range(_BODY):
        movable = given[:, place + 1] <= ord("9") if place == _BODY - 1 else True
        usable = (given[:, place] != given[:, place + 1]) & movable
        sources = np.flatnonzero(usable).astype(np.int32)
        made = given[sources]
        made[:, [place, place + 1]] = made[:, [place + 1, place]]
        yield "swap", sources, made


def _is_real(given: digits.Bytes, made: digits.Bytes, as_of: date | None) -> digits.Mask:
    division = digits.number_at(made, 0, 6)
    real: digits.Mask = (
        (made[:, :_BODY] >= _ZERO).all(axis=1)
        & (digits.check_characters(made) == made[:, _BODY])
        & digits.has_credible_birth(made, as_of)
        & (known_divisions()[division] | (division == digits.number_at(given, 0, 6)))
    )
    return real
