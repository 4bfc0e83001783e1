"""The commands about contracts, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.cli.contracts import Cadence, Encoding, Form
from pipelines.contract.load import CONTRACTS, load_contracts
from pipelines.contract.model import Contract, Delivery
from pipelines.errors import UsageError

COLUMNS = "DJBH,SFZJHM:citizen_id,XM,DJRQ"


def typed(*words: str | Path) -> Any:
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


def test_a_new_department_is_two_suites_a_contract_and_a_specimen(tmp_path: Path) -> None:
    outcome = typed(
        "new-department",
        "guild/apprentice",
        "--columns",
        COLUMNS,
        "--into",
        tmp_path,
        "--data-date",
        "2026-06-30",
    )
    written = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert outcome.exit_code == 0
    assert "DJBH: check" in outcome.output
    assert written == [
        "contracts/contract.schema.json", "contracts/guild/apprentice.yml", "expectations/guild/apprentice.yml",
        "expectations/published/apprentice.yml",
        "specimen/inbox/guild/apprentice/2026-06-30/apprentice_20260630.csv",
        "specimen/inbox/guild/apprentice/2026-06-30/manifest.json",
    ]  # fmt: skip


def test_an_extract_gives_columns_and_separator(tmp_path: Path) -> None:
    extract = tmp_path / "extract.txt"
    extract.write_bytes("登记号|姓名|认定日期\r\n1|王样一|20260101\r\n".encode("gb18030"))
    typed("new-department", "guild/apprentice", "--from-file", extract, "--into", tmp_path)
    contract = load_contracts(tmp_path / "contracts")["guild/apprentice"]
    assert contract.delivery.separator == "|"
    assert [column.type for column in contract.columns] == ["integer", "person_name", "date"]


def test_columns_are_asked_for_once(tmp_path: Path) -> None:
    for words in ([], ["--columns", COLUMNS, "--from-file", str(tmp_path / "extract.csv")]):
        with pytest.raises(UsageError, match="what are its columns"):
            typed("new-department", "guild/apprentice", "--into", tmp_path, *words)


def test_a_second_time_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    typed("new-department", "guild/apprentice", "--columns", COLUMNS, "--into", tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match="there already"):
        typed("new-department", "guild/apprentice", "--columns", "A,B", "--into", tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_the_exit_code_of_a_diff_tells_whether_anything_breaks(tmp_path: Path) -> None:
    path = next(iter(sorted(CONTRACTS.glob("[!_]*/*.yml"))))
    newer = tmp_path / "newer.yml"
    newer.write_text(
        path.read_text(encoding="utf-8").replace("form: ", "archive: zip, form: ", 1), encoding="utf-8"
    )
    same, broken = typed("contracts", "diff", path, path), typed("contracts", "diff", path, newer)
    assert (same.exit_code, same.output, broken.exit_code) == (0, "", 1)
    assert "breaks sender" in broken.output
    changes = json.loads(typed("contracts", "diff", path, newer, "--json").output)
    assert [change["place"] for change in changes] == ["delivery.archive"]


def test_the_schema_is_printed_as_it_is_committed() -> None:
    committed = (CONTRACTS / "contract.schema.json").read_text(encoding="utf-8")
    assert typed("contracts", "schema").output == committed


def test_what_is_declared_is_checked() -> None:
    outcome = typed("contracts", "check")
    assert outcome.exit_code == 0
    assert "no fault" in outcome.output


def test_choices_of_the_command_are_those_of_the_model() -> None:
    assert set(get_args(Form)) <= set(get_args(Delivery.model_fields["form"].annotation))
    assert set(get_args(Encoding)) == set(get_args(Delivery.model_fields["encoding"].annotation))
    assert set(get_args(Cadence)) == set(get_args(Contract.model_fields["cadence"].annotation))
