"""What a column probably is, by its header and by the shape of its values. A guess is for a person to correct."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, get_args

from pipelines.contract.known import Known
from pipelines.contract.model import Column, ColumnType
from pipelines.errors import UsageError

ENOUGH: Final = 0.9
"""Share of the given values that must have a type's shape; the rest may be dirt."""
FEW: Final = 20
"""So many different short values at most make a code list, which text is until somebody writes the list."""

_YEAR: Final = "(?:18|19|20)[0-9]{2}"
_MONTH: Final = "(?:0[1-9]|1[0-2])"
_DAY: Final = "(?:0[1-9]|[12][0-9]|3[01])"
_PROVINCE: Final = "(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])"
SHAPES: Final[tuple[tuple[str, re.Pattern[str]], ...]] = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("citizen_id", rf"{_PROVINCE}[0-9]{{4}}(?:{_YEAR}{_MONTH}{_DAY}[0-9]{{3}}[0-9Xx]|[0-9]{{2}}{_MONTH}{_DAY}[0-9]{{3}})"),
        ("credit_code", r"[1-9AN][0-9A-HJ-NP-RTUW-Y][0-9]{6}[0-9A-HJ-NP-RTUW-Y]{10}"),
        ("timestamp", rf"{_YEAR}-?{_MONTH}-?{_DAY}[T ]?[0-2][0-9]:?[0-5][0-9](?::?[0-5][0-9].*)?"),
        ("date", rf"{_YEAR}{_MONTH}{_DAY}|{_YEAR}[-/.年][0-9]{{1,2}}[-/.月][0-9]{{1,2}}日?"),
        ("dates", rf"{_YEAR}-?{_MONTH}-?{_DAY}(?:;{_YEAR}-?{_MONTH}-?{_DAY})+"),
        ("month", rf"{_YEAR}[-/.年]?{_MONTH}月?"),
        ("telephone", r"(?:\+?86)?1[3-9][0-9]{9}|0[0-9]{2,3}-?[0-9]{7,8}"),
        ("township", rf"{_PROVINCE}[0-9]{{4}}(?:[0-9]{{3}}|[0-9]{{6}})"),
        ("division", rf"{_PROVINCE}[0-9]{{4}}"),
        ("flag", "是|否|有|无|[YNynTF]|true|false|TRUE|FALSE"),
        ("decimal", r"[-+]?[0-9][0-9,]*\.[0-9]+(?:万元|元)?|[-+]?[0-9]{1,3}(?:,[0-9]{3})+|[0-9.]+万元?"),
        ("person_name", "[㐀-鿿]{2,4}(?:·[㐀-鿿]{1,10})?"),
        ("address", r".*(?:[省市县区].*[镇乡村路街号组]|[路街][0-9]+号|[镇乡].*村).*"),
        ("integer", "[-+]?(?:0|[1-9][0-9]{0,8})"),
    )
)  # fmt: skip
"""Types by the shape of a value, the narrower first."""
_SURNAMES: Final = tuple("王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗")
"""The twenty commonest, half of the people (Ministry of Public Security, 2020); few other words begin so."""
_USUAL_NAMES: Final = {
    "citizen_id": "citizen_id", "person_name": "name", "telephone": "telephone", "school_roll": "roll_number",
}  # fmt: skip
_FORMS_OF_NAMES: Final = {
    "date": "{}_on", "timestamp": "{}_at", "month": "{}_month", "flag": "is_{}", "code": "{}_code",
    "division": "{}_division_code", "township": "{}_township_code", "credit_code": "{}_credit_code",
}  # fmt: skip


def columns_of(told: str, known: Known) -> tuple[Column, ...]:
    """Columns from `HEADER:what[:name], …`; what is a type, `code=LIST`, a standard name, or left out.

    Raises:
        UsageError: a word that is none of these.
    """
    parts = [part.strip().split(":") for part in told.split(",") if part.strip()]
    return _named_apart([_column(part, known) for part in parts])


def _column(part: Sequence[str], known: Known) -> Column:
    source, what, name = (*part, "", "")[:3]
    if len(part) > 3 or not source.strip():
        raise UsageError(f"{':'.join(part)!r} is no column", hint="HEADER:type or HEADER:type:name")
    like = known.by_header.get(source) if not what else known.by_name.get(what)
    if like is not None:
        return like.model_copy(update={"source": source, "name": name or like.name})
    kind, _, listed = what.partition("=")
    if kind and kind not in get_args(ColumnType):
        raise UsageError(f"{kind!r} is no type", hint=f"types: {', '.join(get_args(ColumnType))}")
    if (kind == "code") != bool(listed):
        raise UsageError(
            f"{source} wants a code list", hint=f"{source}:code=LIST, as in contracts/_reference"
        )
    return _declared(source, name or _name_for(source, kind, known), kind or "text", listed or None)


def _declared(source: str, name: str, kind: str, listed: str | None = None) -> Column:
    return Column.model_validate({"source": source, "name": name, "type": kind, "list": listed})


def _name_for(source: str, kind: str, known: Known) -> str:
    """The name that others give this header with this type, the type's usual one, or the header spelled out."""
    like = known.by_header.get(source)
    if like is not None and like.type == kind:
        return like.name
    return _USUAL_NAMES.get(kind) or _FORMS_OF_NAMES.get(kind, "{}").format(spelled_out(source)[:30])


def spelled_out(header: str) -> str:
    """An identifier from a header: lower case, Chinese characters as their sounds."""
    from pypinyin import lazy_pinyin  # noqa: PLC0415 - its dictionary takes a moment

    words = re.findall(r"[a-z0-9]+", " ".join(lazy_pinyin(header)).lower())
    name = "_".join(words)[:50].strip("_")
    return name if name[:1].isalpha() else f"column_{name}".rstrip("_")


def _named_apart(columns: Sequence[Column]) -> tuple[Column, ...]:
    """The first that wants a name has it; a later one is called after its header, with a number if need be."""
    taken: set[str] = set()
    apart = []
    for column in columns:
        name = column.name if column.name not in taken else spelled_out(column.source)
        wanted = (name, *(f"{name[:47]}_{number}" for number in range(2, 100)))
        name = next(candidate for candidate in wanted if candidate not in taken)
        taken.add(name)
        apart.append(column.model_copy(update={"name": name}))
    return tuple(apart)


def guessed_columns(values: Mapping[str, Sequence[str]], known: Known) -> tuple[Column, ...]:
    """Columns of an extract, from {header: some of its values}."""
    guessed = []
    for header, given in values.items():
        like = known.by_header.get(header)
        if like is not None:
            guessed.append(like.model_copy(update={"source": header}))
        else:
            kind = shape_of(given)
            guessed.append(_declared(header, _name_for(header, kind, known), kind))
    return _named_apart(guessed)


def shape_of(values: Sequence[str]) -> str:
    """The type whose shape most of the values have; `text` where none fits or where they look like codes."""
    given = [value.strip() for value in values if value.strip()]
    if not given:
        return "text"
    for kind, pattern in SHAPES:
        fitting = sum(1 for value in given if pattern.fullmatch(value))
        if fitting >= ENOUGH * len(given) and not _is_something_else(kind, given):
            return kind
    return "text"


def _is_something_else(kind: str, given: Sequence[str]) -> bool:
    """Numbers that are codes, words that are no names."""
    kinds = len(set(given))
    if kind == "integer":
        return kinds <= min(FEW, len(given) // 2) and max(map(len, given)) <= 4
    if kind == "person_name":
        return 3 * kinds < len(given) or 10 * sum(v.startswith(_SURNAMES) for v in given) < 3 * len(given)
    return False
