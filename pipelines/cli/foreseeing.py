"""`popbase what-if`: a linkage policy is tried before it holds."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from pipelines.cli.console import JsonOption, app, print_json, said, told
from pipelines.cli.seeing import LangOption
from pipelines.settings import settings_from_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.foreseeing import Foresight, Outlook
    from pipelines.report.basics import Language


@app.command("what-if")
def what_if(
    linkage: Annotated[
        Path,
        typer.Option(
            exists=True, dir_okay=False, help="A changed copy of policies/linkage.yml, to be tried."
        ),
    ],
    lang: LangOption = "zh",
    as_json: JsonOption = False,
) -> None:
    """What another linkage policy would make of the records of now: persons, links, work for review, quality, and how many persons would merge or split. Nothing is changed.

    Copy policies/linkage.yml, change a threshold or a blocking rule, and look. What pleases takes the file's place; the next
    run then links everything anew.
    """
    from pipelines.foreseeing import what_if as foresee
    from pipelines.report.texts import say

    settings = settings_from_environment()
    with told.status(say("what_if.now_running", lang)) as status:
        found = foresee(settings, linkage, lambda what: status.update(say(f"what_if.{what}_running", lang)))
    if as_json:
        print_json(asdict(found))
        return
    _show(found, lang)


def _show(found: Foresight, lang: Language) -> None:
    from pipelines.report.texts import say

    if not found.settings:
        said.print(say("what_if.same", lang))
    settings = Table(*(say(f"what_if.{name}", lang) for name in ("setting", "now", "then")))
    for place, now, then in found.settings:
        settings.add_row(place, _spelt(now), _spelt(then))
    if found.settings:
        said.print(settings)
    table = Table("", *(say(f"what_if.{name}", lang) for name in ("now", "then")))
    for name, now, then in zip(
        _names(found, lang), _cells(found.now, found), _cells(found.then, found), strict=True
    ):
        table.add_row(name, now, then)
    said.print(table)
    counts = {name: getattr(found, name) for name in ("merged", "split", "moved")}
    said.print(say("what_if.changes", lang, counts))


def _names(found: Foresight, lang: Language) -> Iterator[str]:
    from pipelines.report.texts import say, say_word

    yield say("what_if.persons", lang)
    for method in _methods(found):
        yield say("what_if.links", lang, {"method": say_word("method", method, lang)})
    for name in ("review", "pairs", "precision", "recall"):
        yield say(f"what_if.{name}", lang)


def _cells(outlook: Outlook, found: Foresight) -> Iterator[str]:
    yield f"{outlook.persons:,}"
    for method in _methods(found):
        yield f"{outlook.links.get(method, 0):,}"
    yield f"{outlook.review:,}"
    yield f"{outlook.pairs:,}"
    for name in ("precision", "recall"):
        quality = outlook.quality
        yield (
            "—"
            if quality is None
            else f"{quality[name]:.4f} ({quality[f'{name}_low']:.4f}–{quality[f'{name}_high']:.4f})"
        )


def _methods(found: Foresight) -> list[str]:
    return sorted(found.now.links.keys() | found.then.links.keys())


def _spelt(value: Any) -> str:
    if value is None:
        return "—"
    if value is True:
        return "✓"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
