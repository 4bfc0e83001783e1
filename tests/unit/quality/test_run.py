"""Great Expectations really runs here: importing it takes some seconds."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.errors import PopbaseError
from pipelines.quality.gate import judge
from pipelines.quality.outcome import Outcome
from pipelines.quality.run import validate_frame
from pipelines.quality.suite import Suite
from pipelines.quality.supported import UNEXPECTED_ROWS

TODAY = dt.date(2026, 6, 30)
PEOPLE = pl.DataFrame({
    "row_number": pl.Series([1, 2, 3, 4], dtype=pl.Int32),
    "name": ["测试甲", "测试乙", "测试甲", None],
    "sex_code": ["1", "2", "x", "1"],
    "born_on": [dt.date(1990, 1, 1), dt.date(2030, 1, 1), None, dt.date(1985, 5, 5)],
})  # fmt: skip


def suite(*checks: tuple[str, dict[str, Any]]) -> Suite:
    texts = {"basis": "GB/T 36344-2018", "office": "测试局", "zh": "测试", "en": "A test"}
    rules = [
        {"id": f"PB-TST-{n:03d}", "expectation": name if name == UNEXPECTED_ROWS else f"expect_{name}", "kwargs": kwargs, **texts,
         "severity": "warn", "indicator": "0201"}
        for n, (name, kwargs) in enumerate(checks, start=1)
    ]  # fmt: skip
    return Suite.model_validate({"suite": "test/people", "rules": rules})


MIXED = suite(
    ("column_values_to_be_unique", {"column": "name"}),
    ("column_value_lengths_to_equal", {"column": "name", "value": 3}),
    ("column_values_to_be_in_set", {"column": "sex_code", "value_set": ["1", "2"]}),
    ("column_pair_values_to_be_equal", {"column_A": "name", "column_B": "sex_code"}),
    ("column_distinct_values_to_be_in_set", {"column": "sex_code", "value_set": ["1", "2"]}),
    ("column_max_to_be_between", {"column": "born_on", "max_value": "2029-12-31"}),
    ("table_row_count_to_be_between", {"min_value": 1}),
    (UNEXPECTED_ROWS, {"unexpected_rows_query": "SELECT * FROM {batch} WHERE sex_code = 'x'"}),
)


def validated(*checks: tuple[str, dict[str, Any]], frame: pl.DataFrame = PEOPLE) -> Outcome:
    return validate_frame(frame, suite(*checks), today=TODAY)


def test_counts_and_rows_of_one_rule() -> None:
    outcome = validated(("column_values_to_be_unique", {"column": "name"}))
    (result,) = outcome.rules
    assert (result.status, result.examined, result.failed) == ("failed", 3, 2)
    assert outcome.failing.rows() == [(1, "PB-TST-001"), (3, "PB-TST-001")]
    assert outcome.failing.schema["row_number"] == pl.Int32


def test_two_patterns_on_one_column_are_two_masks() -> None:
    outcome = validated(
        ("column_values_to_match_regex", {"column": "name", "regex": "甲$"}),
        ("column_values_to_match_regex", {"column": "name", "regex": "乙$"}),
    )
    assert [result.failed for result in outcome.rules] == [1, 2]
    assert outcome.failing["row_number"].to_list() == [2, 1, 3]


def test_mostly_lets_a_rule_pass_and_its_rows_are_still_listed() -> None:
    kwargs = {"column": "sex_code", "value_set": ["1", "2"], "mostly": 0.5}
    outcome = validated(("column_values_to_be_in_set", kwargs))
    assert (outcome.rules[0].status, outcome.rules[0].failed) == ("passed", 1)
    assert outcome.failing["row_number"].to_list() == [3]


def test_rows_of_a_query_are_counted_and_listed() -> None:
    query = "SELECT * FROM {batch} WHERE sex_code NOT IN ('1', '2') OR born_on > DATE '2026-06-30'"
    outcome = validated((UNEXPECTED_ROWS, {"unexpected_rows_query": query}))
    assert (outcome.rules[0].status, outcome.rules[0].examined, outcome.rules[0].failed) == ("failed", 4, 2)
    assert outcome.failing["row_number"].to_list() == [2, 3]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) FROM {batch}",
        "SELECT * FROM people",
        "SELEC {batch}",
        "SELECT * FROM {batch} WHERE x",
    ],
)
def test_a_query_without_whole_rows_is_not_checked(query: str) -> None:
    (result,) = validated((UNEXPECTED_ROWS, {"unexpected_rows_query": query})).rules
    assert result.status == "not_checked"


@pytest.mark.parametrize("name", ["column_values_to_be_increasing", "column_values_to_match_json_schema"])
def test_an_expectation_the_engine_does_not_know_is_not_checked(name: str) -> None:
    (result,) = validated((name, {"column": "name", "json_schema": {}})).rules
    assert result.status == "not_checked"


def test_today_is_the_date_the_caller_gives() -> None:
    kwargs = {"column": "born_on", "max_value": {"$PARAMETER": "today"}}
    check = suite(("column_values_to_be_between", kwargs))
    assert validate_frame(PEOPLE, check, today=TODAY).rules[0].failed == 1
    assert validate_frame(PEOPLE, check, today=dt.date(2031, 1, 1)).rules[0].failed == 0


def test_a_rule_about_the_table_is_one_thing_examined() -> None:
    outcome = validated(("table_row_count_to_be_between", {"min_value": 5}))
    (result,) = outcome.rules
    assert (result.status, result.examined, result.failed, result.share) == ("failed", 1, 1, 1.0)
    assert outcome.failing.is_empty()


def test_an_empty_frame_breaks_no_row_rule() -> None:
    outcome = validated(
        ("column_values_to_not_be_null", {"column": "name"}),
        ("compound_columns_to_be_unique", {"column_list": ["name", "born_on"]}),
        ("table_row_count_to_be_between", {"min_value": 1}),
        frame=PEOPLE.clear(),
    )
    assert [result.status for result in outcome.rules] == ["passed", "passed", "failed"]


UNANSWERED: list[tuple[str, dict[str, Any], str]] = [
    ("nonsense", {"column": "name"}, "not supported"),
    ("column_values_to_be_of_type", {"column": "name", "type_": "str"}, "not supported"),
    ("column_values_to_match_strftime_format", {"column": "born_on", "strftime_format": "%Y"}, "not text"),
    ("column_values_to_match_json_schema", {"column": "name", "json_schema": {}}, "Polars: ComputeError"),
    ("column_values_to_be_unique", {"colum": "name"}, "kwargs are not understood"),
    ("column_values_to_be_unique", {"column": "surname"}, "there is no column 'surname'"),
    ("column_values_to_be_between", {"column": "name", "min_value": 1}, "Polars: ComputeError"),
    ("column_values_to_match_regex", {"column": "name", "regex": "(?=x)"}, "Polars: ComputeError"),
    ("column_max_to_be_between", {"column": "sex_code", "max_value": 1}, "raised an exception"),
    (
        "column_values_to_be_unique",
        {"column": "name", "row_condition": "sex_code = (", "condition_parser": "pandas"},
        "not an SQL expression",
    ),
]  # fmt: skip


def test_what_cannot_be_checked_is_neither_passed_nor_failed() -> None:
    checks = [(name, kwargs) for name, kwargs, _ in UNANSWERED]
    outcome = validated(*checks, ("column_values_to_not_be_null", {"column": "sex_code"}))
    *unanswered, good = outcome.rules
    assert good.status == "passed"
    for result, (_, _, reason) in zip(unanswered, UNANSWERED, strict=True):
        assert result.status == "not_checked"
        assert reason in str(result.reason_not_checked)
    assert judge(outcome).decision == "reservations"
    assert outcome.failing.is_empty()


def test_a_stop_of_great_expectations_itself_is_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("disk")

    monkeypatch.setattr("pipelines.quality.session.run_expectations", broken)
    outcome = validated(("column_values_to_be_unique", {"column": "name"}))
    assert outcome.rules[0].reason_not_checked == "Great Expectations stopped: OSError"


def test_a_frame_without_row_numbers_is_refused() -> None:
    with pytest.raises(PopbaseError, match="no column 'row_number'"):
        validate_frame(PEOPLE.drop("row_number"), suite(("column_to_exist", {"column": "name"})))


def test_no_value_of_the_frame_is_written_anywhere(caplog: pytest.LogCaptureFixture) -> None:
    frame = pl.DataFrame({
        "row_number": [1, 2, 3],
        "name": ["MARKER甲", "MARKER甲", "MARKER乙"],
        "amount": [987654321.0, 987654321.0, 987654322.0],
        "born_on": [dt.date(1987, 6, 5), dt.date(1987, 6, 5), dt.date(1987, 6, 7)],
    })  # fmt: skip
    caplog.set_level("DEBUG")
    outcome = validated(
        ("column_values_to_be_unique", {"column": "name"}),
        ("column_values_to_be_between", {"column": "name", "min_value": 1}),
        ("column_value_lengths_to_equal", {"column": "name", "value": 1}),
        ("column_values_to_be_in_set", {"column": "amount", "value_set": [1]}),
        ("column_pair_values_to_be_equal", {"column_A": "name", "column_B": "born_on"}),
        ("compound_columns_to_be_unique", {"column_list": ["name", "born_on"]}),
        ("column_max_to_be_between", {"column": "amount", "max_value": 1}),
        ("column_min_to_be_between", {"column": "amount", "max_value": "2000-01-01"}),
        ("table_columns_to_match_set", {"column_set": ["a"]}),
        frame=frame,
    )
    told = [json.dumps(outcome.document, ensure_ascii=False), caplog.text, str(judge(outcome))]
    told += [str(result) for result in outcome.rules]
    for marker in ("MARKER", "98765432", "1987-06", "1987, 6"):
        assert not [text for text in told if marker in text]


def test_the_document_is_the_same_for_the_same_frame_and_suite() -> None:
    checks = [("column_values_to_be_unique", {"column": "name"}), ("column_to_exist", {"column": "x"})]
    first, second = (json.dumps(validated(*checks).document) for _ in range(2))
    assert first == second


def test_only_counts_of_rows_are_observed_values() -> None:
    outcome = validated(
        ("table_row_count_to_equal", {"value": 4}),
        ("column_unique_value_count_to_be_between", {"column": "name", "min_value": 1}),
    )
    results = outcome.document["results"]
    assert isinstance(results, list)
    assert [entry["result"] for entry in results] == [{"observed_value": 4}, {}]


def test_importing_the_modules_does_not_import_great_expectations() -> None:
    modules = "run, gate, suite, outcome, lint, masks, document"
    code = f"import sys; from pipelines.quality import {modules}; print('great_expectations' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"


def test_a_streamed_file_is_asked_nothing_after_its_one_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.quality import engine

    asked: list[pl.LazyFrame] = []
    collect = engine.PolarsExecutionEngine._collect  # noqa: SLF001 - there is no other place to count reads

    def counted(self: engine.PolarsExecutionEngine, frame: pl.LazyFrame) -> pl.DataFrame:
        asked.append(frame)
        return collect(self, frame)

    PEOPLE.write_parquet(tmp_path / "people.parquet")
    monkeypatch.setattr(engine.PolarsExecutionEngine, "_collect", counted)
    streamed = validate_frame(pl.scan_parquet(tmp_path / "people.parquet"), MIXED, today=TODAY)
    assert all("people.parquet" not in frame.explain() for frame in asked)
    assert asked
    assert streamed.rules == validate_frame(PEOPLE, MIXED, today=TODAY).rules
