"""Which page is made of what, and whether it still says so."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from pipelines.contract.load import ROOT
from pipelines.contract.schema import FILE_NAME, schema_text
from pipelines.documenting.commands import commands_page
from pipelines.documenting.feeds import code_lists_page, feeds_page
from pipelines.documenting.markdown import ENDINGS, Language
from pipelines.documenting.reasons import reasons_page
from pipelines.documenting.tables import tables_page

_REFERENCE: Final = "docs/reference"
_IN_BOTH: Final[dict[str, Callable[[Language], str]]] = {
    "reason-codes": reasons_page,
    "feeds": feeds_page,
    "code-lists": code_lists_page,
}


def pages() -> dict[str, Callable[[], str]]:
    """What makes each generated file, by its path below the project."""
    both = {
        f"{_REFERENCE}/{name}{ending}": partial(page, language)
        for name, page in _IN_BOTH.items()
        for language, ending in ENDINGS.items()
    }
    return {
        **both,
        f"{_REFERENCE}/command-line.md": commands_page,
        f"{_REFERENCE}/tables.md": tables_page,
        f"contracts/{FILE_NAME}": schema_text,
    }


def outdated(root: Path = ROOT) -> list[str]:
    """Files that are missing or say something else than what they are made from."""
    return [name for name, made in pages().items() if _text(root / name) != made()]


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def write_pages(root: Path = ROOT) -> list[str]:
    """Write the files that are out of date and return their names."""
    made = pages()
    stale = outdated(root)
    for name in stale:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(made[name](), encoding="utf-8")
    return stale
