"""Commands of clerical review: popbase review list | show | decide | undo | open | export | import | agreement | sample."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.table import Table

from pipelines.cli.console import JsonOption, app, print_json, said
from pipelines.errors import UsageError
from pipelines.privacy import without_values
from pipelines.settings import settings_from_environment

review_app = typer.Typer(
    no_args_is_help=True,
    help="People judge what no rule may decide: whether two records are one person. Decisions hold from the next run "
    "on; nothing that was said is ever changed.",
)
app.add_typer(review_app, name="review")
LangOption = Annotated[Literal["zh", "en"], typer.Option(help="Language of the output.")]
StateOption = Annotated[
    Literal["open", "waiting", "disagreement", "unsure", "decided", "all"],
    typer.Option(help="open: all but the decided."),
]
CodeOption = Annotated[str | None, typer.Option(help="Only this reason code, as PB-LK-006.")]
FeedOption = Annotated[str | None, typer.Option(help="Only cases with a record of this feed.")]
SampleOption = Annotated[int | None, typer.Option(help="Only links drawn with this seed.")]
PurposeOption = Annotated[
    str | None,
    typer.Option(
        "--show-values",
        metavar="PURPOSE",
        help="Show what the records say, for this purpose; recorded with --by.",
    ),
]
ByOption = Annotated[str, typer.Option(help="Who does it.")]
WhyOption = Annotated[str, typer.Option(help="Why; kept with it. Name no number.")]
_STATES = {
    "waiting": ("待判", "waits"), "disagreement": ("意见不一", "disagreement"),
    "unsure": ("未能判定", "nobody could tell"), "decided": ("已判", "decided"),
}  # fmt: skip
_EFFECT = {
    True: ("最近一次运行已照判定执行", "the newest run abides by it"),
    False: ("最近一次运行尚未照判定执行", "the newest run does not abide by it yet"),
}
_HEADS = {
    "zh": ("案号", "状态", "代码", "记录", "数据项", "系统现判", "权重", "预期影响"),
    "en": ("case", "state", "code", "records", "feeds", "run says", "bits", "worth"),
}


@review_app.command("list")
def show_list(
    state: StateOption = "open",
    code: CodeOption = None,
    feed: FeedOption = None,
    min_value: Annotated[
        float, typer.Option(help="Least worth: pairs of records expected to be wrong.")
    ] = 0.0,
    sample: SampleOption = None,
    limit: Annotated[int, typer.Option(help="How many.")] = 30,
    lang: LangOption = "zh",
    as_json: JsonOption = False,
) -> None:
    """Cases that wait: disagreements first, then those most worth deciding. Records by name and feed, no value."""
    from pipelines.reviewing.cases import Wanted, list_cases

    with without_values():
        cases = list_cases(settings_from_environment(), Wanted(state, code, feed, min_value, sample))
    if as_json:
        print_json({"cases": cases[:limit], "found": len(cases)})
        return
    table = Table(*_HEADS[lang])
    for case in cases[:limit]:
        table.add_row(*_cells(case, lang))
    said.print(table)
    said.print(f"{min(limit, len(cases))} / {len(cases)}")


def _cells(case: dict[str, Any], lang: str) -> list[str]:
    same = {True: ("同一人", "one person"), False: ("不同人", "two persons"), None: ("", "")}
    place = int(lang == "en")
    return [
        str(case["case"]),
        _STATES[case["state"]][place],
        case["reason_code"] or ("抽样", "drawn")[place],
        f"{case['record_a']} {case['record_b']}",
        f"{case['feed_a']} {case['feed_b']}",
        same[case["is_joined"]][place],
        "" if case["weight"] is None else f"{case['weight']:.1f}",
        "" if case["value"] is None else f"{case['value']:.2f}",
    ]


@review_app.command("show")
def show_case(
    number: Annotated[int, typer.Argument(help="The case.")],
    purpose: PurposeOption = None,
    by: Annotated[str, typer.Option(help="Who looks; needed to see values.")] = "",
    lang: LangOption = "zh",
    as_json: JsonOption = False,
) -> None:
    """A case: why it waits, the evidence, and everything that was said of it."""
    from pipelines.reviewing import cases

    settings = settings_from_environment()
    with without_values():
        case = cases.show_case(settings, number, by=by, purpose=purpose)
    if as_json:
        print_json(case)
        return
    _tell(case, lang)


def _tell(case: dict[str, Any], lang: str) -> None:
    zh = lang == "zh"
    said.print(
        f"{case['case']}  {_STATES[case['state']][int(not zh)]}  {case['reason_code'] or ''}", markup=False
    )
    if case[lang]:
        said.print(f"  {case[lang]}", markup=False)
    if case["is_in_effect"] is not None:
        said.print(f"  {_EFFECT[case['is_in_effect']][int(not zh)]}", markup=False)
    for side in ("a", "b"):
        said.print(f"  {case[f'record_{side}']}  {case[f'feed_{side}']}", markup=False)
    for name, (a, b) in case.get("values", {}).items():
        said.print(f"  {name:<20} {a}  |  {b}", markup=False)
    for one in case["judgements"]:
        gone = f"  ({'已撤销' if zh else 'taken back'}: {one['undone_by']}, {one['undone_why']})"
        said.print(
            f"  #{one['judgement']} {one['at'][:16]} {one['by']}: {one['verdict']}"
            f"{(' (裁定)' if zh else ' (settles)') if one['settles'] else ''}  {one['why']}"
            f"{gone if one['undone_by'] else ''}",
            markup=False,
        )
    said.print(f"popbase link {case['record_a']} {case['record_b']}", markup=False)


@review_app.command()
def decide(
    number: Annotated[int, typer.Argument(help="The case.")],
    by: ByOption,
    why: WhyOption,
    link: Annotated[bool, typer.Option("--link", help="One person.")] = False,
    non_link: Annotated[bool, typer.Option("--non-link", help="Two persons.")] = False,
    unsure: Annotated[
        bool, typer.Option("--unsure", help="Looked, cannot tell; takes nothing back.")
    ] = False,
    settle: Annotated[
        bool, typer.Option("--settle", help="As a third person, settle what two reviewers disagree about.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Decide a case: --link, --non-link or --unsure. Where two reviewers disagree neither counts until it is settled."""
    from pipelines.reviewing import cases

    given: list[cases.Verdict] = []
    given += ["link"] if link else []
    given += ["non-link"] if non_link else []
    given += ["unsure"] if unsure else []
    if len(given) != 1:
        raise UsageError("a decision is one of three", hint="--link, --non-link or --unsure")
    with without_values():
        told = cases.decide(settings_from_environment(), number, given[0], by=by, why=why, settle=settle)
    if as_json:
        print_json(told)
    else:
        said.print(
            f"judgement {told['judgement']}: case {number} {told['state']}, {told['verdict'] or 'nothing holds'}"
        )


@review_app.command()
def undo(
    judgement: Annotated[int, typer.Argument(help="The judgement, as `popbase review show` numbers them.")],
    by: ByOption,
    why: WhyOption,
    as_json: JsonOption = False,
) -> None:
    """Take a judgement back; it stays on record, and so does who took it back."""
    from pipelines.reviewing import cases

    with without_values():
        told = cases.undo(settings_from_environment(), judgement, by=by, why=why)
    if as_json:
        print_json(told)
    else:
        said.print(f"judgement {judgement} taken back: case {told['case']} {told['state']}")


@review_app.command("open")
def open_case(
    record_a: Annotated[str, typer.Argument(help="A record, as `popbase explain` names it.")],
    record_b: Annotated[str, typer.Argument(help="Another.")],
    as_json: JsonOption = False,
) -> None:
    """Make a case of two records that no rule brought up, and say its number."""
    from pipelines.reviewing import cases

    with without_values():
        case = cases.open_case(settings_from_environment(), record_a, record_b)
    if as_json:
        print_json(case)
    else:
        said.print(f"case {case['case']}")


@review_app.command("export")
def give_out(
    file: Annotated[Path, typer.Argument(help="The workbook to write.")],
    state: StateOption = "open",
    code: CodeOption = None,
    sample: SampleOption = None,
    limit: Annotated[int, typer.Option(help="How many cases.")] = 1000,
    purpose: PurposeOption = None,
    by: Annotated[str, typer.Option(help="Who looks; needed to see values.")] = "",
    lang: LangOption = "zh",
) -> None:
    """Write cases as a workbook (XLSX) to decide in; no cell of it can start a formula."""
    from pipelines.reviewing.cases import Wanted
    from pipelines.reviewing.sheets import give_out as write

    wanted = Wanted(state, code, sample=sample)
    with without_values():
        told = write(
            settings_from_environment(), file, wanted, limit=limit, language=lang, by=by, purpose=purpose
        )
    said.print(f"{told['path']}  {told['cases']} cases, {told['left']} left", markup=False)


@review_app.command("import")
def take_in(
    file: Annotated[Path, typer.Argument(help="The returned workbook.")],
    by: ByOption,
    lang: LangOption = "zh",
    as_json: JsonOption = False,
) -> None:
    """Take in a workbook's decisions; each row at fault is told and the rest is taken. Exit code 3 with such rows."""
    from pipelines.reviewing.sheets import take_in as read

    with without_values():
        told = read(settings_from_environment(), file, by=by)
    if as_json:
        print_json(told)
    else:
        for fault in told["refused"]:
            said.print(f"{file.name}:{fault['row']}: {fault[lang]}", markup=False)
        said.print(f"{told['taken']} + {told['known']} / {told['decisions']}")
    raise typer.Exit(3 if told["refused"] else 0)


@review_app.command()
def agreement(as_json: JsonOption = False) -> None:
    """How far two reviewers agree where both judged: the share and Cohen's kappa, with 95 % intervals."""
    from pipelines.reviewing.figures import agreement as agreed

    with without_values():
        pairs = agreed(settings_from_environment())
    if as_json:
        print_json(pairs)
        return
    table = Table("reviewers", "cases", "agreed", "share", "kappa")
    for pair in pairs:
        table.add_row(
            " / ".join(pair["reviewers"]), str(pair["cases"]), str(pair["agreed"]),
            _interval(pair["share"]), _interval(pair["kappa"]),
        )  # fmt: skip
    said.print(table)


@review_app.command()
def sample(
    size: Annotated[int, typer.Option(help="How many links to draw; 0: only say what drawn ones show.")] = 0,
    seed: Annotated[int, typer.Option(help="The same seed draws the same links.")] = 1,
    by: Annotated[str, typer.Option(help="Who draws.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Draw sure links at random, by method and weight, for review; say how many of those judged were right."""
    from pipelines.reviewing import figures

    settings = settings_from_environment()
    with without_values():
        drawn = figures.draw_links(settings, size, seed, by=by) if size else None
        found = figures.estimates(settings)
    if as_json:
        print_json({"drawn": drawn, "estimates": found})
        return
    if drawn is not None:
        said.print(f"{drawn['cases']} links drawn: popbase review list --state all --sample {seed}")
    table = Table("run", "seed", "stratum", "links", "drawn", "judged", "right")
    for one in found:
        for line in one["strata"]:
            table.add_row(
                one["run_id"], str(one["seed"]), line["stratum"], str(line["links"]), str(line["drawn"]),
                str(line["judged"]), _interval(line["share"]),
            )  # fmt: skip
        table.add_row(
            one["run_id"],
            str(one["seed"]),
            "",
            "",
            str(one["drawn"]),
            str(one["judged"]),
            _interval(one["precision"]),
        )
    said.print(table)


def _interval(told: dict[str, float | None]) -> str:
    if told["estimate"] is None:
        return "—"
    return f"{told['estimate']:.3f} ({told['low']:.3f}–{told['high']:.3f})"
