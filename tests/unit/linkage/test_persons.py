from __future__ import annotations

import polars as pl

from pipelines.linkage.persons import FORMER, Assignment, assign

PREVIOUS = {"record_key": pl.String, "person_id": pl.String, "number": pl.Int64}
CLUSTERS = {"record_key": pl.String, "cluster": pl.Int64, "authority": pl.Int64}


def _assign(
    clusters: list[tuple[str, int, int]],
    previous: list[tuple[str, int]],
    next_number: int,
    former: list[tuple[str, int, int]] | None = None,
) -> Assignment:
    before = [(key, f"P{number:010}", number) for key, number in previous]
    return assign(
        pl.DataFrame(clusters, schema=CLUSTERS, orient="row"),
        pl.DataFrame(before, schema=PREVIOUS, orient="row"),
        next_number,
        "P",
        pl.DataFrame(
            [(k, f"P{n:010}", n, f"P{to:010}") for k, n, to in former or []], schema=FORMER, orient="row"
        ),
    )


def _numbers(given: Assignment) -> dict[str, int]:
    return dict(given.memberships.select("record_key", "number").iter_rows())


def _events(given: Assignment) -> list[tuple[str, str, str | None]]:
    return [(kind, a[-1], b and b[-1]) for kind, a, b in given.events.iter_rows()]


def test_new_ids_are_given_in_the_order_of_smallest_record_keys() -> None:
    given = _assign([("c", 7, 1), ("b", 9, 1), ("d", 9, 1), ("a", 8, 1)], [], 1)
    assert _numbers(given) == {"a": 1, "b": 2, "c": 3, "d": 2}
    assert given.memberships["person_id"][0] == "P0000000001"
    assert given.next_number == 4


def test_a_cluster_keeps_the_id_of_its_members() -> None:
    given = _assign([("a", 0, 1), ("b", 0, 1), ("c", 1, 1)], [("a", 5)], 6)
    assert _numbers(given) == {"a": 5, "b": 5, "c": 6}
    assert _events(given) == [("created", "6", None)]


def test_a_merge_keeps_the_older_id_and_leaves_a_redirect() -> None:
    given = _assign([("a", 0, 1), ("b", 0, 99)], [("a", 2), ("b", 3)], 4)
    assert _numbers(given) == {"a": 2, "b": 2}
    assert _events(given) == [("merged", "2", "3")]


def test_a_split_leaves_the_id_with_the_most_authoritative_record() -> None:
    given = _assign([("a", 0, 1), ("b", 1, 99)], [("a", 2), ("b", 2)], 3)
    assert _numbers(given) == {"a": 3, "b": 2}
    assert _events(given) == [("created", "3", None), ("split", "2", "3")]


def test_of_equally_authoritative_parts_the_smallest_key_keeps_the_id() -> None:
    given = _assign([("b", 0, 9), ("a", 1, 9)], [("a", 2), ("b", 2)], 3)
    assert _numbers(given) == {"a": 2, "b": 3}


def test_a_record_that_moves_to_another_person_splits_the_first() -> None:
    given = _assign([("a", 0, 9), ("b", 1, 1), ("c", 1, 9)], [("a", 2), ("b", 2), ("c", 3)], 4)
    assert _numbers(given) == {"a": 2, "b": 3, "c": 3}
    assert _events(given) == [("split", "2", "3")]


def test_a_record_that_comes_back_brings_its_person_back() -> None:
    given = _assign([("a", 0, 1)], [("a", 2), ("gone", 3)], 4)
    assert _numbers(given) == {"a": 2}
    assert given.events.is_empty()


def test_a_million_records_are_assigned_without_a_loop() -> None:
    count = 200_000
    keys = [f"k{n:07}" for n in range(count)]
    clusters = pl.DataFrame(
        {"record_key": keys, "cluster": [n // 3 for n in range(count)], "authority": [1] * count}
    )
    given = assign(clusters, pl.DataFrame(schema=PREVIOUS), 1, "P")
    assert given.memberships["number"].max() == -(-count // 3)
    again = assign(clusters, given.memberships, given.next_number, "P")
    assert again.memberships.equals(given.memberships)


def test_a_parted_merge_gives_the_person_back_that_was_merged_away() -> None:
    given = _assign([("a", 0, 1), ("b", 1, 1)], [("a", 1), ("b", 1)], 3, former=[("b", 2, 1)])
    assert _numbers(given) == {"a": 1, "b": 2}
    assert _events(given) == [("restored", "1", "2")]
    assert given.next_number == 3


def test_of_several_that_were_merged_away_the_oldest_comes_back_to_its_best_record() -> None:
    former = [("b", 2, 1), ("c", 2, 1), ("c", 3, 1)]
    clusters = [("a", 0, 99), ("b", 1, 1), ("c", 2, 9)]
    given = _assign(clusters, [("a", 1), ("b", 1), ("c", 1)], 4, former=former)
    assert _numbers(given) == {"a": 1, "b": 4, "c": 2}


def test_a_record_that_left_before_a_merge_brings_its_own_person_back() -> None:
    given = _assign([("a", 0, 1), ("b", 1, 1)], [("a", 1), ("b", 2)], 3, former=[("b", 2, 1)])
    assert _numbers(given) == {"a": 1, "b": 2}
    assert _events(given) == [("restored", "1", "2")]


def test_who_is_still_merged_away_does_not_come_back() -> None:
    given = _assign([("a", 0, 1), ("b", 0, 1)], [("a", 1), ("b", 1)], 3, former=[("b", 2, 1)])
    assert _numbers(given) == {"a": 1, "b": 1}
    assert _events(given) == []


def test_a_person_stays_with_its_own_records_when_a_merge_is_parted() -> None:
    given = _assign([("a", 0, 9), ("b", 1, 1)], [("a", 1), ("b", 1)], 3, former=[("a", 2, 1)])
    assert _numbers(given) == {"a": 2, "b": 1}
