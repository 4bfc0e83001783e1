"""Lines of the report about linking: what hidden numbers showed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import yaml

from pipelines.contract.load import CONTRACTS, reference
from pipelines.contract.model import Contract
from pipelines.report.basics import Words
from pipelines.report.names import feed_of
from pipelines.report.queries import Row
from pipelines.report.texts import all_texts

ETHNICITIES: Final = "codes/ethnicity.yml"


@dataclass(frozen=True)
class QualityLine:
    """Precision and recall of one group, with 95 % intervals; None where nothing was counted.

    Attributes:
        below: whether its recall, or its precision, is surely lower than that of all: its interval ends below.
    """

    grouping: str
    member: str
    title: Words
    hidden: int
    linkable: int
    right: int
    wrong: int
    precision: float | None
    precision_low: float | None
    precision_high: float | None
    recall: float | None
    recall_low: float | None
    recall_high: float | None
    below: bool


def quality_lines(rows: list[Row], contracts: Mapping[str, Contract]) -> tuple[QualityLine, ...]:
    """The lines of a run, the whole first."""
    whole = next((row for row in rows if row["grouping"] == "all"), None)
    return tuple(
        QualityLine(
            **row,
            title=_title(row["grouping"], row["member"], contracts),
            below=whole is not None and any(_below(row, whole, name) for name in ("precision", "recall")),
        )
        for row in rows
    )


def _below(row: Row, whole: Row, name: str) -> bool:
    high, usual = row[f"{name}_high"], whole[name]
    return row is not whole and high is not None and usual is not None and high < usual


def _title(grouping: str, member: str, contracts: Mapping[str, Contract]) -> Words:
    texts = all_texts()
    if member in ("others", "unknown"):
        return texts[f"member.{member}"]
    if grouping == "feed":
        return feed_of(member, contracts).title
    if grouping == "ethnicity":
        return _ethnicities().get(member, Words(member, member))
    return texts.get(f"member.{member}", Words(member, member))


@cache
def _ethnicities() -> dict[str, Words]:
    declared = yaml.safe_load(reference(CONTRACTS, ETHNICITIES).read_text(encoding="utf-8"))
    return {code: Words(label["zh"], label["en"]) for code, label in declared["codes"].items()}
