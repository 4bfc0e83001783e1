"""What a report says, as frozen values. No person's value has a place here: counts, codes, names of feeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from pipelines.report.basics import Decision, Fact, Feed, Level, Rows, Words
from pipelines.report.checks import (
    FaultLine,
    FeedScores,
    QuarantineLine,
    RuleSheet,
    Score,
    Unchecked,
)
from pipelines.report.linkage import QualityLine


@dataclass(frozen=True)
class Publication:
    """The run, and the publication it staged (`number` None when it staged none)."""

    run_id: str | None = None
    number: int | None = None
    base: int | None = None
    state: str | None = None
    stage: str | None = None
    content_hash: str | None = None
    records: int | None = None
    persons: int | None = None
    base_records: int | None = None
    base_persons: int | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    staged_at: datetime | None = None
    released_at: datetime | None = None
    released_by: str | None = None


@dataclass(frozen=True)
class Past:
    """A publication in the list of the latest ones."""

    number: int
    state: str
    staged_at: datetime | None
    released_at: datetime | None
    persons: int | None
    records: int | None


@dataclass(frozen=True)
class Batch:
    """A landed delivery."""

    batch_id: str
    feed: str
    sequence: int
    data_date: date
    mode: str
    status: str
    rows: Rows
    content_sha256: str
    contract_sha256: str
    suite_sha256: str | None
    is_new: bool
    is_used: bool
    is_latest: bool
    used_batches: int = 1
    decision: Decision | None = None
    reasons: tuple[str, ...] = ()
    reason_code: str | None = None


@dataclass(frozen=True)
class FeedState:
    """How current a feed is.

    Attributes:
        latest: the newest batch in this publication; None when the feed never had one.
        lag_days: days from its data date to the newest data date of all feeds.
        limit_days: lag beyond which the feed's cadence was not kept.
        has_gap: a sequence number was left out.
    """

    feed: Feed
    latest: Batch | None
    new_batches: int
    lag_days: int | None
    limit_days: int | None
    has_gap: bool

    @property
    def is_stale(self) -> bool:
        """Whether the feed is later than its cadence allows."""
        late = self.lag_days is not None and self.limit_days is not None
        return late and (self.lag_days or 0) > (self.limit_days or 0)


@dataclass(frozen=True)
class FlowLine:
    """One delivery in the conservation of its feed; `rows` None when nobody could count them."""

    sequence: int | None
    data_date: date | None
    mode: str | None
    status: str
    rows: Rows | None


@dataclass(frozen=True)
class Flow:
    """Conservation of one feed."""

    feed: Feed
    total: Rows
    lines: tuple[FlowLine, ...]


@dataclass(frozen=True)
class Incident:
    """A delivery that did not simply take effect: refused, redelivered, waiting, replaced, withdrawn."""

    feed: Feed
    folder: str | None
    sequence: int | None
    data_date: date | None
    outcome: str
    seen_at: datetime | None
    code: str | None = None
    sentence: Words | None = None
    hint: Words | None = None
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Count:
    """A word and how often."""

    name: str
    number: int


@dataclass(frozen=True)
class EventCount:
    """What became of person ids, why (None of runs before causes were kept), and how often."""

    name: str
    cause: str | None
    number: int


@dataclass(frozen=True)
class ConflictLine:
    """Cases of one kind that a person has to judge."""

    code: str
    sentence: Words
    hint: Words
    cases: int
    records: int


@dataclass(frozen=True)
class Change:
    """Rows of a published table against the publication before."""

    table: str
    title: Words
    opened: int
    closed: int
    unchanged: int


@dataclass(frozen=True)
class Decided:
    """What this publication is based on otherwise than the one before; of files a hash, of the linkage policy each setting."""

    kind: str
    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class StageTime:
    """Seconds of one stage over all its subjects."""

    stage: str
    seconds: float
    rows: int
    subjects: int


@dataclass(frozen=True)
class Hash:
    """What a name stood for when this was made."""

    kind: str
    name: str
    sha256: str


@dataclass(frozen=True)
class Remark:
    """One sentence of the verdict: `key` in texts.yml, what fills it, and where to read on."""

    level: Level
    key: str
    anchor: str
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True)
class Signature:
    """Who signed the publication, as what and with what remark."""

    role: str
    signed_by: str
    remark: str
    signed_at: datetime


@dataclass(frozen=True)
class Report:
    """All of a report; rendering adds nothing to it."""

    made_at: datetime
    decision: Decision
    remarks: tuple[Remark, ...]
    publication: Publication
    history: tuple[Past, ...]
    cut_off: date | None
    deliveries: Mapping[str, int]
    feeds: tuple[FeedState, ...]
    flows: tuple[Flow, ...]
    total: Rows
    incidents: tuple[Incident, ...]
    sheets: tuple[RuleSheet, ...]
    scores: tuple[Score, ...]
    feed_scores: tuple[FeedScores, ...]
    faults: tuple[FaultLine, ...]
    quarantine: tuple[QuarantineLine, ...]
    links: tuple[Count, ...]
    conflicts: tuple[ConflictLine, ...]
    events: tuple[EventCount, ...]
    changes: tuple[Change, ...]
    decided: tuple[Decided, ...]
    audit: tuple[RuleSheet, ...]
    unchecked: tuple[Unchecked, ...]
    seconds: tuple[StageTime, ...]
    hashes: tuple[Hash, ...]
    versions: tuple[tuple[str, str], ...]
    signatures: tuple[Signature, ...] = ()
    quality: tuple[QualityLine, ...] = ()
