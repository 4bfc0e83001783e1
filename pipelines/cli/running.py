"""Commands that take work in: generate, run, step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml
from rich.markup import escape

from pipelines.cli.console import JsonOption, app, print_json, said, told
from pipelines.cli.progress import Advance, progress
from pipelines.errors import UsageError
from pipelines.settings import settings_from_environment

if TYPE_CHECKING:
    from pipelines.synthetic.rates import Rates


@app.command()
def generate(
    persons: Annotated[int, typer.Option(min=20, help="People in the county.")],
    out: Annotated[Path, typer.Option(help="Folder to write to; DIR/inbox holds the deliveries.")],
    seed: Annotated[int, typer.Option(help="The same seed makes the same bytes.")] = 1,
    months: Annotated[int, typer.Option(min=1, help="Months of deliveries.")] = 1,
    rates: Annotated[
        Path | None, typer.Option(help="How often each kind of dirt befalls, a YAML file; or `clean`.")
    ] = None,
) -> None:
    """Make a synthetic county and what its departments send, with the truth beside it."""
    from pipelines.store.front import load_front_folder
    from pipelines.synthetic.generate import generate as make

    dirt = _rates(rates) if rates else None
    with progress() as advance:
        make(persons, seed, out, months, rates=dirt, progress=advance)
    loaded = load_front_folder(_front_url(), out / "front")
    said.print(f"deliveries   {out / 'inbox'}\ntruth        {out / 'truth.csv'}")
    for table, rows in loaded.items():
        said.print(f"front table  {table}: {rows} rows")


def _rates(path: Path) -> Rates:
    from pipelines.synthetic.rates import clean, read_rates

    if str(path) == "clean":
        return clean()
    try:
        return read_rates(path)
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = "cannot be read" if isinstance(error, OSError | yaml.YAMLError) else str(error)
        hint = "pipelines/synthetic/rates.yml has every kind; a part left out stays as usual"
        raise UsageError(f"--rates {path.name}: {reason}", hint=hint) from None


def _front_url() -> str:
    from pipelines.store.database import front_database_url

    return front_database_url(settings_from_environment())


@app.command()
def run(
    inbox: Annotated[Path, typer.Option(help="Folder with <department>/<feed>/<any>/manifest.json.")],
    engine: Annotated[
        str,
        typer.Option(
            help="polars; recordlinkage: its ECM estimates the linkage model (small data); spark on a cluster."
        ),
    ] = "polars",
    as_json: JsonOption = False,
) -> None:
    """Take in everything the inbox holds and publish the population: all stages, in this process."""
    from pipelines.running import run_all

    if engine not in ("polars", "recordlinkage"):
        raise UsageError(f"the engine {engine!r} is not available yet", hint="--engine polars")
    if not inbox.is_dir():
        raise UsageError(f"{inbox} is not a folder", hint="popbase generate makes one to try")
    settings = settings_from_environment()
    if engine == "recordlinkage":
        settings = replace(settings, estimator="recordlinkage")
    with progress() as advance:
        summary = run_all(settings, inbox.resolve(), _steps_on(advance))
    _tell_run(summary.__dict__)
    if as_json:
        print_json(_run_json(summary.__dict__))
    raise typer.Exit(_exit_code(summary.__dict__))


def _steps_on(advance: Advance) -> Callable[[str, str, int, int], None]:
    return lambda step, feed, done, whole: advance(f"{step} {feed}".strip(), done, whole)


def _run_json(summary: dict[str, Any]) -> dict[str, Any]:
    first = ("publication", "records", "quarantined", "persons", "seconds", "peak_rss_mib")
    return (
        {"batches": len(summary["accepted"])}
        | {name: summary[name] for name in first}
        | {name: summary[name] for name in ("decision", "refused", "waiting", "unknown", "links")}
    )


def _exit_code(summary: dict[str, Any]) -> int:
    if summary["decision"] == "refused":
        return 4
    return 3 if summary["refused"] else 0


def _tell_run(summary: dict[str, Any]) -> None:
    for refusal in summary["refused"]:
        told.print(
            f"refused  {refusal['feed']}  {refusal.get('folder', refusal.get('batch_id'))}  {_sentence(refusal['code'])}"
        )
    for batch_id in summary["waiting"]:
        told.print(f"waiting  {batch_id}: popbase approve {batch_id} --by NAME --reason WHY")
    for feed, count in summary["unknown"].items():
        told.print(
            f"no contract  {escape(feed)}: {count} left in the inbox; popbase new-department {escape(feed)}"
        )
    if summary["decision"] == "nothing new":
        told.print(f"nothing new: readers see publication {summary['publication'] or 'none yet'}")
        return
    told.print(
        f"publication {summary['publication']}: {summary['decision']}, {summary['persons']:,} persons"
        f" from {summary['records']:,} records; report {summary['site']}"
    )


def _sentence(code: str) -> str:
    from pipelines.reasons import REASONS

    reason = REASONS.get(code)
    return code if reason is None else f"{code} {reason.en}. {reason.hint_en}."


@app.command()
def step(
    name: Annotated[
        str, typer.Argument(help="land, standardise, validate, resolve, survive, publish, report, upkeep")
    ],
    feed: Annotated[str | None, typer.Option(help="For land, standardise and validate.")] = None,
    inbox: Annotated[Path | None, typer.Option(help="For land; default $POPBASE_HOME/inbox.")] = None,
) -> None:
    """Run one step, as a task of a DAG does, and print its counts as JSON."""
    from pipelines.steps import run_step

    print_json(run_step(name, settings_from_environment(), feed=feed, inbox=inbox))
