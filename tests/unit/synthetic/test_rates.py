from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.errors import UsageError
from pipelines.synthetic.generate import generate
from pipelines.synthetic.rates import clean, read_rates, usual


def test_a_clean_county_has_no_faults(tmp_path: Path) -> None:
    generate(200, 3, tmp_path, 2, rates=clean())
    assert (tmp_path / "faults.csv").read_text(encoding="utf-8").count("\n") == 1


def test_rates_raised_keep_the_commoner_kinds_as_they_are() -> None:
    raised = usual().at_least(0.01)
    assert raised.groups["id_old"]["fifteen"] == usual().groups["id_old"]["fifteen"]
    assert raised.groups["id_old"]["scientific"] == raised.lines["nul"] == 0.01
    assert raised.headers == usual().headers


def test_a_file_of_rates_changes_only_what_it_names(tmp_path: Path) -> None:
    path = tmp_path / "rates.yml"
    path.write_text("groups: {key: {blank_key: 0.5}}\nlines: {nul: 0.25}\n", encoding="utf-8")
    read = read_rates(path)
    assert read.groups["key"] == {"blank_key": 0.5}
    assert read.groups["id_old"] == usual().groups["id_old"]
    assert read.lines == {**usual().lines, "nul": 0.25}


@pytest.mark.parametrize(
    "text", ["groups: {key: {no_such_kind: 0.5}}", "lines: {nul: 2}", "nonsense: 1", "- 1"]
)
def test_rates_that_nobody_can_plant_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rates.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="rates"):
        read_rates(path)


def test_the_command_takes_rates_and_says_what_is_wrong_with_them(tmp_path: Path) -> None:
    path = tmp_path / "odd.yml"
    path.write_text("lines: {short: 2}", encoding="utf-8")
    asked = ["generate", "--persons", "20", "--out", str(tmp_path / "county"), "--rates"]
    for told in (str(path), str(tmp_path / "none.yml")):
        with pytest.raises(UsageError, match="--rates"):
            CliRunner().invoke(app, [*asked, told], catch_exceptions=False)
