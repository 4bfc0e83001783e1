"""What holds of every resolution, whatever the records."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.linkage.resolve import Resolution, resolve
from tests.unit.linkage.people import citizen_id, clusters, frame, judged, person, policy

# Few values, so that records collide in every way.
BIRTHS = [date(1990, 1, 12), date(1990, 1, 21), date(1971, 8, 30)]
NUMBERS = [citizen_id(born, order) for born in BIRTHS for order in (11, 12)]
FAULTY = [*(number[:15] + "9" + number[16:] for number in NUMBERS), NUMBERS[0][:15] + "000", "5.11622E+17"]


def _rows(drawn: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        person(f"{one.pop('feed')}|{place}", one.pop("name"), one.pop("number"), **one)
        for place, one in enumerate(dict(one) for one in drawn)
    ]


IDENTITY = st.one_of(
    st.fixed_dictionaries(
        {"number": st.sampled_from(NUMBERS), "status": st.sampled_from(["valid", "upgraded"])}
    ),
    st.fixed_dictionaries({"number": st.sampled_from(FAULTY), "status": st.just("invalid")}),
    st.fixed_dictionaries({"number": st.none(), "status": st.just("blank")}),
)
REST = st.fixed_dictionaries(
    {
        "feed": st.sampled_from("abc"),
        "authority": st.sampled_from([40, 100]),
        "name": st.sampled_from(["甲乙", "甲以", "甲丁", "丁戊己", "甲?", None]),
        "former_name_key": st.sampled_from([None, "甲乙"]),
        "sex_code": st.sampled_from(["1", "2", None]),
        "born_on": st.sampled_from([*BIRTHS, None]),
        "telephone": st.sampled_from(["15400000011", "15400000012", None]),
        "household_number": st.sampled_from(["1", None]),
    }
)
RECORD = st.builds(lambda identity, rest: {**identity, **rest}, IDENTITY, REST)
RECORDS = st.lists(RECORD, max_size=14).map(_rows)
SOME_RECORDS = st.lists(RECORD, min_size=2, max_size=14).map(_rows)
few_examples = settings(max_examples=14)


def _resolve(
    rows: list[dict[str, Any]], previous: pl.DataFrame | None = None, judgements: pl.DataFrame | None = None
) -> Resolution:
    return resolve(frame(*rows), previous, judgements, policy())


@few_examples
@given(RECORDS)
def test_two_valid_ids_never_share_a_person(rows: list[dict[str, Any]]) -> None:
    numbers = (
        frame(*rows)
        .join(_resolve(rows).memberships, on="record_key")
        .group_by("person_id")
        .agg(pl.col("citizen_id").drop_nulls().n_unique())
    )
    assert numbers.filter(pl.col("citizen_id") > 1).is_empty()


@few_examples
@given(RECORDS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(rows: list[dict[str, Any]], dice: Any) -> None:
    shuffled = list(rows)
    dice.shuffle(shuffled)
    one, other = _resolve(rows), _resolve(shuffled)
    for part in ("memberships", "links", "possible", "conflicts", "events"):
        assert getattr(one, part).equals(getattr(other, part)), part


@few_examples
@given(RECORDS)
def test_every_record_has_exactly_one_person(rows: list[dict[str, Any]]) -> None:
    found = _resolve(rows).memberships
    assert found["record_key"].to_list() == sorted(row["record_key"] for row in rows)
    assert found.null_count().sum_horizontal().to_list() == [0]


@few_examples
@given(RECORDS)
def test_resolving_twice_is_resolving_once(rows: list[dict[str, Any]]) -> None:
    once = _resolve(rows)
    again = _resolve(rows, once.memberships)
    assert again.memberships.equals(once.memberships)
    assert again.links.equals(once.links)
    assert again.events.is_empty()


@few_examples
@given(RECORDS)
def test_an_unrelated_person_changes_no_cluster(rows: list[dict[str, Any]]) -> None:
    born = date(2003, 11, 27)
    stranger = person("z|9", "庚辛壬", citizen_id(born, 77), born_on=born, telephone="16900000099")
    before, after = (clusters(_resolve(some).memberships) for some in (rows, [*rows, stranger]))
    assert after == before | {frozenset(["z|9"])}


@few_examples
@given(SOME_RECORDS, st.data())
def test_a_negative_judgement_holds(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    a, b = data.draw(st.permutations([row["record_key"] for row in rows]))[:2]
    found = _resolve(rows, judgements=judged(a, b, "negative")).memberships
    persons = dict(found.select("record_key", "person_id").iter_rows())
    assert persons[a] != persons[b]


@few_examples
@given(SOME_RECORDS, st.data())
def test_a_positive_judgement_joins(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    a, b = data.draw(st.permutations([row["record_key"] for row in rows]))[:2]
    found = _resolve(rows, judgements=judged(a, b, "positive")).memberships
    persons = dict(found.select("record_key", "person_id").iter_rows())
    assert persons[a] == persons[b]


@few_examples
@given(SOME_RECORDS, st.data())
def test_ids_stay_with_records_when_others_leave(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    before = _resolve(rows)
    stay = data.draw(st.lists(st.sampled_from(rows), unique_by=lambda row: row["record_key"]))
    after = _resolve(stay, before.memberships)
    old = dict(before.memberships.select("record_key", "person_id").iter_rows())
    new_ids = set(after.events.filter(pl.col("kind") == "created")["person_id"])
    for keys in clusters(after.memberships):
        person_id = after.memberships.filter(pl.col("record_key").is_in(list(keys)))["person_id"][0]
        assert person_id in {old[key] for key in keys} | new_ids
    came_back = _resolve(rows, before.memberships)
    assert came_back.memberships.equals(before.memberships)


@few_examples
@given(RECORDS)
def test_from_scratch_and_after_a_former_run_the_clusters_are_the_same(rows: list[dict[str, Any]]) -> None:
    half = _resolve(rows[::2]).memberships
    assert clusters(_resolve(rows, half).memberships) == clusters(_resolve(rows).memberships)
