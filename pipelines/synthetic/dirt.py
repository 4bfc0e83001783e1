"""Which values are damaged: at the rates of rates.yml, the same from delivery to delivery until mended."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.synthetic.damage import KINDS, told_of
from pipelines.synthetic.dice import Bits, Dice
from pipelines.synthetic.families import TODAY
from pipelines.synthetic.rates import Rates


@dataclass(frozen=True)
class Fault:
    """A damaged value: its row in the block (from 0), its column, what was done to it."""

    row: int
    column: str
    kind: str


def soil(
    dice: Dice,
    rates: Rates,
    place: tuple[str, str],
    group: str,
    values: list[str],
    serial: Bits,
    day: int,
) -> list[Fault]:
    """Damage some of the values of a place (feed, column) in place and say which."""
    feed, column = place
    shares = rates.groups[group]
    if not any(shares.values()):
        return []
    word = f"{feed} {column}"
    steps = np.cumsum(list(shares.values()))
    drawn = np.searchsorted(steps, dice.share(word, serial), side="right")
    mended = dice.wait(f"{word} mended", rates.mended_after_days, serial)
    rows = np.nonzero((drawn < len(steps)) & (TODAY + mended >= day))[0]
    chosen = dice.bits(f"{word} how", serial[rows]) >> np.uint64(16)
    kinds, faults = list(shares), []
    clean = [values[row - 1] for row in rows.tolist()]
    for row, number, above in zip(rows.tolist(), chosen.tolist(), clean, strict=True):
        kind = kinds[drawn[row]]
        damaged = KINDS[kind](values[row], number, above)
        if damaged is not None:
            values[row] = damaged
            faults.append(Fault(row, column, told_of(kind, damaged)))
    return faults


def broken_lines(dice: Dice, rates: Rates, feed: str, day: int, record: pl.Series) -> dict[int, str]:
    """Rows whose whole line is at fault in this one delivery, with the kind."""
    steps = np.cumsum(list(rates.lines.values()))
    share = dice.share(f"{feed} line", record.to_numpy(), day)
    drawn = np.searchsorted(steps, share, side="right")
    kinds = list(rates.lines)
    return {row: kinds[drawn[row]] for row in np.nonzero(drawn < len(steps))[0].tolist()}
