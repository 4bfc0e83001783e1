from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from pipelines.linkage.causes import with_causes
from pipelines.linkage.resolve import JUDGEMENTS, resolve
from tests.unit.linkage.people import citizen_id, frame, judged, person, policy

NUMBER, OTHER = citizen_id(date(1990, 1, 12)), citizen_id(date(1991, 2, 13))
TWO = [person("a|1", "甲乙", NUMBER), person("b|1", "甲乙", OTHER)]
ONE = [person("a|1", "甲乙", NUMBER), person("b|1", "甲乙", NUMBER)]


def events(
    before: list[dict[str, Any]],
    after: list[dict[str, Any]],
    said_before: pl.DataFrame | None = None,
    said: pl.DataFrame | None = None,
    undone: pl.DataFrame | None = None,
) -> list[tuple[Any, ...]]:
    first = resolve(frame(*before), None, said_before, policy())
    judgements = JUDGEMENTS.to_frame() if said is None else said
    found = resolve(frame(*after), first.memberships, judgements, policy(), next_number=first.next_number)
    taken_back = JUDGEMENTS.to_frame() if undone is None else undone
    told = with_causes(found, frame(*after), first.memberships, judgements, taken_back)
    return told.filter(pl.col("kind") != "created").select("kind", "cause", "record_a", "record_b").rows()


def test_a_corrected_number_merges_and_is_named_as_cause() -> None:
    assert events(TWO, ONE) == [("merged", "valid_id", "a|1", "b|1")]


def test_a_judgement_merges_and_is_named_as_cause() -> None:
    said = judged("a|1", "b|1", "positive")
    assert events(TWO, TWO, said=said) == [("merged", "judgement", "a|1", "b|1")]


def test_a_judgement_parts_what_one_number_joined() -> None:
    said = judged("a|1", "b|1", "negative")
    assert events(ONE, ONE, said=said) == [("split", "judgement", "a|1", "b|1")]


def test_a_judgement_taken_back_is_the_cause_both_ways() -> None:
    joined, apart = judged("a|1", "b|1", "positive"), judged("a|1", "b|1", "negative")
    assert events(TWO, TWO, said_before=joined, undone=joined) == [
        ("split", "judgement_undone", "a|1", "b|1")
    ]
    assert events(ONE, ONE, said_before=apart, undone=apart) == [("merged", "judgement_undone", "a|1", "b|1")]


def test_another_number_parts_and_so_does_a_link_that_is_lost() -> None:
    assert events(ONE, TWO) == [("split", "two_ids", None, None)]
    assert events(ONE, [ONE[0], person("b|1", "丙丁", None)]) == [("split", "link_lost", None, None)]


def test_the_cause_is_the_link_without_which_they_would_be_two() -> None:
    third = person("c|1", "甲乙", NUMBER[:15] + "999", status="invalid")
    alone = person("c|1", "丙丁", None)
    (event,) = events([ONE[0], alone], [ONE[0], third])
    assert event == ("merged", "id_repair", "a|1", "c|1")
