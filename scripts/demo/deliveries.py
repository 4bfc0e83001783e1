"""The two delivery dates of the demo: what the county sent, and three deliveries with something the matter.

Feeds are chosen by what their contracts say; nothing here knows a department.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.contract.model import Contract

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Sent:
    """A delivery of the generated county."""

    feed: str
    folder: Path
    manifest: dict[str, Any]

    @property
    def order(self) -> tuple[str, int]:
        """When it was sent."""
        return self.manifest["data_date"], self.manifest["sequence"]


@dataclass(frozen=True)
class Oddity:
    """A delivery with something the matter, the folder it comes in, and what is said of it."""

    sent: Sent
    name: str
    told: str
    change: Callable[[Path], None] | None = None
    is_refused: bool = False


def by_date(county: Path, feeds: Iterable[str]) -> tuple[list[Sent], list[Sent]]:
    """Deliveries up to the first day on which every feed had sent something, and those after it."""
    sent = {
        feed: [
            Sent(feed, path.parent, json.loads(path.read_text(encoding="utf-8")))
            for path in sorted((county / "inbox" / feed).glob(f"*/{MANIFEST}"))
        ]
        for feed in feeds
    }
    first = max(min(d.manifest["data_date"] for d in several) for several in sent.values())
    every = sorted((d for several in sent.values() for d in several), key=lambda d: d.order)
    return (
        [d for d in every if d.manifest["data_date"] <= first],
        [d for d in every if d.manifest["data_date"] > first],
    )


def deliver(
    sent: Sent, inbox: Path, name: str | None = None, *, change: Callable[[Path], None] | None = None
) -> None:
    """Copy a delivery into the inbox; like a sender, put its manifest into place last."""
    target = inbox / sent.feed / (name or sent.folder.name)
    shutil.copytree(sent.folder, target, ignore=shutil.ignore_patterns(MANIFEST))
    part = target / f"{MANIFEST}.part"
    part.write_text(json.dumps(sent.manifest, ensure_ascii=False), encoding="utf-8")
    if change is not None:
        change(target)
    part.replace(target / MANIFEST)


def _edit(folder: Path, **facts: Any) -> None:
    part = folder / f"{MANIFEST}.part"
    manifest = json.loads(part.read_text(encoding="utf-8")) | facts
    part.write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")


def with_wrong_hash(sequence: int) -> Callable[[Path], None]:
    """A delivery as `sequence`, damaged under way: its bytes are not those the sender hashed."""

    def change(folder: Path) -> None:
        file = folder / json.loads((folder / f"{MANIFEST}.part").read_text(encoding="utf-8"))["file"]
        file.write_bytes(file.read_bytes()[:-7])
        _edit(folder, sequence=sequence)

    return change


def with_header(old: str, new: str, encoding: str) -> Callable[[Path], None]:
    """A delivery whose sender calls a column by another name."""

    def change(folder: Path) -> None:
        file = folder / json.loads((folder / f"{MANIFEST}.part").read_text(encoding="utf-8"))["file"]
        header, line_end, rows = file.read_bytes().partition(b"\n")
        renamed = header.decode(encoding).replace(old, new, 1).encode(encoding)
        file.write_bytes(renamed + line_end + rows)
        _edit(folder, sha256=hashlib.sha256(file.read_bytes()).hexdigest())

    return change


def alias_for(contract: Contract, aliases: Mapping[str, tuple[str, ...]]) -> tuple[str, str] | None:
    """A column of the contract and another known header for it; None where none is safe to rename."""
    sources = {column.source for column in contract.columns}
    for column in contract.columns:
        others = [alias for alias in aliases.get(column.name, ()) if alias not in sources]
        is_alone = sum(column.source in source for source in sources) == 1
        if others and is_alone:
            return column.source, others[0]
    return None


def oddities(
    contracts: Mapping[str, Contract],
    first: list[Sent],
    second: list[Sent],
    aliases: Mapping[str, tuple[str, ...]],
) -> tuple[Oddity, Oddity, Oddity]:
    """What is the matter on the second date: a re-delivery, a damaged one, a renamed column."""
    plain = [c for c in contracts.values() if c.delivery.form == "text" and c.delivery.archive is None]
    again = _redelivered(first, {d.feed for d in second})
    damaged = max((d for d in second if d.feed == plain[0].feed), key=lambda d: d.order)
    contract, (old, new) = next((c, pair) for c in reversed(plain) if (pair := alias_for(c, aliases)))
    renamed = max((d for d in second if d.feed == contract.feed), key=lambda d: d.order)
    return (
        Oddity(again, f"{again.folder.name}-again", "the first delivery once more: no effect"),
        Oddity(
            damaged,
            f"{damaged.folder.name}-damaged",
            "one was damaged under way: refused, its hash is wrong",
            with_wrong_hash(damaged.manifest["sequence"] + 1),
            is_refused=True,
        ),
        Oddity(
            renamed,
            renamed.folder.name,
            f"the column {old} is called {new}: accepted, with a warning",
            with_header(old, new, contract.delivery.encoding),
        ),
    )


def _redelivered(first: list[Sent], busy: set[str]) -> Sent:
    """A delivery of a feed that brings nothing new; of any feed where all do."""
    return next((d for d in first if d.feed not in busy), first[0])
