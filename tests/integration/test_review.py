"""Clerical review on a real database: what people say, what of it holds, and what the next run makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pipelines.errors import PopbaseError, UsageError
from pipelines.privacy import reference
from pipelines.reviewing import cases, figures, sheets
from pipelines.reviewing.cases import Wanted
from pipelines.settings import Settings
from pipelines.store.consistency import faults
from pipelines.store.database import open_database
from pipelines.store.postgres import execute
from tests.town import FEED, NUMBERS, Town, open_town

REGISTER: dict[str, dict[str, Any]] = {
    "a": {"name": "甲乙", "number": NUMBERS["甲"]},
    "b": {"name": "甲乙", "number": NUMBERS["甲"]},
    "c": {"name": "丙丁", "number": NUMBERS["乙"]},
    "d": {"name": "丙丁", "number": None, "telephone": "13800000001"},
}


@pytest.fixture
def town(fresh: Settings, tmp_path: Path) -> Town:
    made = open_town(fresh, tmp_path)
    made.deliver(REGISTER)
    made.resolve()
    return made


def name(key: str) -> str:
    return reference(f"{FEED}|{key}")


def case(town: Town, a: str, b: str) -> int:
    return int(cases.open_case(town.settings, name(a), name(b))["case"])


def decide(town: Town, number: int, verdict: Any, by: str = "甲", **how: Any) -> dict[str, Any]:
    return cases.decide(town.settings, number, verdict, by=by, why="a test", **how)


def test_a_negative_judgement_parts_what_one_number_joined_and_undoing_it_joins_again(town: Town) -> None:
    before = town.persons()
    assert before["a"] == before["b"]
    told = decide(town, case(town, "a", "b"), "non-link")
    assert cases.show_case(town.settings, told["case"])["is_in_effect"] is False
    town.resolve()
    assert cases.show_case(town.settings, told["case"])["is_in_effect"] is True
    apart = town.persons()
    assert apart["a"] == before["a"]
    assert apart["b"] != before["a"]
    cases.undo(town.settings, told["judgement"], by="乙", why="it was one person")
    town.resolve()
    assert town.persons() == before
    (row,) = town.ask("select redirect_to from resolution.person where person_id = %s", apart["b"])
    assert row["redirect_to"] == before["a"]
    with open_database(town.settings) as conn:
        assert [fault for _, fault in faults(conn) if fault] == []


def test_a_positive_judgement_joins_two_numbers_and_leaves_a_redirect(town: Town) -> None:
    before = town.persons()
    told = decide(town, case(town, "a", "c"), "link")
    town.resolve()
    joined = town.persons()
    assert joined["a"] == joined["b"] == joined["c"] == before["a"]
    (row,) = town.ask("select redirect_to from resolution.person where person_id = %s", before["c"])
    assert row["redirect_to"] == before["a"]
    cases.undo(town.settings, told["judgement"], by="乙", why="two people after all")
    town.resolve()
    assert town.persons() == before
    events = town.ask(
        "select e.kind, e.other_id, c.cause, c.undoes from resolution.event e join resolution.event_cause c"
        " using (event_id) order by event_id"
    )
    assert [(e["kind"], e["other_id"], e["cause"]) for e in events] == [
        ("merged", before["c"], "judgement"),
        ("restored", before["c"], "judgement_undone"),
    ]
    assert events[1]["undoes"] is not None
    (row,) = town.ask("select redirect_to from resolution.person where person_id = %s", before["c"])
    assert row["redirect_to"] is None


def test_two_who_disagree_count_for_nothing_until_a_third_settles_it(town: Town) -> None:
    before, number = town.persons(), case(town, "a", "b")
    decide(town, number, "non-link", by="甲")
    assert decide(town, number, "link", by="乙")["state"] == "disagreement"
    town.resolve()
    assert town.persons() == before
    (waiting,) = cases.list_cases(town.settings, Wanted("disagreement"))
    assert waiting["case"] == number
    with pytest.raises(UsageError, match="cannot settle"):
        decide(town, number, "link", by="乙", settle=True)
    assert decide(town, number, "non-link", by="丙", settle=True)["verdict"] == "non-link"
    town.resolve()
    assert town.persons()["b"] != before["a"]


def test_a_later_unsure_takes_nothing_back(town: Town) -> None:
    number = case(town, "a", "b")
    decide(town, number, "non-link")
    assert decide(town, number, "unsure")["verdict"] == "non-link"
    assert decide(town, number, "unsure", by="乙")["state"] == "decided"


def test_what_was_said_cannot_be_changed(town: Town) -> None:
    decide(town, case(town, "a", "b"), "non-link")
    for statement in (
        "update resolution.judgement set verdict = 'positive'",
        "delete from resolution.judgement",
        "truncate resolution.judgement cascade",
        "delete from resolution.judgement_undo",
        "delete from resolution.review_sample",
        "delete from resolution.event_cause",
    ):
        with pytest.raises(PopbaseError, match="append-only"), open_database(town.settings) as conn:
            execute(conn, statement)


def test_no_cell_of_the_workbook_can_start_a_formula_and_it_comes_back(town: Town, tmp_path: Path) -> None:
    number, path = case(town, "a", "b"), tmp_path / "review.xlsx"
    sheets.give_out(town.settings, path, Wanted(), by="甲", purpose="a test")
    book = openpyxl.load_workbook(path)
    rows = list(book.worksheets[0].iter_rows())
    assert {cell.data_type for row in rows for cell in row} <= {"s", "n"}  # n: an empty cell
    assert all(cell.quotePrefix for row in rows[1:] for cell in row)
    mine = next(row for row in rows[1:] if row[0].value == str(number))
    mine[-2].value, mine[-1].value = "不同人", "+1 looked"
    rows[0][0].parent.append(["77", "", "", "", "x\ny", *[""] * (len(mine) - 7), "不同人", "why"])
    book.save(path)
    told = sheets.take_in(town.settings, path, by="乙")
    assert (told["taken"], [fault["fault"] for fault in told["refused"]]) == (1, ["unknown"])
    again = sheets.take_in(town.settings, path, by="乙")
    assert (again["taken"], again["known"]) == (0, 1)
    (said,) = cases.show_case(town.settings, number)["judgements"]
    assert (said["by"], said["verdict"], said["why"]) == ("乙", "non-link", "+1 looked")


def test_values_are_shown_only_where_it_is_written_down_who_looks(town: Town) -> None:
    number = case(town, "a", "d")
    assert "values" not in cases.show_case(town.settings, number)
    with pytest.raises(UsageError, match="name and a purpose"):
        cases.show_case(town.settings, number, purpose="to see")
    seen = cases.show_case(town.settings, number, by="甲", purpose="to see")["values"]
    assert seen["name"] == ("甲乙", "丙丁") or seen["name"] == ("丙丁", "甲乙")
    (row,) = town.ask("select subject, unmasked_by, purpose from ledger.unmasking")
    assert list(row.values()) == [f"review:{number}", "甲", "to see"]


def test_agreement_counts_first_words_of_cases_that_both_judged(town: Town) -> None:
    for pair, first, second in (("ab", "link", "link"), ("ac", "non-link", "link"), ("cd", "link", "link")):
        number = case(town, *pair)
        decide(town, number, first, by="甲")
        decide(town, number, second, by="乙")
        decide(town, number, first, by="乙")
    (pair_told,) = figures.agreement(town.settings)
    assert (pair_told["cases"], pair_told["agreed"], pair_told["share"]["estimate"]) == (3, 2, 0.6667)


def test_drawn_links_become_cases_and_their_judgements_an_estimate(town: Town) -> None:
    drawn = figures.draw_links(town.settings, 5, 7, by="甲")
    assert drawn["strata"] == {"valid_id": 1}
    (one,) = cases.list_cases(town.settings, Wanted("all", sample=7))
    decide(town, one["case"], "link")
    (found,) = figures.estimates(town.settings)
    assert (found["judged"], found["precision"]["estimate"], found["precision"]["high"]) == (1, 1.0, 1.0)
    assert found["precision"]["low"] < 0.3


def test_a_judged_run_is_told_apart_from_one_that_nobody_judged(town: Town) -> None:
    inputs = "select inputs from ledger.run order by started_at desc limit 1"
    assert "judgements" not in town.ask(inputs)[0]["inputs"]
    decide(town, case(town, "a", "b"), "non-link")
    town.resolve()
    assert "judgements" in town.ask(inputs)[0]["inputs"]
