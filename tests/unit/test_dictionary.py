from __future__ import annotations

import pytest

from pipelines.contract.load import load_contracts
from pipelines.dictionary import Language, as_markdown, dictionary
from pipelines.settings import settings_from_environment
from pipelines.store.golden import golden_tables

LANGUAGES: tuple[Language, ...] = ("zh", "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shared_column_stands_in_the_dictionary(language: Language) -> None:
    page = as_markdown(dictionary(settings_from_environment()), language)
    for table in golden_tables(load_contracts()):
        part = page.split(f"## shared.{table.name}: ")[1].split("\n## ")[0]
        for column in table.columns:
            title = column.title.zh if language == "zh" else column.title.en
            assert f"| `{column.name}` | {title} | {column.sql_type} |" in part


def test_it_tells_from_whom_a_value_comes_and_who_sees_it_in_which_form() -> None:
    person = dictionary(settings_from_environment())[0]
    name = next(column for column in person["columns"] if column["name"] == "name")
    assert name["sources"][0] == min(
        (c.attributes["name"], c.feed) for c in load_contracts().values() if "name" in c.attributes
    )[1]  # fmt: skip
    assert [reader["form"] for reader in name["readers"]] == ["masked", "plain"]
    assert all(purpose["zh"] and purpose["en"] for purpose in person["purposes"])
