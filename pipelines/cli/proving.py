"""Commands that prove and tell what is shared: verify, as-of, changes, audit-log, dictionary."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from pipelines.cli.console import JsonOption, app, print_json, said
from pipelines.privacy import without_values
from pipelines.settings import settings_from_environment

if TYPE_CHECKING:
    from pipelines.proving import Proof

CHINA: Final = timezone(timedelta(hours=8))
LangOption = Annotated[str, typer.Option(help="zh or en.")]


@app.command()
def verify(
    number: Annotated[int | None, typer.Argument(help="Publication; default: the one readers see.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every publication that has a certificate.")] = False,
    key: Annotated[Path | None, typer.Option(help="The auditor's copy of the public key.")] = None,
    certificate: Annotated[Path | None, typer.Option(help="A certificate the auditor kept.")] = None,
    replay: Annotated[
        bool,
        typer.Option(help="Make it again from the delivered bytes, too, beside everything, and compare."),
    ] = False,
    lang: LangOption = "zh",
    as_json: JsonOption = False,
) -> None:
    """Whether a publication is still what its certificate says; names the first thing that does not fit.

    Deliveries, and orders by which one person's rows were erased, are named; what else there is holds then (exit code 0), but
    cannot be made again.
    Exit code 1: altered; 5: with --replay, it cannot be made again, and why.
    Who could write to the server could also exchange the key beside it: give your own copies, --key and --certificate.
    """
    from pipelines import proving
    from pipelines.store import publication
    from pipelines.store.database import open_database

    settings = settings_from_environment()
    with open_database(settings) as conn:
        chosen = [publication.pointer(conn) if number is None else number]
    if every:
        chosen = proving.certified(settings) or chosen
    with without_values():
        proofs = [proving.verify(settings, one, key=key, held=certificate, replay=replay) for one in chosen]
    if as_json:
        told = [proof.__dict__ | {"verdict": proof.verdict} for proof in proofs]
        print_json(told if every else told[0])
    else:
        for proof in proofs:
            _tell_proof(proof, lang)
    verdicts = {proof.verdict for proof in proofs}
    raise typer.Exit(next((code for verdict, code in EXIT.items() if verdict in verdicts), 0))


EXIT: Final = {"altered": 1, "unprovable": 5}
VERDICTS: Final = {
    "holds": ("相符", "holds"),
    "altered": ("不符", "altered"),
    "redacted": ("相符，有按令销毁的行", "holds, with rows erased by order"),
    "erased": ("其余相符，部分交付已按令销毁", "erased by order; all else holds"),
    "unprovable": ("无法重算", "cannot be recomputed"),
}


def _tell_proof(proof: Proof, lang: str) -> None:
    verdict = VERDICTS[proof.verdict][lang == "en"]
    told = proof.altered or proof.missing or proof.sha256
    line = f"{proof.number}: {verdict}  {told}  ({len(proof.checked)} ✔)"
    said.print(
        "\n".join([line, *(f"  · {note}" for note in [*proof.erased, *proof.redacted, *proof.notes])]),
        markup=False,
    )


@app.command(name="as-of")
def as_of(
    day: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="A day; its end counts, in China.")],
    about: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="Only rows that held on this day, by the departments' dates (publishes.valid of the contracts;"
            " a person from birth until struck off). What is not told is no bound.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """What readers saw on a day, and about a day: the publication, rows by table, the conditions to read them by.

    Departments ask in SQL, in their own forms: select * from shared.person_as_of(shared.publication_on('2026-06-30'),
    about => '2025-12-31').
    """
    from pipelines.looking_back import seen_on

    seen = seen_on(settings_from_environment(), day.date(), about.date() if about else None)
    if as_json:
        print_json(seen)
        return
    held = f", about {about.date()}" if about else ""
    said.print(f"{day.date()}: publication {seen['publication'] or 'none yet'}{held}")
    for table, rows in seen["tables"].items():
        said.print(f"  {table:<20} {rows:>10,}")
    said.print(f"its rows in golden.<table> are those with {seen['where']}", markup=False)
    for table, holds in seen.get("holds", {}).items():
        said.print(f"  {table} that held: {holds}", markup=False)


@app.command()
def changes(
    table: Annotated[str, typer.Argument(help="A shared table: person, employment, …")],
    department: Annotated[
        str, typer.Option("--as", help="The department that asks; its forms and rows count.")
    ],
    since: Annotated[int, typer.Option(help="The publication it holds; 0: none yet.")],
    until: Annotated[int | None, typer.Option(help="Up to this one; default: the one readers see.")] = None,
    as_json: JsonOption = False,
) -> None:
    """How many rows changed for a department between two publications, also across a rollback, and the SQL to fetch them.

    Rows come as inserted, updated or deleted with their keys; applied to what it holds they give the later publication.
    Example: popbase changes person --as DEPARTMENT --since 3
    """
    from pipelines import looking_back

    told = looking_back.changes(settings_from_environment(), department, table, since, until)
    if as_json:
        print_json(told)
        return
    counts = ", ".join(f"{told[kind]:,} {kind}" for kind in ("inserted", "updated", "deleted"))
    said.print(f"shared.{table}, publication {told['since']} to {told['until']}: {counts}")
    said.print(told["sql"], markup=False)


@app.command(name="audit-log")
def audit_log(
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="From this day on, in China.")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="Only events of this kind, as --json names it.")] = None,
    lang: LangOption = "zh",
    as_json: JsonOption = False,
) -> None:
    """What happened, in order: deliveries, validations, merges, judgements, signatures, publications, unmaskings.

    Events hold ids, codes, counts and hashes, no value of a person. popbase verify checks that none is missing.
    """
    from pipelines.report.texts import kinds_of_events
    from pipelines.store import audit
    from pipelines.store.database import open_database

    with open_database(settings_from_environment()) as conn:
        rows = audit.events(conn, since.replace(tzinfo=CHINA) if since else None)
    rows = [row for row in rows if kind in (None, row["kind"])]
    if as_json:
        print_json([{name: row[name] for name in row if name not in ("micros", "entry")} for row in rows])
        return
    names = kinds_of_events("en" if lang == "en" else "zh")
    for row in rows:
        said.print(_told_event(row, names), markup=False)


def _told_event(row: dict[str, Any], names: dict[str, str]) -> str:
    """One line: place, time, kind, subject, actor, codes and counts."""
    told = " ".join(
        f"{name}={value}"
        for name, value in row["facts"].items()
        if value is not None and name not in ("row", "rules")
    )
    when = f"{row['happened_at'].astimezone(CHINA):%Y-%m-%d %H:%M:%S}"
    what = names.get(row["kind"], row["kind"])
    return f"{row['position']:>6}  {when}  {what}  {row['subject']}  {row['actor']}  {told}".rstrip()


@app.command()
def dictionary(lang: LangOption = "zh", as_json: JsonOption = False) -> None:
    """What departments read: every shared table and column, where it comes from, who sees it in which form, what for.

    Made from contracts and policies/access.yml; the same words stand as comments in the database.
    """
    from pipelines.dictionary import as_markdown
    from pipelines.dictionary import dictionary as tables_of

    tables = tables_of(settings_from_environment())
    if as_json:
        print_json(tables)
    else:
        typer.echo(as_markdown(tables, "en" if lang == "en" else "zh"), nl=False)


@app.command(name="records-of-processing")
def records_of_processing(
    lang: LangOption = "zh",
    form: Annotated[
        Literal["markdown", "csv", "json"], typer.Option("--format", help="Of what is printed.")
    ] = "markdown",
) -> None:
    """Records of processing (处理活动记录): of every published column what for, by what law, from whom, who sees it, how long.

    Made from contracts and policies/access.yml (个人信息保护法 art. 55 and 56, GDPR art. 30). What nobody declared is shown as
    missing: popbase contracts check lists it.
    """
    from pipelines.activities import RENDERERS, activities

    rows = activities(settings_from_environment())
    typer.echo(RENDERERS[form](rows, "en" if lang == "en" else "zh"), nl=False)
