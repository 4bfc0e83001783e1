"""A contract that ranks no attribute of a person: its records are persons of whom nothing else is known."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.settings import Settings
from pipelines.stages.publish import publish
from pipelines.stages.resolve import resolve
from pipelines.stages.survive import survive
from pipelines.store.database import open_database
from pipelines.store.postgres import fetch
from tests.office import open_office


def test_a_contract_without_an_attribute_of_a_person_is_published(fresh: Settings, tmp_path: Path) -> None:
    office = open_office(fresh, tmp_path)
    office.send(1, {"a": "x", "b": "y"})
    office.take()
    assert resolve(office.settings)["persons"] == 2
    assert survive(office.settings)["rows"] == {"person": 2}
    assert publish(office.settings)["decision"] == "released"
    with open_database(office.settings) as conn:
        seen = fetch(conn, "select name, record_count, feeds from golden.person")
    assert seen == [{"name": None, "record_count": 1, "feeds": "office/letters"}] * 2
    places = {
        "POPBASE_HOME": str(office.settings.home),
        "POPBASE_DATABASE_URL": str(office.settings.database_url),
        "POPBASE_DECLARATIONS": str(office.settings.declarations),
    }
    told = [CliRunner().invoke(app, ["report", *words], env=places) for words in (["1"], ["--number", "1"])]
    assert [one.exit_code for one in told] == [0, 0]
    assert told[0].stdout == told[1].stdout
    assert "000001" in told[0].stdout
