"""Commands that show: evaluate, explain, link, publications, status, report."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer
from rich.table import Table

from pipelines.cli.console import JsonOption, app, print_json, said
from pipelines.errors import UsageError
from pipelines.settings import settings_from_environment

if TYPE_CHECKING:
    from pipelines.report.basics import Language
    from pipelines.report.waterfall import Panel


CHINA: Final = timezone(timedelta(hours=8))
LangOption = Annotated[Literal["zh", "en"], typer.Option(help="Language of the output.")]
PublicationOption = Annotated[
    int | None, typer.Option(help="Of which publication; default: the one readers see.")
]
SvgOption = Annotated[
    Path | None, typer.Option("--svg", help="Also draw the weights as a waterfall into this file (SVG).")
]


@app.command()
def evaluate(
    truth: Annotated[Path, typer.Option(help="truth.csv: feed,data_date,row,person[,sequence].")],
    as_json: JsonOption = False,
) -> None:
    """Compare the resolution with a known truth: pairwise and B-cubed precision, recall and F1."""
    from pipelines.evaluating import evaluate_truth

    figures = evaluate_truth(settings_from_environment(), truth)
    if as_json:
        print_json(figures)
        return
    table = Table("", "precision", "recall", "F1", title="against the truth")
    rows = {k: v for k, v in figures.items() if isinstance(v, dict) and "f1" in v} | figures["by_feed"]
    for name, scores in rows.items():
        table.add_row(name, *(f"{scores[s]:.5f}" for s in ("precision", "recall", "f1")))
    said.print(table)
    said.print(f"persons with two valid IDs: {figures['persons_with_two_valid_ids']}")


@app.command()
def explain(
    person_id: Annotated[str, typer.Argument(help="A person's id, as in shared.person.")],
    publication: PublicationOption = None,
    svg: SvgOption = None,
    lang: LangOption = "zh",
    as_json: JsonOption = False,
) -> None:
    """Why these records are one person in a publication: links and their weights, cases, numbers, events, and of each value who said it and who lost. No value is shown."""
    from pipelines.explaining import explain_person
    from pipelines.report.waterfall import panels_of

    told = explain_person(settings_from_environment(), person_id, number=publication, language=lang)
    titled = ((f"{link['a']} — {link['b']}", link["evidence"]) for link in told["links"])
    _tell_explained(told, panels_of(titled), svg, lang, as_json)


@app.command()
def timeline(
    person_id: Annotated[str, typer.Argument(help="A person's id, as in shared.person.")],
    publication: PublicationOption = None,
    about: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only what held on this day.")
    ] = None,
    unmask: Annotated[
        str | None, typer.Option(help="Show the values, for this purpose; who and why is kept.")
    ] = None,
    by: Annotated[str, typer.Option(help="Who looks, with --unmask.")] = "",
    lang: LangOption = "zh",
    as_json: JsonOption = False,
) -> None:
    """Since when and until when each value of a person held, by the departments' dates, as known at a publication.

    A value counts from the date its department gave the record (updated or registered on), else from the delivery's: at
    the latest then it held. Values are numbered; --unmask PURPOSE --by NAME shows them, on record.
    """
    from pipelines.privacy import without_values
    from pipelines.timeline import timeline as periods

    day = about.date() if about else None
    settings = settings_from_environment()
    with without_values():
        told = periods(settings, person_id, publication, day, by=by, purpose=unmask)
    if as_json:
        print_json(told)
        return
    for one in told["periods"]:
        value = one["value"] if unmask is not None else f"#{one['says']}"
        said.print(
            f"{one[lang]:<24} {one['since']} – {one['until'] or '':<10}  {value}  {one['record']}",
            markup=False,
        )


@app.command()
def link(
    record_a: Annotated[str, typer.Argument(help="A record, as `popbase explain` names it, or its key.")],
    record_b: Annotated[str, typer.Argument(help="Another.")],
    publication: PublicationOption = None,
    svg: SvgOption = None,
    lang: LangOption = "zh",
    as_json: JsonOption = False,
) -> None:
    """Why two records are, or are not, one person: every level and weight, the rules, constraints and judgements."""
    from pipelines.explaining import explain_pair
    from pipelines.report.waterfall import panels_of

    told = explain_pair(settings_from_environment(), record_a, record_b, number=publication, language=lang)
    panels = panels_of([(f"{record_a} — {record_b}", told["beside"] or told["evidence"])])
    _tell_explained(told, panels, svg, lang, as_json)


def _tell_explained(
    told: dict[str, Any], panels: list[Panel], svg: Path | None, lang: Language, as_json: bool
) -> None:
    from pipelines.report.waterfall import waterfall

    if svg is not None:
        svg.write_text(waterfall(panels, lang), encoding="utf-8")
    if as_json:
        print_json({name: value for name, value in told.items() if name != "text"})
    else:
        said.print(told["text"], markup=False)


@app.command()
def publications(as_json: JsonOption = False) -> None:
    """List the publications; the arrow shows the one readers see."""
    from pipelines.store import publication
    from pipelines.store.database import open_database

    with open_database(settings_from_environment()) as conn:
        rows = publication.publications(conn)
        current = publication.pointer(conn)
    if as_json:
        print_json({"pointer": current, "publications": rows})
        return
    table = Table("", "number", "state", "base", "opened", "closed", "content hash", "released at")
    for row in rows:
        counts = row["counts"].values()
        table.add_row(
            "→" if row["number"] == current else "",
            str(row["number"]),
            row["state"],
            str(row["base"]),
            str(sum(c["opened"] for c in counts)),
            str(sum(c["closed"] for c in counts)),
            str(row["content_hash"])[:16],
            _in_china(row["released_at"], "")[:19],
        )
    said.print(table)


@app.command()
def status(as_json: JsonOption = False) -> None:
    """The state of every feed: last delivery in effect, when the next is expected, what waits, what was refused."""
    from pipelines.status import feed_states

    states = feed_states(settings_from_environment())
    if as_json:
        print_json(states)
        return
    columns = (
        "feed",
        "data date",
        "sequence",
        "records",
        "expected",
        "days behind",
        "state",
        "waiting",
        "refused",
    )
    table = Table(*columns)
    for state in states["feeds"]:
        table.add_row(*_shown(state))
    said.print(table)
    for state in states["feeds"]:
        _tell_feed(state)
    released, backed_up = (_in_china(states[name], "never")[:16] for name in ("released_at", "backed_up_at"))
    said.print(f"publication {states['publication']} of {released}; findings overdue: {states['overdue']}")
    said.print(f"last base backup: {backed_up}")


def _in_china(moment: datetime | str | None, otherwise: str) -> str:
    """A moment as clocks in China show it, as days are meant everywhere."""
    if moment is None:
        return otherwise
    told = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return str(told.astimezone(CHINA))


def _shown(state: dict[str, Any]) -> list[str]:
    names = ("feed", "data_date", "sequence", "records", "expected", "days_behind", "state")
    behind = f" +{state['queued']} behind" if state["waiting"] and state["queued"] else ""
    cells = [*(state[name] for name in names), f"{len(state['waiting'])}{behind}", state["refusals"]]
    return ["" if cell is None else str(cell) for cell in cells]


def _tell_feed(state: dict[str, Any]) -> None:
    """What a person has to look at, with the sentence of its reason."""
    for batch in state["waiting"]:
        said.print(f"waiting  {batch['batch_id']}: {batch['code']} {batch['en']}", markup=False)
        said.print(
            f"         popbase approve {batch['batch_id']} --by NAME --reason WHY, or popbase withdraw"
        )
    last = state["refused_last"]
    if last is not None:
        what = last["batch_id"] or f"{state['feed']}/{last['folder']}"
        sentence = f"{last['en']}. {last['hint_en']}." if "en" in last else ""
        said.print(
            f"refused  {what} on {_in_china(last['at'], '')[:16]}: {last['code']} {sentence}", markup=False
        )


@app.command()
def unmapped(
    feed: Annotated[str | None, typer.Option(help="Only this feed.")] = None,
    as_json: JsonOption = False,
) -> None:
    """What departments write in coded columns that no code list knows: for `lookup` in a contract, or a new alias.

    A value is shown when at least five rows share it; what fewer write may be anything, and is only counted.
    """
    from pipelines.unmapped import unmapped_values

    lines = unmapped_values(settings_from_environment(), feed)
    if as_json:
        print_json(lines)
        return
    if not lines:
        said.print("every coded value is known")
        return
    table = Table("feed", "column", "code list", "value", "rows")
    for line in lines:
        value = "(rarer ones)" if line["value"] is None else line["value"]
        table.add_row(line["feed"], line["column"], line["list"], value, f"{line['rows']:,}")
    said.print(table)
    said.print(
        "known from the next replay on: columns.<column>.lookup in the contract; popbase replay --feed FEED"
    )


@app.command()
def report(
    number: Annotated[int | None, typer.Argument(help="Publication; default: the newest.")] = None,
    named: Annotated[int | None, typer.Option("--number", help="The same, by name.")] = None,
) -> None:
    """Bring the report site up to date and say where its front page is; with a number, that publication's page."""
    from pipelines.steps import run_step

    number = named if number is None else number
    built = run_step("report", settings_from_environment(), number=number)
    if built["page"] is None:
        raise UsageError("nothing was published yet", hint="popbase run --inbox DIR")
    said.print(built["site"] if number is None else built["page"])
