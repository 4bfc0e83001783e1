"""Commands by which shared data leave the database, each under somebody's rights and on record: export, unmask, reads."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated, Final, Literal

import typer
from rich.table import Table

from pipelines.cli.console import JsonOption, app, print_json, said
from pipelines.settings import settings_from_environment

CHINA: Final = timezone(timedelta(hours=8))


@app.command()
def export(
    view: Annotated[
        str, typer.Argument(help="A view of shared, without the schema: person, employment, ...")
    ],
    department: Annotated[str, typer.Option("--as", help="The department as whose reader it is read.")],
    by: Annotated[str, typer.Option(help="Who makes it.")],
    form: Annotated[
        Literal["parquet", "csv", "xlsx"], typer.Option("--format", help="Of the file.")
    ] = "parquet",
    purpose: Annotated[
        str | None, typer.Option(help="What for; required where the matrix says ask_purpose.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder; default: HOME/exports/<department>.")] = None,
    lang: Annotated[Literal["zh", "en"], typer.Option(help="Language of the dictionary.")] = "zh",
    as_json: JsonOption = False,
) -> None:
    """A shared view as a file, just as a department may read it, with its dictionary and a manifest beside it.

    policies/access.yml decides which rows are in it and in which form. Who made it, as whom, of which publication, how
    many rows, its SHA-256 and what for are kept in the ledger and in the audit chain. IDs are text; no cell starts a formula.
    """
    from pipelines.exporting import Order
    from pipelines.exporting import export as write

    settings = settings_from_environment()
    order = Order(view.removeprefix("shared."), department, form, by, purpose)
    made = write(settings, order, out or settings.home / "exports" / department, lang)
    if as_json:
        print_json(made)
        return
    said.print(f"{made['rows']:,} rows of publication {made['publication']}  {made['sha256']}", markup=False)
    said.print(made["folder"], markup=False)


@app.command()
def unmask(
    person_id: Annotated[str, typer.Argument(help="A person's id, as in shared.person.")],
    purpose: Annotated[str, typer.Option(help="What for; kept in the ledger.")],
    as_json: JsonOption = False,
) -> None:
    """What is published of one person, unmasked, for the duty of security: written down first, then shown.

    Who looked and what for is a row of ledger.unmasking and an event of the audit chain, which hold no value of the
    person. On a server of its own, POPBASE_DUTY_DATABASE_URL is your login, to which a DBA granted popbase_security.
    """
    from pipelines.unmasking import unmasked

    number, told = unmasked(settings_from_environment(), person_id, purpose)
    if as_json:
        print_json({"unmasking": number, "person": told})
        return
    table = Table("column", "value")
    for name, value in told.items():
        table.add_row(name, "" if value is None else str(value))
    said.print(table)
    said.print(f"recorded as unmasking {number}")


@app.command()
def reads(
    person: Annotated[
        str | None, typer.Option(help="Only reads of this person, an id as in shared.person.")
    ] = None,
    login: Annotated[str | None, typer.Option(help="Only reads by this login.")] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="From this day on, in China.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Who read which person through shared.read_*, for the duty of audit; and how many numbers of reads are gone.

    A number is gone when a reader rolled back (the server's log still has the line) or the server crashed. On a server
    of its own, POPBASE_DUTY_DATABASE_URL is your login, to which a DBA granted popbase_audit.
    """
    from pipelines.reads import reads as reads_of

    told = reads_of(
        settings_from_environment(),
        person=person,
        login=login,
        since=since.replace(tzinfo=CHINA) if since else None,
    )
    if as_json:
        print_json(told)
        return
    for row in told["reads"]:
        when = f"{row['read_at'].astimezone(CHINA):%Y-%m-%d %H:%M:%S}"
        whom = f"{row['view_name']}  {row['query_class']} {row['key_hmac'][:12]}"
        said.print(f"{row['read_id']:>8}  {when}  {row['login']} ({row['role_name']})  {whom}", markup=False)
    said.print(f"{len(told['reads']):,} reads; {told['gone']:,} of all numbers are gone")
