"""Commands of the feedback loop: popbase feedback out | in | list | stand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.table import Table

from pipelines.cli.console import JsonOption, app, print_json, said
from pipelines.privacy import without_values
from pipelines.settings import settings_from_environment

feedback_app = typer.Typer(
    no_args_is_help=True, help="Faults that go back to their owners: files out, answers in, work lists."
)
app.add_typer(feedback_app, name="feedback")
LangOption = Annotated[Literal["zh", "en"], typer.Option(help="Language of the output.")]


@feedback_app.command("out")
def give_out(
    department: Annotated[str | None, typer.Option(help="Only this department; default: every one.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder; default: feedback/ in popbase's home.")] = None,
    by: Annotated[str, typer.Option(help="Who sends them.")] = "operator",
    lang: LangOption = "zh",
) -> None:
    """Write the feedback file (XLSX) of each department that has open findings, and start their deadlines."""
    from pipelines import feedback
    from pipelines.contract.load import load_contracts

    settings = settings_from_environment()
    owners = sorted({c.owner.department for c in load_contracts(settings.contracts).values()})
    for name in [department] if department else owners:
        with without_values():
            told = feedback.give_out(settings, name, out or settings.home / "feedback", by=by, language=lang)
        if told["path"] is not None:
            said.print(f"{told['path']}  {told['rows']} rows, {told['new']} new", markup=False)


@feedback_app.command("in")
def take_in(
    file: Annotated[Path, typer.Argument(help="The returned workbook.")],
    department: Annotated[str, typer.Option(help="Who returned it.")],
    by: Annotated[str, typer.Option(help="Who takes it in.")] = "operator",
    lang: LangOption = "zh",
    as_json: JsonOption = False,
) -> None:
    """Take in a department's answers; each row at fault is told and the rest is taken. Exit code 3 with such rows."""
    from pipelines import feedback

    with without_values():
        told = feedback.take_in(settings_from_environment(), department, file, by=by)
    if as_json:
        print_json(told)
    else:
        for fault in told["refused"]:
            said.print(f"{file.name}:{fault['row']}: {fault[lang]}", markup=False)
        said.print(f"{told['taken']} / {told['answers']}")
    raise typer.Exit(3 if told["refused"] else 0)


@feedback_app.command("list")
def show(as_json: JsonOption = False) -> None:
    """Work lists: findings by department, feed and state, overdue ones, the next deadline. Counts only."""
    from pipelines import feedback

    with without_values():
        rows = feedback.work_lists(settings_from_environment())
    if as_json:
        print_json(rows)
        return
    names = (
        "department",
        "feed",
        "raised",
        "marked",
        "verifying",
        "corrected",
        "rejected",
        "closed",
        "overdue",
        "next_due",
    )
    table = Table(*(name.replace("_", " ") for name in names))
    for row in rows:
        table.add_row(*_cells(row, names))
    said.print(table)


def _cells(row: dict[str, Any], names: tuple[str, ...]) -> list[str]:
    return ["" if row[name] is None else str(row[name]) for name in names]


@feedback_app.command()
def stand(
    finding: Annotated[int, typer.Argument(help="A finding that its owner says is right.")],
    by: Annotated[str, typer.Option(help="Who decides it.")],
    reason: Annotated[str, typer.Option(help="Why; kept with the finding.")],
) -> None:
    """Let a value stand that its owner confirmed; deliveries do not raise it again."""
    from pipelines import feedback

    with without_values():
        feedback.stand(settings_from_environment(), finding, by=by, reason=reason)
    said.print(f"finding {finding} stands")
