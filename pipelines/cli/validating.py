"""Commands about rules: validate, of a department; lint, of who writes suites; second-opinion, of an auditor."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer
from rich.table import Table

from pipelines.cli.console import JsonOption, app, print_json, said
from pipelines.errors import ContractError
from pipelines.settings import settings_from_environment

if TYPE_CHECKING:
    from pipelines.preflight import Preflight

Language = Literal["zh", "en"]
SHOWN: Final = 5
WORDS: Final[dict[str, tuple[str, str]]] = {
    "head": (
        "{file} → {feed}：{rows} 行，{mode}，数据日期 {data_date}，{manifest}",
        "{file} → {feed}: {rows} rows, {mode}, of {data_date}, {manifest}",
    ),
    "full": ("全量", "full"),
    "incremental": ("增量", "incremental"),
    "with": ("已与 manifest.json 核对", "held against its manifest.json"),
    "without": (
        "没有 manifest.json，行数和摘要未核对",
        "no manifest.json: rows and hash not held against it",
    ),
    "faults": ("数据问题（行号自表头下第 1 行起）", "Faults (row 1 is the first below the header)"),
    "rules": ("规则检查", "Rules"),
    "code": ("代码", "Code"),
    "column": ("列", "Column"),
    "severity": ("程度", "Severity"),
    "rows": ("行数", "Rows"),
    "first": ("前几行", "First rows"),
    "sentence": ("说明", "What it says"),
    "rule": ("规则", "Rule"),
    "status": ("结果", "Result"),
    "share": ("占比", "Share"),
    "warn": ("提醒", "warned of"),
    "note": ("记录", "noted"),
    "quarantine_row": ("该行搁置", "row set aside"),
    "refuse_delivery": ("整批退回", "delivery refused"),
    "reject_batch": ("超限则退回", "may stop it"),
    "passed": ("符合", "passed"),
    "failed": ("不符合", "failed"),
    "not_checked": ("未检查", "not checked"),
    "beyond": ("超出容许", "beyond its limit"),
    "passing": ("其余 {count} 条规则均符合。", "{count} more rules passed."),
    "aside": ("有 {count} 行会被搁置。", "{count} rows would be set aside."),
    "release": ("结论：可以报送。", "Verdict: it may be sent."),
    "reservations": (
        "结论：可以报送；上列问题会反馈给贵单位。",
        "Verdict: it may be sent; the points above will come back to you.",
    ),
    "stop": ("结论：会被退回 {code}：{sentence}", "Verdict: it would be refused, {code}: {sentence}"),
}


@app.command()
def validate(
    file: Annotated[
        Path, typer.Argument(help="The data file; a manifest.json beside it is held against it.")
    ],
    *,
    feed: Annotated[str, typer.Option(help="What it is a delivery of, as DEPARTMENT/FEED.")],
    data_date: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Where no manifest says it; default: today."),
    ] = None,
    incremental: Annotated[
        bool | None,
        typer.Option(
            "--incremental/--full", help="Where no manifest says it; default: by its operation column."
        ),
    ] = None,
    lang: Annotated[Language, typer.Option(help="zh or en.")] = "zh",
    as_json: JsonOption = False,
) -> None:
    """Check a file before it is sent: the same reading, contract, rules and sentences as on arrival.

    It needs no database and keeps nothing. Row numbers and counts are shown, values never. Exit code 0: it may be
    sent; 3: it would be refused.
    """
    from pipelines.preflight import as_json as as_values
    from pipelines.preflight import preflight

    mode = {None: None, True: "incremental", False: "full"}[incremental]
    day = data_date.date() if data_date else None
    found = preflight(settings_from_environment(), file, feed, data_date=day, mode=mode)  # type: ignore[arg-type]
    if as_json:
        print_json(as_values(found))
    else:
        _tell(found, lang)
    raise typer.Exit(3 if found.reason_code else 0)


@app.command()
def lint(as_json: JsonOption = False) -> None:
    """Check the suites: every field and sentence, columns, thresholds, and that Great Expectations takes the arguments."""
    from pipelines.checking import lint_suites

    rules, faults = lint_suites(settings_from_environment())
    if as_json:
        print_json({"rules": rules, "faults": [vars(fault) for fault in faults]})
        raise typer.Exit(ContractError.exit_code if faults else 0)
    if faults:
        raise ContractError(list(faults))
    said.print(f"{rules} rules: no fault")


@app.command()
def failing(
    batch_id: Annotated[str, typer.Argument(help="A delivery that was judged, as its page names it.")],
    rule: Annotated[str | None, typer.Option(help="Only of this rule.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List the rows of a delivery that break its rules, by row number; values stay with the department."""
    from pipelines.status import failing_rows

    found = failing_rows(settings_from_environment(), batch_id, rule)
    if as_json:
        print_json({"batch_id": batch_id, "rules": found})
        return
    table = Table("rule", "rows", "row numbers", title=batch_id)
    for rule_id, rows in found.items():
        table.add_row(rule_id, str(len(rows)), ", ".join(map(str, rows)))
    said.print(table)


@app.command("second-opinion")
def second_opinion(
    number: Annotated[int | None, typer.Argument(help="Publication; default: the one readers see.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Audit a publication again by Great Expectations on PostgreSQL and compare the counts rule by rule.

    Exit code 1: a count differs. Rules on columns that a suite computes are not compared.
    """
    from pipelines.second_opinion import second_opinion as ask

    chosen, compared = ask(settings_from_environment(), number)
    counts = Counter(one.verdict for one in compared)
    if as_json:
        print_json({"publication": chosen, **counts, "rules": [vars(one) for one in compared]})
    else:
        table = Table(
            "table", "rule", "verdict", "audit", "PostgreSQL", "why not", title=f"publication {chosen}"
        )
        for one in compared:
            figures = ("" if n is None else str(n) for n in (one.audit, one.second))
            table.add_row(one.table, one.rule_id, one.verdict, *figures, one.reason or "")
        said.print(table)
        said.print(", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items())))
    raise typer.Exit(1 if counts["differs"] else 0)


def _word(key: str, lang: Language, **facts: object) -> str:
    return WORDS[key][lang == "en"].format(**facts)


def _tell(found: Preflight, lang: Language) -> None:
    if found.data_date:
        head = {
            "mode": _word(found.mode, lang),
            "manifest": _word("with" if found.has_manifest else "without", lang),
        }
        said.print(_word("head", lang, **(vars(found) | head)), markup=False)
    if found.faults:
        said.print(_fault_table(found, lang))
    if found.rules:
        _tell_rules(found, lang)
    if found.quarantined:
        said.print(_word("aside", lang, count=found.quarantined))
    code = found.reason_code or ""
    facts = "".join(f" {name}={value}" for name, value in found.facts.items())
    said.print(_word(found.decision, lang, code=code, sentence=_sentence(code, lang) + facts), markup=False)


def _fault_table(found: Preflight, lang: Language) -> Table:
    heads = ("code", "column", "severity", "rows", "first", "sentence")
    table = Table(*(_word(head, lang) for head in heads), title=_word("faults", lang))
    for line in found.faults:
        table.add_row(
            line.code, line.column, _word(line.severity, lang), str(line.rows or ""),
            _numbers(line.first_rows, line.rows), _sentence(line.code, lang),
        )  # fmt: skip
    return table


def _tell_rules(found: Preflight, lang: Language) -> None:
    told = [line for line in found.rules if line.status != "passed"]
    if told:
        heads = ("rule", "status", "severity", "rows", "share", "first", "sentence")
        table = Table(*(_word(head, lang) for head in heads), title=_word("rules", lang))
        for line in told:
            status = "beyond" if line.is_beyond and line.status == "failed" else line.status
            table.add_row(
                line.rule_id, _word(status, lang), _word(line.severity, lang), str(line.failed),
                f"{line.share:.2%}", _numbers(line.first_rows, line.failed),
                line.reason_not_checked or (line.en if lang == "en" else line.zh),
            )  # fmt: skip
        said.print(table)
    said.print(_word("passing", lang, count=len(found.rules) - len(told)))


def _numbers(rows: tuple[int, ...], count: int) -> str:
    shown = ", ".join(map(str, rows[:SHOWN]))
    return f"{shown} …" if count > SHOWN and shown else shown


def _sentence(code: str, lang: Language) -> str:
    from pipelines.reasons import REASONS

    reason = REASONS.get(code)
    if reason is None:
        return ""
    return f"{reason.en}. {reason.hint_en}." if lang == "en" else f"{reason.zh}。{reason.hint_zh}。"
