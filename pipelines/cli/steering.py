"""Commands by which a person decides: rollback, release, approve."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.cli.console import app, print_json, said
from pipelines.settings import settings_from_environment


@app.command()
def rollback(
    number: Annotated[int, typer.Argument(help="The publication readers shall see again.")],
    by: Annotated[str, typer.Option(help="Who decides it.")] = "operator",
) -> None:
    """Move the pointer back; later publications become withdrawn, their numbers are not used again."""
    from pipelines.store import publication
    from pipelines.store.database import open_database

    with open_database(settings_from_environment()) as conn:
        publication.rollback(conn, number, by=by)
    said.print(f"readers see publication {number}")


@app.command()
def release(
    number: Annotated[int, typer.Argument(help="A publication that waits.")],
    by: Annotated[str, typer.Option(help="Who approves.")],
    reason: Annotated[str, typer.Option(help="Why.")],
) -> None:
    """Release a publication that waits for a person's yes."""
    from pipelines.steps import run_step

    print_json(run_step("release", settings_from_environment(), number=number, by=by, reason=reason))


@app.command()
def approve(
    batch_id: Annotated[str, typer.Argument(help="A batch that waits, as `popbase status` shows it.")],
    by: Annotated[str, typer.Option(help="Who approves.")],
    reason: Annotated[str, typer.Option(help="Why.")],
) -> None:
    """Let a full delivery take effect that removes more of its register than its contract lets pass."""
    from pipelines.steps import run_step

    print_json(run_step("approve", settings_from_environment(), batch_id=batch_id, by=by, reason=reason))
