from __future__ import annotations

import csv
import io
import json
from dataclasses import fields, replace
from pathlib import Path

from pipelines.report.basics import Words
from pipelines.report.build import write_report
from pipelines.report.model import Report
from pipelines.report.twins import report_json, report_tables


def test_the_json_twin_holds_every_part_of_the_report(report: Report) -> None:
    told = json.loads(report_json(report))
    assert list(told) == [part.name for part in fields(Report)]
    assert told["publication"]["number"] == 2
    assert told["total"]["received"] == 250
    assert told["cut_off"] == "2026-07-31"


def test_every_table_of_the_page_has_a_csv_twin_with_as_many_rows(report: Report) -> None:
    tables = {name: list(csv.DictReader(io.StringIO(text))) for name, text in report_tables(report).items()}
    assert len(tables["rules"]) == sum(len(sheet.lines) for sheet in report.sheets) == 4
    assert len(tables["feeds"]) == len(report.feeds)
    assert len(tables["hashes"]) == len(report.hashes)
    assert tables["conservation"][0]["rows_received"] == "100"
    assert tables["rules"][0]["sentence_zh"] == "规则句"
    assert tables["quarantine"][0]["first_rows"] == "4 17 60"


def test_no_cell_starts_a_formula(report: Report) -> None:
    lines = tuple(
        replace(line, sentence=Words("=1+1", "@SUM(1)"), office="-2") for line in report.sheets[0].lines
    )
    changed = replace(report, sheets=(replace(report.sheets[0], lines=lines),))
    row = next(csv.DictReader(io.StringIO(report_tables(changed)["rules"])))
    assert (row["sentence_zh"], row["sentence_en"], row["office"]) == ("'=1+1", "'@SUM(1)", "'-2")


def test_a_report_written_twice_is_the_same_bytes(report: Report, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert write_report(report, first) == first / "index.html"
    write_report(report, second)
    names = sorted(path.relative_to(first) for path in first.rglob("*.*"))
    assert [Path("index.en.html"), Path("index.html"), Path("report.json")] == [
        name for name in names if name.parent == Path()
    ]
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)
