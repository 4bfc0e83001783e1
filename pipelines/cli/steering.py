"""Commands by which a person decides: rollback, release, approve, withdraw, erase, replay."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from pipelines.cli.console import app, print_json, said, told
from pipelines.errors import UsageError
from pipelines.settings import Settings, settings_from_environment


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


@app.command()
def withdraw(
    batch_id: Annotated[str, typer.Argument(help="A batch that is in effect, waits, or is on its way.")],
    by: Annotated[str, typer.Option(help="Who decides it.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the ledger.")],
) -> None:
    """Take a delivery out of effect, as if it had never come; the next run publishes accordingly."""
    from pipelines.privacy import without_values
    from pipelines.stages.withdraw import withdraw as take_back

    with without_values():
        taken = take_back(settings_from_environment(), batch_id, by=by, reason=reason)
    print_json(taken)


@app.command()
def erase(
    batch_id: Annotated[
        str | None, typer.Argument(help="A batch that is not in effect any more: withdraw it first.")
    ] = None,
    person: Annotated[str | None, typer.Option(help="A person instead, by person_id.")] = None,
    order: Annotated[str, typer.Option(help="Reference of the order, a file number.")] = "",
    by: Annotated[str, typer.Option(help="Who carries it out.")] = "",
    reason: Annotated[str, typer.Option(help="Why; kept in the ledger, so it may not name the person.")] = "",
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without, of a person only what would go is shown.")
    ] = False,
) -> None:
    """Destroy a delivery, or everything of one person, by order; it cannot be undone.

    BATCH: its bytes, its rows, what past runs kept of it, in the lake and its mirror. What was published of it stays
    published; popbase verify answers "erased by order".

    --person: its rows in all deliveries, publications past and present, provenance, links, cases, judgements and findings, in
    the lake and its mirror; later deliveries do not bring it back. Every certificate must hold first; afterwards popbase
    verify answers "holds, with rows erased by order". Counts are shown first; --yes erases.

    Not reached: what other people's rows say of the person (a pupil's guardian), files given out, backups of the database
    taken before (popbase backup --keep 1 replaces them).
    """
    from pipelines.privacy import without_values

    settings = settings_from_environment()
    if (batch_id is None) == (person is None):
        raise UsageError("what shall be erased?", hint="popbase erase BATCH, or popbase erase --person ID")
    with without_values():
        if batch_id is not None:
            from pipelines.stages.erase import erase as destroy

            print_json(destroy(settings, batch_id, order=order, by=by, reason=reason))
        elif person is not None:
            _erase_person(settings, person, order=order, by=by, reason=reason, yes=yes)


def _erase_person(settings: Settings, person: str, *, order: str, by: str, reason: str, yes: bool) -> None:
    from pipelines import forgetting
    from pipelines.store.backup_folder import backup_of

    if yes:
        print_json(forgetting.forget(settings, person, order=order, by=by, reason=reason))
        if backup_of(settings.home) is not None:
            told.print("backups from before hold the person until popbase backup --keep 1", style="yellow")
        return
    print_json(forgetting.look(settings, person))
    told.print("nothing was erased; with --yes it would be, for good", style="yellow")


@app.command()
def replay(
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Batches of this data date and later.")
    ] = None,
    batch: Annotated[str | None, typer.Option(help="This batch.")] = None,
    feed: Annotated[str | None, typer.Option(help="Batches of this feed.")] = None,
    by: Annotated[str, typer.Option(help="Who asks for it.")] = "operator",
    reason: Annotated[str | None, typer.Option(help="Why; kept in the ledger.")] = None,
) -> None:
    """Standardise and validate batches again from their delivered bytes, after a contract or suite was mended."""
    from pipelines.privacy import without_values
    from pipelines.stages.replay import replay as mark

    settings = settings_from_environment()
    day = since.date() if since else None
    with without_values():
        marked = mark(settings, since=day, batch_id=batch, feed=feed, by=by, reason=reason)
    refused = marked["refused"] + _catch_up(settings, marked["feeds"])
    print_json(marked | {"refused": refused})
    raise typer.Exit(3 if refused else 0)


def _catch_up(settings: Settings, feeds: list[str]) -> list[dict[str, str]]:
    """Take marked batches through the rest of their steps; returns those that did not pass their gate."""
    from pipelines.steps import FEED_STEPS, run_step

    refused: list[Any] = []
    for feed in feeds:
        for step in FEED_STEPS[1:]:
            refused += run_step(step, settings, feed=feed).get("refused", [])
    return refused
