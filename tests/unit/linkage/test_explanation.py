from __future__ import annotations

from datetime import date

import pytest

from pipelines.linkage.explanation import as_text, explain_pair, explain_person
from pipelines.linkage.resolve import resolve
from tests.unit.linkage.people import citizen_id, frame, person, policy

BORN = date(1990, 1, 12)
NUMBER = citizen_id(BORN)
RECORDS = frame(
    person("a|1", "甲乙丙", NUMBER, authority=100, born_on=BORN),
    person("b|1", "甲乙丙", NUMBER, status="upgraded"),
    person("c|1", "甲乙丙", NUMBER[:15] + "999", status="invalid"),
    person("d|1", "丁戊", citizen_id(date(1971, 8, 30))),
)


def test_a_pair_is_explained_by_levels_and_bits_that_sum_to_its_weight() -> None:
    told = explain_pair("c|1", "a|1", RECORDS, policy())
    assert told["levels"]["name"] == "same"
    assert told["levels"]["telephone"] == "missing"
    assert told["weight"] == pytest.approx(sum(told["bits"].values()), abs=0.1)
    assert "sum" in as_text(told)


def test_the_explained_weight_is_the_link_s_where_nothing_was_estimated() -> None:
    found = resolve(RECORDS, None, None, policy())
    link = found.links.filter(found.links["record_b"] == "c|1").row(0, named=True)
    assert explain_pair("a|1", "c|1", RECORDS, policy())["weight"] == pytest.approx(link["weight"], abs=0.01)


def test_records_of_one_number_are_joined_by_it() -> None:
    told = explain_pair("b|1", "a|1", RECORDS, policy())
    assert told["joined_by"] == "upgraded_id"
    assert "upgraded_id" in as_text(told)


def test_two_numbers_are_told_to_need_a_judgement() -> None:
    assert "judgement" in as_text(explain_pair("a|1", "d|1", RECORDS, policy()))


def test_an_unknown_record_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        explain_pair("a|1", "nobody", RECORDS, policy())


def test_a_person_is_explained_by_records_and_links_without_values() -> None:
    found = resolve(RECORDS, None, None, policy())
    told = explain_person("P0000000001", found.memberships, found.links, found.conflicts)
    assert told["records"] == ["a|1", "b|1", "c|1"]
    assert {link["method"] for link in told["links"]} == {"upgraded_id", "id_repair"}
    assert "甲" not in as_text(told)
    assert NUMBER not in as_text(told)
