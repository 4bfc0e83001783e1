"""Commands about what is declared: new-department, and contracts check, diff, schema."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from pipelines.cli.console import JsonOption, app, print_json, said
from pipelines.errors import ContractError, UsageError
from pipelines.settings import Settings, settings_from_environment

if TYPE_CHECKING:
    from pipelines.contract.known import Known
    from pipelines.contract.model import Bilingual, Column, Contract

Form = Literal["text", "workbook", "table"]
Encoding = Literal["gb18030", "gbk", "utf-8", "utf-16"]
Cadence = Literal["daily", "monthly", "termly"]

Text = str | None

ColumnsOption = Annotated[
    Text,
    typer.Option(
        help="HEADER:type, …; the type may be left out, be code=LIST or a standard name; a name may follow."
    ),
]
FileOption = Annotated[
    Path | None, typer.Option(help="An extract of the department, as text, to guess columns from.")
]
EncodingOption = Annotated[Encoding, typer.Option(help="Of the text it sends.")]
SeparatorOption = Annotated[
    Text, typer.Option(help="Of the text it sends; default: the header's, or a comma.")
]
FormOption = Annotated[Form, typer.Option(help="What it sends.")]
KeyOption = Annotated[
    Text, typer.Option(help="Headers that tell a row from all others, by commas; default: guessed.")
]
CadenceOption = Annotated[Cadence, typer.Option(help="How often.")]
TitleOption = Annotated[Text, typer.Option(help="What the feed is; one language stands in for the other.")]
OwnerOption = Annotated[Text, typer.Option(help="The office that sends it.")]
BasisOption = Annotated[Text, typer.Option(help="The law it collects this by.")]
IntoOption = Annotated[
    Path | None,
    typer.Option(help="Folder of contracts/ and expectations/; default: the declarations in use."),
]
InboxOption = Annotated[
    Path | None, typer.Option(help="Where the specimen goes; default: $POPBASE_HOME/specimen/inbox.")
]
DateOption = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Of the specimen; default: the last month's end."),
]

contracts_app = typer.Typer(no_args_is_help=True, help="What is declared: check it, compare it, its schema.")
app.add_typer(contracts_app, name="contracts")


@app.command("new-department")
def new_department(  # noqa: PLR0913 - a command's options
    feed: Annotated[str, typer.Argument(help="department/feed, in lower case.")],
    *,
    columns: ColumnsOption = None,
    from_file: FileOption = None,
    encoding: EncodingOption = "gb18030",
    separator: SeparatorOption = None,
    form: FormOption = "text",
    key: KeyOption = None,
    cadence: CadenceOption = "monthly",
    title_zh: TitleOption = None,
    title_en: TitleOption = None,
    owner_zh: OwnerOption = None,
    owner_en: OwnerOption = None,
    basis_zh: BasisOption = None,
    basis_en: BasisOption = None,
    into: IntoOption = None,
    inbox: InboxOption = None,
    data_date: DateOption = None,
) -> None:
    """Write the contract and the suite of a new feed, and a specimen delivery to try them with."""
    from pipelines.contract.known import look_around
    from pipelines.contract.scaffold import Order, draft, refuse_existing

    settings = settings_from_environment()
    folder = (into or settings.declarations).resolve()
    known = look_around(folder)
    listed, cut = _columns(columns, from_file, known, encoding, separator)
    order = Order(
        feed, listed, _delivery(feed, form, encoding, cut), tuple(_words(key)),
        _both(title_zh, title_en), _both(owner_zh, owner_en), _both(basis_zh, basis_en), cadence,
    )  # fmt: skip
    drafted = draft(order, known)
    specimens = inbox or (folder if into else settings.home) / "specimen" / "inbox"
    day = data_date or _end_of_last_month()
    refuse_existing([*(folder / name for name in drafted.files), specimens / feed / f"{day:%Y-%m-%d}"])
    _write(settings, folder, drafted.contract, drafted.files)
    _write_specimen(settings, drafted.contract, specimens, day)


def _words(listed: str | None) -> list[str]:
    return [word.strip() for word in (listed or "").split(",") if word.strip()]


def _both(zh: str | None, en: str | None) -> Bilingual | None:
    """A text in both languages; one that is missing is said by the other."""
    from pipelines.contract.model import Bilingual

    return Bilingual(zh=zh or en or "", en=en or zh or "") if zh or en else None


def _columns(
    told: str | None, file: Path | None, known: Known, encoding: str, separator: str | None
) -> tuple[tuple[Column, ...], str]:
    from pipelines.contract.extracts import read_extract
    from pipelines.contract.guessing import columns_of, guessed_columns

    if (told is None) == (file is None):
        raise UsageError("what are its columns?", hint='--columns "SFZJHM:citizen_id,XM" or --from-file FILE')
    if file is None:
        return columns_of(told or "", known), separator or ","
    cut, values = read_extract(file, encoding, separator)
    return guessed_columns(values, known), cut


def _delivery(feed: str, form: str, encoding: str, separator: str) -> dict[str, Any]:
    match form:
        case "workbook":
            return {"form": form, "title_rows": 1, "total_marker": "合计"}
        case "table":
            return {"form": form, "table": f"front.{feed.replace('/', '_')}", "package_column": "BAO"}
        case _:
            cut = {} if separator == "," else {"separator": separator}
            return {"form": form, "encoding": encoding, **cut}


def _end_of_last_month() -> datetime:
    from datetime import UTC, timedelta

    return datetime.now(UTC).replace(day=1) - timedelta(days=1)


def _write(settings: Settings, folder: Path, contract: Contract, files: dict[str, str]) -> None:
    from pipelines.contract.scaffold import missing_companions, write_files

    for path in write_files(folder, files | missing_companions(contract, folder)):
        said.print(f"wrote     {path}", markup=False)
    keys = " or ".join(" + ".join(parts) for parts in contract.key)
    said.print(f"key       {keys}: check that it tells rows apart", markup=False)
    if contract.publishes is None:
        said.print("publishes nothing of its own: no column says since when something holds")
    if folder != settings.declarations:
        said.print(f"to use it POPBASE_DECLARATIONS={folder}, with policies/ and sql/ beside", markup=False)


def _write_specimen(settings: Settings, contract: Contract, inbox: Path, day: datetime) -> None:
    from pipelines.synthetic.specimen import write_specimen

    said.print(f"specimen  {write_specimen(contract, inbox, day.date())}", markup=False)
    if contract.delivery.form == "table":
        from pipelines.store.database import front_database_url
        from pipelines.store.front import load_front_folder

        load_front_folder(front_database_url(settings), inbox.parent / "front")
    said.print(f"try it    popbase contracts check; popbase run --inbox {inbox}", markup=False)


@contracts_app.command()
def check(as_json: JsonOption = False) -> None:
    """Read every contract, code list, suite and policy and tell all their faults at once."""
    from pipelines.checking import check_declarations

    checked = check_declarations(settings_from_environment())
    if as_json:
        print_json({
            **checked.counts,
            "faults": [asdict(fault) for fault in checked.faults],
            "open_places": [asdict(place) for place in checked.open_places],
        })  # fmt: skip
        raise typer.Exit(ContractError.exit_code if checked.faults else 0)
    for place in checked.open_places:
        said.print(f"open  {place}", markup=False)
    if checked.faults:
        raise ContractError(list(checked.faults))
    said.print(", ".join(f"{count} {kind}" for kind, count in checked.counts.items()) + ": no fault")


@contracts_app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="A contract, or a folder of contracts.")],
    new: Annotated[Path, typer.Argument(help="The same later.")],
    as_json: JsonOption = False,
) -> None:
    """List what changed between two versions, and whom it breaks something for; exit code 1 if anybody."""
    from pipelines.contract.diff import diff_paths

    changes = diff_paths(old, new)
    if as_json:
        print_json([asdict(change) for change in changes])
    for change in [] if as_json else changes:
        verdict = f"breaks {' and '.join(change.breaks)}" if change.breaks else "harmless"
        said.print(f"{verdict:<26}{change.feed}  {change.place}: {change.told}", markup=False)
    raise typer.Exit(int(any(change.breaks for change in changes)))


@contracts_app.command()
def schema() -> None:
    """Print the JSON Schema of a contract, for editors."""
    from pipelines.contract.schema import schema_text

    typer.echo(schema_text(), nl=False)
