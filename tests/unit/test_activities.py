"""Records of processing: a line for each published column, from declarations, and nothing made up."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from pipelines.activities import RENDERERS, activities
from pipelines.checking import check_declarations
from pipelines.contract.load import load_contracts
from pipelines.settings import ROOT, Settings
from pipelines.store.golden import golden_tables

SETTINGS = Settings(home=Path("unused"))


def without(tmp_path: Path, *keys: str) -> tuple[Settings, str]:
    """The shipped declarations, one contract of which lacks these lines; and its feed."""
    for name in ("contracts", "policies", "expectations"):
        copytree(ROOT / name, tmp_path / name)
    feed = next(c.feed for c in load_contracts().values() if c.publishes)
    path = tmp_path / "contracts" / f"{feed}.yml"
    text = path.read_text(encoding="utf-8")
    for key in keys:
        text, found = re.subn(rf"^{key}: .*\n", "", text, flags=re.MULTILINE)
        assert found == 1
    path.write_text(text, encoding="utf-8")
    return replace(SETTINGS, declarations=tmp_path), feed


def test_every_published_column_has_its_line_and_nothing_shipped_is_missing() -> None:
    rows = activities(SETTINGS)
    published = [(t.name, c.name) for t in golden_tables(load_contracts()) for c in t.columns]
    assert [(row["table"], row["column"]) for row in rows] == published
    assert [row["missing"] for row in rows if row["missing"]] == []
    assert check_declarations(SETTINGS).open_places == ()


def test_what_nobody_declared_is_told_as_missing_and_by_the_check(tmp_path: Path) -> None:
    settings, feed = without(tmp_path, "purpose", "retention_years")
    wanted = [f"purpose ({feed})", f"retention_years ({feed})"]
    rows = activities(settings)
    hit = [row for row in rows if feed in {source["feed"] for source in row["sources"]}]
    assert hit
    assert all(row["missing"] == wanted for row in hit)
    assert "【缺失】" in RENDERERS["markdown"](rows, "zh")
    assert "MISSING" in RENDERERS["csv"](rows, "en")
    places = [(place.file, place.place) for place in check_declarations(settings).open_places]
    assert places == [(f"contracts/{feed}.yml", key) for key in ("purpose", "retention_years")]


def test_an_identity_number_is_sensitive_and_every_basis_is_told() -> None:
    row = next(r for r in activities(SETTINGS) if (r["table"], r["column"]) == ("person", "citizen_id"))
    contracts = load_contracts()
    ranked = sorted(
        (c.attributes["citizen_id"], c.feed) for c in contracts.values() if "citizen_id" in c.attributes
    )
    assert row["sensitivity"] == "sensitive"
    assert [source["feed"] for source in row["sources"]] == [feed for _, feed in ranked]
    assert all(s["legal_basis"] == contracts[s["feed"]].legal_basis.model_dump() for s in row["sources"])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_all_forms_tell_the_same_columns(language: str) -> None:
    rows = activities(SETTINGS)
    made = {name: render(rows, "en" if language == "en" else "zh") for name, render in RENDERERS.items()}
    told = list(csv.reader(io.StringIO(made["csv"])))[1:]
    assert [(line[0], line[1]) for line in told] == [(f"shared.{r['table']}", r["column"]) for r in rows]
    assert json.loads(made["json"]) == rows
    assert made["markdown"].count("\n| shared.") == len(rows)
