"""Every reason popbase gives for a fault, an oddity or a refusal, by its code.

A code is `PB-<family>-<nnn>` and never changes its meaning. Families: ID citizen ID, UC unified
social credit code, NM names, DT dates, CD code lists, TL telephones, AD addresses, NB numbers,
TX text, RW rows that cannot be read, HD headers, DL deliveries, DR drift, SQ sequence, LK linkage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from pipelines.reason_texts import deliveries, drift, identity, linkage, names, rows, values

Severity = Literal["refuse_delivery", "quarantine_row", "warn", "note"]
SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)


@dataclass(frozen=True)
class Reason:
    """What happened, said to the department (zh) and to anyone (en), and what to do about it.

    Attributes:
        code: `PB-<family>-<nnn>`.
        severity: `refuse_delivery`, `quarantine_row`, `warn` (the row goes on; the department is
            told) or `note` (recorded only).
        zh: the sentence in Chinese.
        en: the sentence in English.
        hint_zh: what to do next, in Chinese.
        hint_en: what to do next, in English.
    """

    code: str
    severity: Severity
    zh: str
    en: str
    hint_zh: str
    hint_en: str

    @property
    def family(self) -> str:
        """The two letters of the family, `ID` of `PB-ID-032`."""
        return self.code[3:5]


def _read(texts: str) -> dict[str, Reason]:
    reasons: dict[str, Reason] = {}
    for block in texts.strip().split("\n\n"):
        head, zh, en, hint_zh, hint_en = block.strip().splitlines()
        code, word = head.split()
        severity = next(known for known in SEVERITIES if known == word)
        reasons[code] = Reason(code, severity, zh, en, hint_zh, hint_en)
    return reasons


REASONS: Final[dict[str, Reason]] = _read(
    "\n".join(family.TEXTS for family in (identity, names, values, rows, deliveries, drift, linkage))
)
