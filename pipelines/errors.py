"""Every error popbase raises on purpose, as one tree.

PopbaseError                 exit 1  a fault of ours
├── UsageError               exit 2  the command or its settings are wrong
│   └── ContractError        exit 2  faults in contracts, suites, policies: all of them, with file and place
├── DeliveryRefused          exit 3  a delivery cannot be taken; carries its reason code
├── PublicationStopped       exit 4  the audit did not release the publication
├── DependencyMissing        exit 5  a database, a JVM, a binary is not there
└── ConservationBroken       exit 1  rows in are not rows out: a defect, nothing is published

No message carries a person's value: codes, files, columns, row numbers and counts only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class PopbaseError(Exception):
    """Base of the tree; `hint` says what to try next, `exit_code` is the command's."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        self.message = message
        self.hint = hint
        super().__init__(message if hint is None else f"{message}\nHint: {hint}")


class UsageError(PopbaseError):
    """The command, an option or a setting is wrong."""

    exit_code = 2


@dataclass(frozen=True)
class Fault:
    """One fault in a declarative file: which file, where in it, what is wrong."""

    file: str
    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}: {self.place}: {self.message}"


class ContractError(UsageError):
    """Faults of declarative files, collected first and raised once."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = tuple(faults)
        lines = "\n".join(f"  {fault}" for fault in faults)
        super().__init__(f"{len(faults)} fault(s) in declarative files:\n{lines}")


class DeliveryRefused(PopbaseError):
    """A delivery is refused whole.

    Attributes:
        code: the reason code, `PB-DL-nnn`, `PB-HD-nnn` or the id of a gate's rule.
        facts: names, counts and hashes that explain it; never a person's value.
    """

    exit_code = 3

    def __init__(self, code: str, *, hint: str | None = None, **facts: object) -> None:
        self.code = code
        self.facts = facts
        told = ", ".join(f"{name}={value}" for name, value in facts.items())
        super().__init__(f"delivery refused: {code}" + (f" ({told})" if told else ""), hint=hint)


class PublicationStopped(PopbaseError):
    """The staged publication failed its audit; readers stay on the old one."""

    exit_code = 4

    def __init__(self, number: int, rules: tuple[str, ...]) -> None:
        self.number = number
        self.rules = rules
        super().__init__(
            f"publication {number} was not released by its audit: {', '.join(rules)}",
            hint="popbase report shows the failing rules; readers still see the last released one.",
        )


class DependencyMissing(PopbaseError):
    """Something popbase needs beside Python is not there."""

    exit_code = 5


class ConservationBroken(PopbaseError):
    """Rows in are not rows on + quarantined + superseded + refused."""

    def __init__(self, place: str, received: int, accounted: int) -> None:
        self.place = place
        self.received = received
        self.accounted = accounted
        super().__init__(f"{place}: {received} rows in, {accounted} accounted for")
