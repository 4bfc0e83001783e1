"""`popbase validate`: what would become of a file if it were delivered now, found without a database or a home.

The file is read, standardised and judged by the very functions that the stages call. What needs the register or
other deliveries cannot be known beforehand: the sequence number, what a full delivery would remove, drift.
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Literal

import polars as pl

from pipelines.contract.load import load_aliases, load_contracts
from pipelines.errors import DeliveryRefused, UsageError
from pipelines.intake.delivery import open_delivery
from pipelines.intake.manifest import LARGEST_MANIFEST, Found, Manifest, read_manifest
from pipelines.kernels.gazetteer import load_gazetteer
from pipelines.kernels.schema_drift import REFUSED, RETYPED, met_with, retyped
from pipelines.kernels.standard_rows import judged_rows, standard_rows
from pipelines.reading import Landed, check_delivery, read_rows
from pipelines.reasons import REASONS
from pipelines.store.lake import CHUNK, Lake

if TYPE_CHECKING:
    from pipelines.contract.model import Contract
    from pipelines.quality.gate import Verdict
    from pipelines.quality.outcome import Outcome
    from pipelines.settings import Settings

Mode = Literal["full", "incremental"]
CHINA: Final = timezone(timedelta(hours=8))
SHOWN_ROWS: Final = 20
READ: Final = "raw/file"


@dataclass(frozen=True)
class FaultLine:
    """One reason code in one column: how many rows, and the numbers of the first of them, from 1 below the header."""

    code: str
    column: str
    severity: str
    rows: int
    first_rows: tuple[int, ...]


@dataclass(frozen=True)
class RuleLine:
    """What one rule of the feed's suite found."""

    rule_id: str
    severity: str
    status: str
    examined: int
    failed: int
    share: float
    is_beyond: bool
    first_rows: tuple[int, ...]
    zh: str
    en: str
    reason_not_checked: str | None


@dataclass
class Preflight:
    """What was found; `reason_code` says why the file would be refused, with `facts`; None when it would not."""

    feed: str
    file: str
    has_manifest: bool = False
    mode: str = "full"
    data_date: str = ""
    rows: int = 0
    quarantined: int = 0
    decision: str = "release"
    reason_code: str | None = None
    facts: dict[str, str] = field(default_factory=dict)
    faults: list[FaultLine] = field(default_factory=list)
    rules: list[RuleLine] = field(default_factory=list)


def preflight(
    settings: Settings, path: Path, feed: str, *, data_date: date | None = None, mode: Mode | None = None
) -> Preflight:
    """Judge a file as the stages would judge its delivery.

    Args:
        settings: where the declarations lie; nothing else of it is used.
        path: the data file. A `manifest.json` beside it that names it is held against it.
        feed: department/feed.
        data_date: what the rows are true of, where no manifest says it; default: today.
        mode: where no manifest says it; default: by whether the operation column is there.

    Raises:
        UsageError: an unknown feed, one that comes as a table, or no such file.
    """
    contract = _contract(settings, feed)
    if not path.is_file():
        raise UsageError(f"{path} is not a file", hint="give the data file itself")
    found = Preflight(feed, path.name)
    try:
        manifest = _beside(path, feed)
        found.has_manifest = manifest is not None
        with path.open("rb") as source, tempfile.TemporaryDirectory(prefix="popbase-") as folder:
            if manifest is None:
                mode = mode or _mode_of(settings, contract, source)
                manifest = _assumed(feed, data_date, mode)
            else:
                _check_hash(manifest, source)
            _judge(settings, contract, manifest, source, Lake(Path(folder)), found)
    except DeliveryRefused as refusal:
        found.decision, found.reason_code = "stop", refusal.code
        found.facts = {name: str(value) for name, value in refusal.facts.items()}
    return found


def _contract(settings: Settings, feed: str) -> Contract:
    contracts = load_contracts(settings.contracts)
    if feed not in contracts:
        raise UsageError(f"there is no contract for {feed!r}", hint=f"one of {' '.join(contracts)}")
    contract = contracts[feed]
    if contract.delivery.form == "table":
        hint = "its packages are checked when popbase takes them from the exchange database"
        raise UsageError(f"{feed} comes as a table, not as a file", hint=hint)
    return contract


def _beside(path: Path, feed: str) -> Manifest | None:
    """The manifest beside the file, if it names the file; DeliveryRefused when it cannot be read."""
    beside = path.with_name("manifest.json")
    if not beside.is_file():
        return None
    with beside.open("rb") as source:
        manifest = read_manifest(Found(feed, path.parent, source.read(LARGEST_MANIFEST + 1)))
    return manifest if manifest.file == path.name else None


def _assumed(feed: str, data_date: date | None, mode: Mode) -> Manifest:
    """Stands in where no manifest is; `rows` is filled in once they are counted."""
    day = data_date or datetime.now(CHINA).date()
    told = {"feed": feed, "data_date": day, "sequence": 1, "mode": mode, "rows": 0}
    return Manifest.model_validate(told)


def _mode_of(settings: Settings, contract: Contract, source: IO[bytes]) -> Mode:
    """Incremental where the operation column came; by its bytes a fixed width has no header to tell it."""
    if contract.delivery.form == "fixed_width":
        return "full"
    manifest = _assumed(contract.feed, None, "full")
    with open_delivery(source, contract, manifest, load_aliases(settings.contracts)) as reading:
        is_there = contract.delivery.operation_column in reading.header.names
    source.seek(0)
    return "incremental" if is_there else "full"


def _check_hash(manifest: Manifest, source: IO[bytes]) -> None:
    digest = hashlib.sha256()
    while block := source.read(CHUNK):
        digest.update(block)
    source.seek(0)
    if manifest.sha256 is None:
        raise DeliveryRefused("PB-DL-001", keys="sha256")
    if digest.hexdigest() != manifest.sha256.lower():
        raise DeliveryRefused("PB-DL-004")


def _judge(
    settings: Settings,
    contract: Contract,
    manifest: Manifest,
    source: IO[bytes],
    lake: Lake,
    found: Preflight,
) -> None:
    """Read, standardise, validate; fills `found` as far as it gets."""
    found.mode, found.data_date = manifest.mode, manifest.data_date.isoformat()
    landed = read_rows(lake, contract, manifest, source, READ, load_aliases(settings.contracts))
    found.rows = landed.rows
    found.faults = _headed(landed, contract)
    stated = manifest if found.has_manifest else manifest.model_copy(update={"rows": landed.rows})
    check_delivery(lake.scan(READ), stated, landed)
    rows = standard_rows(
        lake.read(READ), contract, mode=manifest.mode, as_of=manifest.data_date,
        code_lists=settings.code_lists, gazetteer=load_gazetteer(settings.gazetteer),
    )  # fmt: skip
    aside = [*landed.unreadable, rows.quarantined]
    found.faults += _lines([*(frame.with_columns(column=pl.lit("")) for frame in aside), rows.faults])
    found.quarantined = len({number for frame in aside for number in frame["row_number"]})
    changed = [note.split(" ", 1)[0] for note in landed.notes]
    for one in retyped(rows.frame, rows.faults, contract):
        found.faults.append(FaultLine(RETYPED, one.column, _severity(RETYPED), 0, ()))
        changed.append(RETYPED)
    _apply_suite(settings, contract, judged_rows(rows.frame), manifest.data_date, found, changed)


def _apply_suite(
    settings: Settings,
    contract: Contract,
    judged: pl.DataFrame,
    today: date,
    found: Preflight,
    changed: list[str],
) -> None:
    from pipelines.quality.gate import judge, quarantined, refusal, reserve  # noqa: PLC0415 - Great Expectations is dear
    from pipelines.quality.run import validate_frame  # noqa: PLC0415
    from pipelines.quality.suite import load_suite  # noqa: PLC0415

    suite = load_suite(settings.expectations / f"{contract.feed}.yml")
    outcome = validate_frame(judged, suite, today=today)
    verdict = judge(outcome, judged_from=contract.thresholds.judged_from)
    found.rules = _rule_lines(outcome, verdict)
    found.quarantined += quarantined(outcome)["row_number"].n_unique()
    verdict = reserve(verdict, met_with(contract, changed, "reserve"))
    found.reason_code = refusal(contract.thresholds, verdict, found.rows, found.quarantined)
    if RETYPED in met_with(contract, changed, "refuse"):
        found.reason_code = found.reason_code or REFUSED
    found.decision = "stop" if found.reason_code else verdict.decision


def _headed(landed: Landed, contract: Contract) -> list[FaultLine]:
    """What was said of the header; of a column the contract does not know only that it is there."""
    known = {column.source for column in contract.columns} | {"*"}
    notes = [note.split(" ", 1) for note in landed.notes]
    counted: dict[tuple[str, str], int] = {}
    for code, column in notes:
        place = (code, column if column in known else "")
        counted[place] = counted.get(place, 0) + 1
    return [FaultLine(code, column, _severity(code), 0, ()) for code, column in counted]


def _lines(frames: list[pl.DataFrame]) -> list[FaultLine]:
    columns = {"row_number": pl.Int32, "column": pl.String, "code": pl.String}
    told = pl.concat(
        [frame.select(pl.col(name).cast(kind) for name, kind in columns.items()) for frame in frames]
    )
    numbers = pl.col("row_number").unique().sort()
    grouped = told.group_by("code", "column").agg(rows=numbers.len(), first=numbers.head(SHOWN_ROWS))
    return [
        FaultLine(code, column, _severity(code), rows, tuple(first))
        for code, column, rows, first in grouped.sort("code", "column").iter_rows()
    ]


def _severity(code: str) -> str:
    return REASONS[code].severity if code in REASONS else "warn"


def _rule_lines(outcome: Outcome, verdict: Verdict) -> list[RuleLine]:
    numbers = pl.col("row_number").sort().head(SHOWN_ROWS)
    first: dict[str, list[int]] = dict(outcome.failing.group_by("rule_id").agg(numbers).iter_rows())
    beyond = {reason.rule_id for reason in verdict.reasons}
    return [
        RuleLine(
            result.rule.id, result.rule.severity, result.status, result.examined, result.failed, result.share,
            result.rule.id in beyond, tuple(first.get(result.rule.id, ())), result.rule.zh, result.rule.en,
            result.reason_not_checked,
        )
        for result in outcome.rules
    ]  # fmt: skip


def as_json(found: Preflight) -> dict[str, Any]:
    """The result as JSON values, the reason codes with their sentences in both languages."""
    faults = [vars(line) | _sentences(line.code) for line in found.faults]
    told = vars(found) | {"faults": faults, "rules": [vars(line) for line in found.rules]}
    return told | {"verdict": "refused" if found.reason_code else "fine"}


def _sentences(code: str) -> dict[str, str]:
    reason = REASONS.get(code)
    if reason is None:
        return {}
    return {"zh": reason.zh, "en": reason.en, "hint_zh": reason.hint_zh, "hint_en": reason.hint_en}
