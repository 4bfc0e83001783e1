from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from typer.testing import CliRunner

from pipelines.cli.link_bench import bench
from pipelines.contract.load import ROOT
from pipelines.errors import ContractError, UsageError
from pipelines.linkage.bench import measure, read_table
from pipelines.linkage.engine.components import components
from pipelines.linkage.engine.kinds import KINDS
from pipelines.linkage.engine.model import LinkageModel
from pipelines.linkage.engine.model_files import load_model
from pipelines.linkage.engine.quality import pairwise

MODEL: dict[str, Any] = {
    "name": "small",
    "key": "id",
    "columns": {"born": {"type": "date"}},
    "blocking": [[]],
    "comparisons": [
        {"name": "name", "column": "name", "kind": "latin_name"},
        {"name": "born", "column": "born", "kind": "date"},
        {"name": "town", "column": "town", "kind": "exact"},
    ],
}
TOWNS, GIVEN = (
    ("Aland", "Borg", "Clif", "Dorn"),
    ["Ann", "Bob", "Cid", "Dan", "Eva", "Fay", "Gus", "Hal", "Ida", "Jon"],
)


def people(copies: int = 2) -> pl.DataFrame:
    """Forty made-up people, each `copies` times, every third copy with a slip in the name."""
    rows = []
    for n in range(40):
        for copy in range(copies):
            name = f"{GIVEN[n % 10]}{'abcd'[n // 10] * 3}{'x' if copy and n % 3 == 0 else ''}"
            born = f"19{50 + n}-0{1 + n % 9}-{10 + n % 17}"
            rows.append((f"{n}-{copy}", name, born, TOWNS[n % 4], str(n)))
    return pl.DataFrame(rows, schema=["id", "name", "born", "town", "person"], orient="row")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    people().write_csv(path)
    return path


def test_the_bench_tells_time_memory_and_quality(table: Path) -> None:
    model = table.with_suffix(".yml")
    model.write_text(yaml.safe_dump(MODEL), encoding="utf-8")
    asked = ["--records", str(table), "--model", str(model), "--truth", "person", "--json"]
    answer = CliRunner().invoke(bench, [*asked, "--save-model", str(table.with_suffix(".json"))])
    told = json.loads(answer.stdout)
    assert (told["records"], told["pairs"], told["true_pairs"]) == (80, 80 * 79 // 2, 40)
    assert {"read", "encode", "train", "predict", "cluster", "total"} == set(told["seconds"])
    assert told["best"]["f1"] == told["clusters_at_95"]["f1"] == 1.0
    fitted = load_model(table.with_suffix(".json"))
    assert fitted.is_fitted
    assert (fitted.key, fitted.possible_weight) == ("id", 0.0)


def test_two_tables_are_linked_across_only(tmp_path: Path) -> None:
    a, b = tmp_path / "a.csv", tmp_path / "b.parquet"
    people().filter(pl.col("id").str.ends_with("0")).write_csv(a)
    second = people().filter(pl.col("id").str.ends_with("1"))
    second.with_columns(pl.col("id").str.replace("-1", "-0")).write_parquet(b)
    model = LinkageModel.model_validate(MODEL)
    found = measure(a, b, model, "person").figures
    assert (found["pairs"], found["true_pairs"]) == (40 * 40, 40)
    assert found["best"]["f1"] == 1.0


def test_a_fitted_model_is_used_as_it_is(table: Path) -> None:
    first = measure(table, None, LinkageModel.model_validate(MODEL), "person")
    again = measure(table, None, first.model, "person")
    assert again.pairs.equals(first.pairs)
    assert again.figures["seconds"]["train"] < 0.5


def test_chinese_tables_in_gb18030_are_read(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes("id,name\n1,张测试\n".encode("gb18030"))
    assert read_table(path)["name"].to_list() == ["张测试"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"key": "nokey"}, "nokey"),
        ({"key": "town"}, "town does not name"),
        ({"blocking": [["nowhere"]]}, "nowhere"),
    ],
)
def test_what_the_table_lacks_is_named(table: Path, change: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        measure(table, None, LinkageModel.model_validate(MODEL | change), None)


def test_a_missing_file_or_truth_is_named(table: Path) -> None:
    model = LinkageModel.model_validate(MODEL)
    with pytest.raises(UsageError, match="no file"):
        measure(table.with_name("nothing.csv"), None, model, None)
    with pytest.raises(UsageError, match="truth"):
        measure(table, None, model, "nobody")


def test_a_column_that_is_no_date_is_told(table: Path) -> None:
    model = LinkageModel.model_validate(MODEL | {"columns": {"born": {"type": "date", "format": "%d/%m/%Y"}}})
    faults = measure(table, None, model, None).figures["faults"]
    assert any(fault.startswith("born: most values") for fault in faults)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("just a word", "no mapping"),
        ("name: [", "line 1"),
        ("name: a\nkey: b\nblocking: c\ncomparisons: []", "each a list of columns"),
        ("comparisons: [{name: given, column: x, kind: latin}]", "comparisons.given"),
        ("comparisons: [{name: given, column: x, levels: [{name: same, test: exakt}]}]", "given.levels.same"),
        ("name: a", "comparisons: is missing"),
    ],
)
def test_a_faulty_model_file_names_the_place(tmp_path: Path, text: str, place: str) -> None:
    path = tmp_path / "model.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContractError, match=place):
        load_model(path)


@pytest.mark.parametrize("language", ["", ".zh-CN"])
def test_the_manual_shows_models_that_hold_and_every_word(language: str, tmp_path: Path) -> None:
    page = (ROOT / f"docs/reference/linkage-model{language}.md").read_text(encoding="utf-8")
    whole = [block for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "comparisons" in block]
    for block in whole:
        (tmp_path / "model.yml").write_text(block, encoding="utf-8")
        assert load_model(tmp_path / "model.yml").name in ("people", "county")
    words = {*KINDS, *LinkageModel.model_fields}
    assert [word for word in sorted(words) if f"`{word}`" not in page] == []


def test_equal_weights_stand_or_fall_together() -> None:
    truth = pl.DataFrame({"key": ["a", "b", "c", "d"], "person": ["1", "1", "2", None]})
    pairs = pl.DataFrame({"a": ["a", "a", "c"], "b": ["b", "c", "d"], "weight": [5.0, 5.0, 1.0]})
    assert pairwise(pairs, truth)["best"] == {"weight": 5.0, "precision": 0.5, "recall": 1.0, "f1": 0.66667}


def test_components_are_named_by_their_smallest_row() -> None:
    links = pl.DataFrame({"a": [5, 1, 3], "b": [3, 2, 4]}, schema={"a": pl.Int32, "b": pl.Int32})
    found = components(links["a"].to_numpy(), links["b"].to_numpy(), 6)
    assert found.tolist() == [0, 1, 1, 3, 3, 3]
