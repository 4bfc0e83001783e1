"""Commands that keep what was made, and tell how it stands: backup, restore, metrics."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated, Final

import typer

from pipelines.cli.console import JsonOption, app, print_json, said, told
from pipelines.errors import UsageError
from pipelines.settings import settings_from_environment

CHINA: Final = timezone(timedelta(hours=8))


@app.command()
def backup(
    to: Annotated[
        Path | None,
        typer.Option(help="Folder, on another disk; default: the one used before, or HOME/backup."),
    ] = None,
    keep: Annotated[int, typer.Option(min=1, help="Base backups to keep; older ones are deleted.")] = 2,
    as_json: JsonOption = False,
) -> None:
    """Take a base backup of the embedded server and check it; say it once a day.

    From the first one on, the write-ahead log is archived there within 30 seconds and every file of the lake is kept
    there as it is written, so that `popbase restore` has back any later moment. Private keys are not in a backup.
    """
    from pipelines.store.backing_up import back_up

    made = back_up(settings_from_environment(), to.resolve() if to else None, keep)
    if made["is_same_disk"]:
        told.print("the backup is on the disk of the home: --to FOLDER puts it on another", markup=False)
    if as_json:
        print_json(made)
        return
    said.print(
        f"base backup {made['base']}: {made['bytes']:,} bytes, checked, in {made['seconds']} s\n"
        f"folder      {made['folder']}\nlake        {made['lake_files']} files added"
        f"\ndeleted     {made['deleted']} older base backups",
        markup=False,
    )


@app.command()
def restore(
    into: Annotated[Path, typer.Option(help="The new home; the old one is not touched.")],
    to_time: Annotated[
        str | None,
        typer.Option(
            help="2026-06-30T12:00:05.5, or with +08:00 behind it; default: the end of the archive."
        ),
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--from", help="Folder of the backups; default: the one of POPBASE_HOME.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a new home as the backed-up one was at a moment: database, lake, public keys.

    Afterwards: put keys/signing.pem and keys/pseudonym.key back, `popbase verify --all`, and `popbase backup --to` a
    new folder. A time without a zone is China's.
    """
    from pipelines.store.backup_folder import BackupFolder, backup_of
    from pipelines.store.restoring import restore as have_back

    settings = settings_from_environment()
    folder = BackupFolder(source.resolve()) if source else backup_of(settings.home)
    if folder is None:
        raise UsageError(f"{settings.home} was never backed up", hint="--from FOLDER names the backups")
    made = have_back(settings, folder, into.resolve(), _moment(to_time))
    if as_json:
        print_json(made)
        return
    said.print(
        f"home         {made['home']}\nbase backup  {made['base']}\nlast commit  {made['last_commit_at'] or 'the base'}"
        f"\nreaders see  publication {made['publication']}\nlake         {made['lake_files']} files"
        f"\nin           {made['seconds']} s",
        markup=False,
    )


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no moment", hint="--to-time 2026-06-30T12:00:05+08:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=CHINA)


@app.command()
def metrics(
    out: Annotated[
        Path | None, typer.Option(help="Write this file instead, wholly or not at all: NAME.prom.")
    ] = None,
) -> None:
    """How everything stands, as Prometheus text, for node_exporter's textfile collector.

    Publication, deliveries, rows set aside, rules, findings overdue, feeds against their cadence, quality of linking,
    backups, audit chain, seconds of each stage. No label and no value is a person's.
    """
    from pipelines import metrics as measured

    text = measured.metrics(settings_from_environment())
    if out is None:
        typer.echo(text, nl=False)
    else:
        measured.write_metrics(out, text)
