"""Explanations on a real database: they speak of what readers see, add up, and show no value."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import UsageError
from pipelines.explaining import explain_pair, explain_person
from pipelines.privacy import reference
from pipelines.report.waterfall import panels_of, waterfall
from pipelines.reviewing import cases
from pipelines.settings import Settings
from tests.town import FEED, NUMBERS, Town, open_town

FAULTY = NUMBERS["甲"][:15] + "999"
REGISTER: dict[str, dict[str, Any]] = {
    "a": {"name": "甲乙丙", "number": NUMBERS["甲"], "telephone": "13800000001"},
    "b": {"name": "甲乙丙", "number": NUMBERS["甲"], "telephone": "13911112222"},
    "c": {"name": "甲乙丙", "number": FAULTY, "status": "invalid", "telephone": "13800000001"},
    "d": {"name": "丙丁", "number": NUMBERS["乙"]},
}


@pytest.fixture(scope="module")
def town(database: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Published once; then a judgement parted a and b in a run that nobody released."""
    from dataclasses import replace

    name, folder = database.copy(), tmp_path_factory.mktemp("explaining")
    made = open_town(replace(database.settings, database_url=database.url(name)), folder)
    made.deliver(REGISTER)
    made.resolve()
    made.publish()
    case = cases.open_case(made.settings, key("a"), key("b"))["case"]
    cases.decide(made.settings, case, "non-link", by="甲", why="a trial 511622198001010000")
    made.resolve()
    yield made
    database.admin(f"drop database {name} with (force)")


def key(letter: str) -> str:
    return reference(f"{FEED}|{letter}")


def person(town: Town, letter: str = "a") -> str:
    (row,) = town.ask(
        "select distinct g.person_id from golden.provenance p join golden.person g using (row_key)"
        " where p.record_key = %s", f"{FEED}|{letter}",
    )  # fmt: skip
    return str(row["person_id"])


def test_what_readers_see_is_explained_not_what_a_later_run_made(town: Town) -> None:
    assert town.persons()["a"] != town.persons()["b"]
    told = explain_pair(town.settings, key("a"), key("b"))
    assert (told["one_person"], told["publication"]) == (True, 1)
    assert {link["method"] for link in told["links"]} == {"valid_id"}
    assert told["judged"] == []
    assert [one["verdict"] for one in told["judgements"]] == ["negative"]


def test_the_steps_add_up_to_the_weight_of_the_run_s_link(town: Town) -> None:
    (link,) = [one for one in explain_person(town.settings, person(town))["links"] if one["evidence"]]
    assert link["method"] == "id_repair"
    assert sum(step["bits"] for step in link["evidence"]["steps"]) == pytest.approx(link["weight"], abs=0.01)
    assert "rest" not in {step["evidence"] for step in link["evidence"]["steps"]}


def test_records_of_one_number_are_told_what_speaks_beside_it(town: Town) -> None:
    told = explain_pair(town.settings, key("a"), key("b"))
    assert told["evidence"]["joined_by"] == "valid_id"
    levels = {one["comparison"]: one["level"] for one in told["beside"]["comparisons"]}
    assert (levels["name"], levels["telephone"]) == ("same", "other")


def test_two_numbers_and_no_link_are_told_as_two_persons(town: Town) -> None:
    told = explain_pair(town.settings, key("a"), key("d"), language="en")
    assert not told["one_person"]
    assert "only a judgement can join them" in told["text"]


def test_each_value_has_its_winner_and_its_losers(town: Town) -> None:
    values = {one["attribute"]: one for one in explain_person(town.settings, person(town))["values"]}
    telephone = values["telephone"]
    assert telephone["winner"]["record"] == key("a")
    losers = [(one["record"], one["lost_by"], one["says"]) for one in telephone["losers"]]
    assert losers == [(key("b"), "record_key", "other"), (key("c"), "record_key", "same")]


def test_each_record_leads_to_its_delivery_its_row_and_the_shared_row_it_became(town: Town) -> None:
    told = explain_person(town.settings, person(town), language="en")
    landed = town.ask("select batch_id from ledger.batch where feed = %s", FEED)
    assert {one["delivery"] for one in told["records"]} == {row["batch_id"] for row in landed}
    rows = {one["record"]: one["row"] for one in told["records"]}
    assert rows == {key(letter): place for place, letter in enumerate(REGISTER, 1) if letter != "d"}
    assert all(one["table"] is None or f"→ shared.{one['table']}" in told["text"] for one in told["records"])


def test_what_nobody_said_names_the_records_it_was_made_of(town: Town) -> None:
    told = {one["attribute"]: one for one in explain_person(town.settings, person(town))["computed"]}
    assert told["record_count"]["records"] == [key(letter) for letter in "abc"]
    assert {one["rule"] for one in told.values()} == {"counted", "every_entry"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_value_is_told_not_even_one_that_a_reviewer_wrote(town: Town, language: Any) -> None:
    told = explain_person(town.settings, person(town), language=language)
    pair = explain_pair(town.settings, key("a"), key("c"), language=language)
    text = json.dumps([told, pair], ensure_ascii=False, default=str)
    values = ("甲乙丙", NUMBERS["甲"], FAULTY, "13800000001", "511622198001010000", f"{FEED}|")
    assert [value for value in values if value in text] == []


def test_the_picture_has_a_bar_for_each_step_and_ends_at_the_sum(town: Town, tmp_path: Path) -> None:
    links = explain_person(town.settings, person(town))["links"]
    (panel,) = panels_of((f"{link['a']} — {link['b']}", link["evidence"]) for link in links)
    drawn = waterfall([panel, panel], "en")
    root = ET.fromstring(drawn)  # noqa: S314 - our own file
    bars = [node for node in root.iter("{http://www.w3.org/2000/svg}rect") if node.get("rx")]
    assert len(bars) == 2 * (len(panel.steps) + 1)
    texts = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count(f"{panel.total:+.2f}") >= 2
    assert "Prior" in texts


def test_a_record_may_be_named_by_its_key_which_is_not_repeated(town: Town) -> None:
    by_key = explain_pair(town.settings, f"{FEED}|a", key("b"))
    assert by_key == explain_pair(town.settings, key("a"), key("b"))
    with pytest.raises(UsageError, match=r"no record named [0-9a-f]{12}\b"):
        explain_pair(town.settings, f"{FEED}|nobody", key("b"))


def test_an_unknown_record_or_person_is_a_usage_error(town: Town) -> None:
    with pytest.raises(UsageError, match="no record named"):
        explain_pair(town.settings, key("a"), "0" * 12)
    with pytest.raises(UsageError, match="no person has the id"):
        explain_person(town.settings, "P9999999999")


def test_before_the_first_publication_there_is_nothing_to_explain(fresh: Settings, tmp_path: Path) -> None:
    made = open_town(fresh, tmp_path)
    made.deliver(REGISTER)
    made.resolve()
    with pytest.raises(UsageError, match="nothing was published"):
        explain_person(made.settings, "P0000000001")
