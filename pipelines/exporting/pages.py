"""The dictionary that lies beside an exported file: what each column is, and in which form it is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipelines.store.matrix import Form
    from pipelines.store.readers import ViewColumn

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "column": ("列", "column"),
    "meaning": ("含义", "meaning"),
    "type": ("类型", "type"),
    "form": ("本文件中的形式", "form in this file"),
    "plain": ("原值", "plain"),
    "masked": ("脱敏", "masked"),
    "pseudonym": ("假名", "pseudonym"),
    "none": ("不提供", "not given"),
    "some_rows": ("（限本辖区）", " (own divisions only)"),
    "cells": (
        "编号均为文本。CSV 中以 = + - @ 等开头的文本前加单引号；用电子表格打开 CSV 时请按文本导入，或使用 XLSX。",
        "Numbers that identify are text. In CSV a text that begins like a formula has an apostrophe before it; a spreadsheet keeps long numbers whole only when CSV is imported as text: or take XLSX.",
    ),
}


@dataclass(frozen=True)
class Told:
    """A column, with the form in which the reader sees it and whether of some rows only; None: never."""

    column: ViewColumn
    shown: tuple[Form, bool] | None

    @property
    def form(self) -> Form:
        """plain, pseudonym, masked or none."""
        return self.shown[0] if self.shown else "none"


def page(view: str, told: Sequence[Told], language: Literal["zh", "en"]) -> str:
    """The dictionary as Markdown."""
    heads = [_say(word, language) for word in ("column", "meaning", "type", "form")]
    lines = [f"# shared.{view}", "", _row(heads), _row(["---"] * len(heads))]
    lines += [_row(_cells(one, language)) for one in told]
    return "\n".join([*lines, "", _say("cells", language)]) + "\n"


def _cells(one: Told, language: Literal["zh", "en"]) -> list[str]:
    meaning = dict(zip(("zh", "en"), one.column.told.split("; ", 1), strict=False))
    limited = _say("some_rows", language) if one.shown and one.shown[1] else ""
    return [
        f"`{one.column.name}`",
        meaning.get(language, one.column.told),
        one.column.sql_type,
        _say(one.form, language) + limited,
    ]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _say(word: str, language: Literal["zh", "en"]) -> str:
    return _WORDS[word][language == "en"]
