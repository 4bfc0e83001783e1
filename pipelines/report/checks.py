"""What checks found, as frozen values: rules, scores, faults, quarantine. Counts and codes only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pipelines.report.basics import Decision, Feed, Status, Words


@dataclass(frozen=True)
class RuleLine:
    """What a rule found in the deliveries of a feed, or in a published table, taken together."""

    scope: str
    rule_id: str
    severity: str
    status: Status
    examined: int
    failed: int
    warn_at: float | None
    reject_at: float | None
    indicator: str
    basis: str
    office: str
    sentence: Words
    reasons: tuple[str, ...] = ()
    subjects: int = 1
    warn_rows: int | None = None
    reject_rows: int | None = None
    change_at: float | None = None
    usual: float | None = None

    @property
    def share(self) -> float | None:
        """Failed / examined; None when nothing was examined."""
        return self.failed / self.examined if self.examined else None

    @property
    def limit(self) -> Literal["within", "warned", "rejected"]:
        """Between which thresholds it lies, as the gate has it; `rejected` only where the rule may reject."""
        if self.severity == "reject_batch" and self._beyond(self.reject_at, self.reject_rows):
            return "rejected"
        rises = None not in (self.change_at, self.usual) and self._risen
        return "warned" if rises or self._beyond(self.warn_at or 0.0, self.warn_rows) else "within"

    @property
    def _risen(self) -> bool:
        return (self.share or 0.0) - (self.usual or 0.0) > (self.change_at or 0.0)

    def _beyond(self, share: float | None, rows: int | None) -> bool:
        by_share = share is not None and (self.share or 0.0) > share
        return by_share or (rows is not None and self.failed > rows)


@dataclass(frozen=True)
class RuleSheet:
    """The rules of one feed or published table; `scope` is its name, `deliveries` how many were judged."""

    scope: str
    title: Words
    owner: Words | None
    decision: Decision | None
    deliveries: int
    lines: tuple[RuleLine, ...]

    @property
    def slug(self) -> str:
        """Name for anchors and files."""
        return self.scope.replace("/", "-")

    def count(self, status: Status) -> int:
        """How many rules ended so."""
        return sum(line.status == status for line in self.lines)


@dataclass(frozen=True)
class Unchecked:
    """What nobody can vouch for: a rule without an answer (`code`), or a feed without any."""

    where: Words
    what: Words
    code: str | None
    why: Words


@dataclass(frozen=True)
class Score:
    """Values that hold, of values examined, by an indicator of GB/T 36344."""

    indicator: str
    rules: int
    not_checked: int
    examined: int
    failed: int

    @property
    def share(self) -> float | None:
        """1 - failed / examined; None when nothing was examined."""
        return 1 - self.failing if self.examined else None

    @property
    def failing(self) -> float:
        """Failed / examined, 0 when nothing was examined."""
        return self.failed / self.examined if self.examined else 0.0


@dataclass(frozen=True)
class FeedScores:
    """A feed's scores by first-level indicator, `01` to `06`."""

    feed: Feed
    scores: Mapping[str, Score]


@dataclass(frozen=True)
class FaultLine:
    """Values of one column with one fault; `source` is its delivered name, `of` the rows that went on."""

    feed: Feed
    column: Words
    source: str
    code: str
    severity: str
    sentence: Words
    rows: int
    of: int


@dataclass(frozen=True)
class QuarantineLine:
    """Rows of one delivery set aside for one reason, with the first few row numbers."""

    feed: Feed
    sequence: int
    code: str
    sentence: Words
    hint: Words
    rows: int
    first_rows: tuple[int, ...]
