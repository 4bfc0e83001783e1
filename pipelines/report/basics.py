"""Values every part of the report is made of. No person's value has a place in any of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from typing import Literal

Language = Literal["zh", "en"]
Decision = Literal["release", "reservations", "stop"]
Status = Literal["passed", "failed", "not_checked"]
Level = Literal["stop", "reservations", "note"]


@dataclass(frozen=True)
class Words:
    """A text in both languages of the report."""

    zh: str
    en: str

    def of(self, language: Language) -> str:
        """The text in that language."""
        return self.zh if language == "zh" else self.en


Fact = Words | str | int | date | tuple[tuple[Words, int | None], ...]
"""What fills a place in a text; the last is a list of names, each with a count or without."""


@dataclass(frozen=True)
class Rows:
    """Where the rows of a delivery went.

    Attributes:
        accepted: rows in effect.
        pending: rows that went on, of a delivery that nothing has accepted yet.
        quarantined: rows set aside because they could not be read as records.
        superseded: rows that a later row or delivery replaced.
        refused: rows of a delivery that was refused whole.
    """

    received: int = 0
    accepted: int = 0
    pending: int = 0
    quarantined: int = 0
    superseded: int = 0
    refused: int = 0

    @property
    def accounted(self) -> int:
        """Rows whose whereabouts are known."""
        return self.accepted + self.pending + self.quarantined + self.superseded + self.refused

    @property
    def is_balanced(self) -> bool:
        """Whether every row received is accounted for."""
        return self.received == self.accounted


def added(rows: Iterable[Rows]) -> Rows:
    """The sum, column by column."""
    every = list(rows)
    return Rows(*(sum(getattr(r, part.name) for r in every) for part in fields(Rows)))


@dataclass(frozen=True)
class Feed:
    """What a feed is called and who answers for it."""

    name: str
    title: Words
    owner: Words
    cadence: str | None = None

    @property
    def slug(self) -> str:
        """The name where a slash cannot stand: anchors, file names."""
        return self.name.replace("/", "-")
