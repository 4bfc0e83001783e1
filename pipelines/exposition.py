"""Prometheus' text format, version 0.0.4: families of samples, one line each.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
Sample = tuple[Mapping[str, str], float]


@dataclass(frozen=True)
class Family:
    """A metric: its samples differ in their labels only.

    Attributes:
        name: with its unit at the end.
        says: what it counts, one sentence.
        samples: labels and value.
        kind: counter only for what never falls.
    """

    name: str
    says: str
    samples: Sequence[Sample] = ()
    kind: Literal["gauge", "counter"] = "gauge"


def exposition(families: Iterable[Family]) -> str:
    """The text. ValueError for a name the format does not allow, or a sample said twice."""
    return "".join(f"{line}\n" for family in families for line in _lines(family))


def _lines(family: Family) -> Iterator[str]:
    if not family.samples:
        return
    names = [family.name] if NAME.fullmatch(family.name) else []
    labels = {label for said, _ in family.samples for label in said}
    if not names or not all(LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"{family.name}: a name of it is not allowed")
    told = [(_labels(said), value) for said, value in family.samples]
    if len(dict(told)) < len(told):
        raise ValueError(f"{family.name}: a sample is said twice")
    yield f"# HELP {family.name} {_escaped(family.says)}"
    yield f"# TYPE {family.name} {family.kind}"
    yield from (f"{family.name}{said} {_number(value)}" for said, value in told)


def _labels(said: Mapping[str, str]) -> str:
    quoted = ",".join(f'{name}="{_escaped(text, quotes=True)}"' for name, text in said.items())
    return f"{{{quoted}}}" if quoted else ""


def _escaped(text: str, *, quotes: bool = False) -> str:
    plain = text.replace("\\", "\\\\").replace("\n", "\\n")
    return plain.replace('"', '\\"') if quotes else plain


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))
