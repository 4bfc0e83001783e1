"""Commands of an audit: sign, waive, sample."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from pipelines.cli.console import JsonOption, app, print_json, said
from pipelines.errors import UsageError
from pipelines.privacy import without_values
from pipelines.settings import settings_from_environment


@app.command()
def sign(
    subject: Annotated[str, typer.Argument(help="A batch id, or the number of a publication.")],
    role: Annotated[
        Literal["preparer", "reviewer", "approver"], typer.Option(help="As what; in this order.")
    ],
    by: Annotated[str, typer.Option(help="Who signs; three different people do.")],
    remark: Annotated[str, typer.Option(help="What they have to say.")] = "",
) -> None:
    """Sign a delivery or a publication as its preparer, reviewer or approver."""
    from pipelines.store import signing
    from pipelines.store.database import open_database

    with without_values(), open_database(settings_from_environment()) as conn:
        name = signing.sign(conn, subject, role, by=by, remark=remark)
    said.print(f"{name}: {role} signed", markup=False)


@app.command()
def waive(
    rule: Annotated[str | None, typer.Argument(help="The rule, as reports name it.")] = None,
    feed: Annotated[
        str | None, typer.Option(help="Of which feed; published/TABLE for a published table.")
    ] = None,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last data date.")] = None,
    by: Annotated[str, typer.Option(help="Who answers for it.")] = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    end: Annotated[int | None, typer.Option(help="End the waiver of this number.")] = None,
    show: Annotated[bool, typer.Option("--list", help="List all waivers.")] = False,
) -> None:
    """Let a rule's failure not stop a feed's deliveries for a while; it stays a reservation in every report."""
    from pipelines.store import signing
    from pipelines.store.database import open_database

    settings = settings_from_environment()
    if not show and end is None:
        _check_rule(rule, feed, until)
    with without_values(), open_database(settings) as conn:
        if end is not None:
            signing.end_waiver(conn, end, by=by or "operator")
        elif not show and rule and feed and until:
            number = signing.waive(conn, feed, rule, by=by, reason=reason, until=until.date())
            said.print(f"waiver {number}")
        lines = signing.all_waivers(conn) if show else []
    for line in lines:
        state = "ended" if line["ended_at"] else f"until {line['valid_until']}"
        said.print(
            f"{line['waiver_id']}  {line['feed']}  {line['rule_id']}  {state}  {line['waived_by']}",
            markup=False,
        )


def _check_rule(rule: str | None, feed: str | None, until: datetime | None) -> None:
    """The rule stands in the feed's suite, and the day is not over."""
    import yaml

    if not (rule and feed and until):
        raise UsageError(
            "a waiver names a rule, a feed and a day", hint="popbase waive RULE --feed FEED --until DATE"
        )
    if until.date() < datetime.now(UTC).date():
        raise UsageError("that day is over", hint="--until is the last data date it holds for")
    folder = settings_from_environment().expectations
    suites = {str(path.relative_to(folder).with_suffix("")): path for path in folder.rglob("*.yml")}
    if feed not in suites:
        raise UsageError(f"there is no suite for {feed}", hint=f"one of {' '.join(sorted(suites))}")
    declared = yaml.safe_load(suites[feed].read_text(encoding="utf-8"))
    if rule not in {one["id"] for one in declared["rules"]}:
        raise UsageError(f"the suite of {feed} has no rule {rule}", hint="rules are named in the report")


@app.command()
def sample(
    publication: Annotated[int, typer.Option(help="Of which publication.")],
    size: Annotated[int, typer.Option(help="How many persons.")] = 50,
    seed: Annotated[int, typer.Option(help="The same seed draws the same persons.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Folder; default: samples/ in popbase's home.")] = None,
    unmask: Annotated[
        str | None, typer.Option(help="Show persons unmasked, for this purpose; recorded.")
    ] = None,
    by: Annotated[str, typer.Option(help="Who looks; needed to unmask.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Draw a stratified sample of persons for an audit, each traced to its rows in the deliveries."""
    from pipelines import sampling

    settings = settings_from_environment()
    folder = out or settings.home / "samples" / f"{publication:06d}-{size}-{seed}"
    with without_values():
        told = sampling.sample(settings, publication, size, seed, folder, by=by, purpose=unmask)
    if as_json:
        print_json(told)
    else:
        said.print(
            f"{told['cases']} persons of {told['strata']} strata\n{told['cases_file']}\n{told['sources_file']}",
            markup=False,
        )
