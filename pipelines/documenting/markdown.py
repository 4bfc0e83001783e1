"""Small pieces of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal

Language = Literal["en", "zh"]
ENDINGS: Final[dict[Language, str]] = {"en": ".md", "zh": ".zh-CN.md"}
_NOTE: Final = {
    "en": "<!-- Made by `python -m pipelines.documenting` from {made_of}: change that, not this page. -->",
    "zh": "<!-- 本页由 `python -m pipelines.documenting` 根据 {made_of} 生成，请修改来源而非本页。 -->",
}


def page(title: str, made_of: str, parts: Iterable[str], language: Language = "en") -> str:
    """A page: the title, where it comes from, and its parts with a blank line between them."""
    return "\n\n".join([f"# {title}\n{_NOTE[language].format(made_of=made_of)}", *parts]) + "\n"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are escaped so that none can break it."""
    lines = [
        _line(header),
        "|" + "---|" * len(header),
        *(_line([_cell(cell) for cell in row]) for row in rows),
    ]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def code(text: str) -> str:
    """A word as code; nothing for nothing."""
    return f"`{text}`" if text else ""
