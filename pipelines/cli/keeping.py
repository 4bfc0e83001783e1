"""Commands that keep what was made, and tell how it stands: backup, restore, metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from pipelines.cli.console import JsonOption, app, print_json, said, told
from pipelines.errors import UsageError
from pipelines.settings import Settings, settings_from_environment

KeyOption = Annotated[
    Path | None,
    typer.Option(help="File of the key of encrypted copies, 32 bytes or more; else POPBASE_BACKUP_KEY_FILE."),
]
CHINA: Final = timezone(timedelta(hours=8))


@app.command()
def backup(
    to: Annotated[
        Path | None,
        typer.Option(help="Folder, on another disk; default: the one used before, or HOME/backup."),
    ] = None,
    keep: Annotated[int, typer.Option(min=1, help="Base backups to keep; older ones are deleted.")] = 2,
    encrypt_to: Annotated[
        Path | None,
        typer.Option(help="Folder of a copy, encrypted with the key: another site, a tape, a cloud."),
    ] = None,
    key: KeyOption = None,
    copy_only: Annotated[
        bool, typer.Option("--copy-only", help="Take no base; only bring the encrypted copy up to date.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Take a base backup of the embedded server and check it; say it once a day.

    From the first one on, the write-ahead log is archived there within 30 seconds and every file of the lake is kept
    there as it is written, so that `popbase restore` has back any later moment. Private keys are not in a backup.

    --encrypt-to keeps a second copy, every file encrypted and authenticated (AES-256-GCM); with --copy-only it is quick
    enough for each minute. popbase restore --from that folder --key FILE has it back.
    """
    from pipelines.store.backing_up import back_up

    settings = settings_from_environment()
    sealing = _sealing(settings, encrypt_to, key, copy_only=copy_only)
    if copy_only and sealing is not None:
        print_json(sealing())
        return
    made = back_up(settings, to.resolve() if to else None, keep)
    if sealing is not None:
        made["encrypted"] = sealing()
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
    if "encrypted" in made:
        copied = made["encrypted"]
        said.print(f"encrypted   {copied['files']} files added to {copied['folder']}", markup=False)


def _sealing(
    settings: Settings, to: Path | None, key: Path | None, *, copy_only: bool
) -> Callable[[], dict[str, Any]] | None:
    """What brings the encrypted copy up to date, where one is asked for; its key is looked at first."""
    from pipelines.store.backup_folder import backup_of
    from pipelines.store.sealed_copy import seal_copy
    from pipelines.store.sealing import read_key

    if to is None:
        if copy_only:
            raise UsageError("which copy?", hint="--copy-only goes with --encrypt-to FOLDER")
        return None
    file = key or settings.backup_key_file
    if file is None:
        raise UsageError(
            "an encrypted copy needs a key",
            hint="openssl rand -hex 32 > FILE, then --key FILE; keep it elsewhere",
        )
    secret, where = read_key(file), to.resolve()

    def seal() -> dict[str, Any]:
        folder = backup_of(settings.home)
        if folder is None:
            raise UsageError(
                f"{settings.home} was never backed up", hint="popbase backup, without --copy-only"
            )
        return seal_copy(folder, where, secret)

    return seal


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
    key: KeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a new home as the backed-up one was at a moment: database, lake, public keys.

    Afterwards: put keys/signing.pem and keys/pseudonym.key back, `popbase verify --all`, and `popbase backup --to` a
    new folder. A time without a zone is China's. --from may be an encrypted copy; then --key is its key.
    """
    from pipelines.store.backup_folder import BackupFolder, backup_of
    from pipelines.store.restoring import restore as have_back

    settings = settings_from_environment()
    settings = replace(settings, backup_key_file=key or settings.backup_key_file)
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
