"""Commands about the database: url, start, stop, psql, bootstrap."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from pipelines.cli.console import app, said
from pipelines.settings import settings_from_environment

database_app = typer.Typer(no_args_is_help=True, help="The database: where it is, start, stop, psql.")
app.add_typer(database_app, name="database")

Duty = Literal["operation", "security", "audit"]
DutyOption = Annotated[
    Duty | None, typer.Option(help="With the rights of this duty, see docs/how-to/keep-duties-apart.")
]


@database_app.command()
def url(
    front: Annotated[bool, typer.Option(help="The departments' exchange database.")] = False,
    department: Annotated[str | None, typer.Option("--as", help="As this department's reader.")] = None,
    duty: DutyOption = None,
) -> None:
    """Print a URL to connect with (the embedded server is started)."""
    said.print(_database_url(front=front, department=department, duty=duty), markup=False)


def _database_url(*, front: bool = False, department: str | None = None, duty: Duty | None = None) -> str:
    from pipelines.store import database
    from pipelines.store.access import reader_url
    from pipelines.store.duties import duty_url

    settings = settings_from_environment()
    with database.open_database(settings):
        pass
    if department is not None:
        return reader_url(settings, department)
    if duty is not None:
        return duty_url(settings, duty)
    return database.front_database_url(settings) if front else database.database_url(settings)


@database_app.command()
def start() -> None:
    """Start the embedded server and bring its schema up to date."""
    said.print(_database_url(), markup=False)


@database_app.command()
def stop() -> None:
    """Stop the embedded server."""
    from pipelines.store.embedded import stop_server

    stop_server(settings_from_environment())


@database_app.command()
def psql(
    department: Annotated[str | None, typer.Option("--as", help="As this department's reader.")] = None,
    duty: DutyOption = None,
) -> None:
    """Open psql on the shared database."""
    from pipelines.store.embedded import run_psql

    url_ = _database_url(department=department, duty=duty)
    raise typer.Exit(run_psql(settings_from_environment(), url_))


@database_app.command()
def bootstrap() -> None:
    """Print the SQL with which a DBA prepares an existing server for these contracts."""
    from pipelines.contract.load import load_contracts
    from pipelines.store.access import bootstrap_sql

    settings = settings_from_environment()
    said.print(bootstrap_sql(load_contracts(settings.contracts), settings.declarations), markup=False)
