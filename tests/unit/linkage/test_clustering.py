from __future__ import annotations

import polars as pl

from pipelines.linkage.clustering import JUDGED, KEPT_APART, TOO_LARGE, TWO_IDS, Clustering, cluster

NODES = {"record_key": pl.String, "unit": pl.Int32, "label": pl.Int64, "anchor": pl.String}
LINKS = {"record_a": pl.String, "record_b": pl.String, "weight": pl.Float64}
JUDGEMENTS = {"record_a": pl.String, "record_b": pl.String, "verdict": pl.String}


def _cluster(
    nodes: list[tuple[str, int, int | None, str]],
    links: list[tuple[str, str, float]],
    judgements: list[tuple[str, str, str]] | None = None,
    cap: int = 100,
) -> Clustering:
    return cluster(
        pl.DataFrame(nodes, schema=NODES, orient="row"),
        pl.DataFrame(links, schema=LINKS, orient="row"),
        pl.DataFrame(judgements or [], schema=JUDGEMENTS, orient="row"),
        cap,
    )


def _alone(*keys: str) -> list[tuple[str, int, int | None, str]]:
    return [(key, unit, None, key) for unit, key in enumerate(keys)]


def _partition(found: Clustering) -> list[str]:
    grouped = found.clusters.group_by("cluster").agg(pl.col("record_key").sort().str.join(""))
    return sorted(grouped["record_key"])


def test_links_join_and_what_has_no_link_stays_alone() -> None:
    assert _partition(_cluster(_alone(*"abcd"), [("a", "b", 9), ("b", "c", 8)])) == ["abc", "d"]


def test_two_ids_never_meet_and_the_stronger_link_wins() -> None:
    nodes: list[tuple[str, int, int | None, str]] = [("a", 0, 1, "a"), ("b", 1, 2, "b"), ("c", 2, None, "c")]
    found = _cluster(nodes, [("a", "c", 8), ("b", "c", 9)])
    assert _partition(found) == ["a", "bc"]
    assert found.refused.rows() == [("a", "c", TWO_IDS)]


def _in_feeds(links: list[tuple[str, str, float]], judgements: list[tuple[str, str, str]]) -> Clustering:
    nodes = pl.DataFrame(_alone(*"abc"), schema=NODES, orient="row").with_columns(
        feed=pl.Series(["x", "y", "x"])
    )
    said = pl.DataFrame(judgements, schema=JUDGEMENTS, orient="row")
    return cluster(nodes, pl.DataFrame(links, schema=LINKS, orient="row"), said, 100, ["x"])


def test_records_that_a_feed_keeps_apart_are_never_linked_by_way_of_others() -> None:
    found = _in_feeds([("a", "b", 9.0), ("b", "c", 8.0)], [])
    assert _partition(found) == ["ab", "c"]
    assert found.refused.rows() == [("b", "c", KEPT_APART)]


def test_a_judgement_joins_what_a_feed_keeps_apart() -> None:
    assert _partition(_in_feeds([("a", "b", 9.0)], [("a", "c", "positive")])) == ["abc"]


def test_one_id_joins_what_a_feed_keeps_apart_though_a_record_of_it_was_judged() -> None:
    nodes = pl.DataFrame([(key, 0, 1, "a") for key in "abc"], schema=NODES, orient="row")
    judged = pl.DataFrame([("a", "z", "negative"), ("a", "b", "positive")], schema=JUDGEMENTS, orient="row")
    found = cluster(nodes.with_columns(feed=pl.lit("x")), pl.DataFrame(schema=LINKS), judged, 100, ["x"])
    assert _partition(found) == ["abc"]


def test_of_equal_links_the_smaller_keys_win() -> None:
    nodes: list[tuple[str, int, int | None, str]] = [("a", 0, 1, "a"), ("b", 1, 2, "b"), ("c", 2, None, "c")]
    assert _partition(_cluster(nodes, [("b", "c", 9), ("a", "c", 9)])) == ["ac", "b"]


def test_a_negative_judgement_holds_against_any_chain_of_links() -> None:
    links = [("a", "b", 50.0), ("b", "c", 40.0), ("c", "d", 30.0)]
    found = _cluster(_alone(*"abcd"), links, [("a", "d", "negative")])
    assert _partition(found) == ["abc", "d"]
    assert found.refused.rows() == [("c", "d", JUDGED)]


def test_a_negative_judgement_takes_a_record_out_of_its_id() -> None:
    nodes: list[tuple[str, int, int | None, str]] = [(key, 0, 1, "a") for key in "abc"]
    assert _partition(_cluster(nodes, [], [("a", "b", "negative")])) == ["ac", "b"]


def test_a_positive_judgement_joins_what_ids_keep_apart() -> None:
    nodes: list[tuple[str, int, int | None, str]] = [
        ("a", 0, 1, "a"), ("b", 0, 1, "a"), ("c", 1, 2, "c"), ("d", 1, 2, "c"),
    ]  # fmt: skip
    assert _partition(_cluster(nodes, [], [("b", "c", "positive")])) == ["abcd"]


def test_of_two_judgements_on_one_pair_the_last_counts() -> None:
    judgements = [("a", "b", "negative"), ("b", "a", "positive")]
    assert _partition(_cluster(_alone(*"ab"), [], judgements)) == ["ab"]


def test_an_unsure_judgement_and_one_about_a_record_that_left_change_nothing() -> None:
    judgements = [("a", "b", "unsure"), ("a", "gone", "positive")]
    assert _partition(_cluster(_alone(*"ab"), [("a", "b", 9)], judgements)) == ["ab"]


def test_a_cluster_does_not_grow_beyond_the_cap() -> None:
    found = _cluster(_alone(*"abc"), [("a", "b", 9), ("b", "c", 8)], cap=2)
    assert _partition(found) == ["ab", "c"]
    assert found.refused["why"].to_list() == [TOO_LARGE]
