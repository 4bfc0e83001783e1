"""A publication's life: staged, released, refused, withdrawn; and what readers see meanwhile."""

from __future__ import annotations

import threading
import time

import polars as pl
import pytest

from pipelines.errors import PopbaseError, UsageError
from pipelines.store import publication
from pipelines.store.places import close_places, places_seen
from pipelines.store.postgres import Connection, connect, execute, fetch
from pipelines.store.versions import content_hash, row_hashes

A = {"p1": "甲一", "p2": "乙二"}
B = {"p1": "甲一", "p2": "乙三", "p3": "丙四"}


def people(names: dict[str, str]) -> pl.DataFrame:
    keys = list(names)
    return pl.DataFrame({"row_key": keys, "person_id": keys, "name": list(names.values())})


def said(names: dict[str, str]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "table": ["person"] * len(names),
            "row_key": list(names),
            "attribute": ["name"] * len(names),
            "record_key": [f"a/b|{name}" for name in names.values()],
            "rule": ["rank"] * len(names),
        }
    )


def stage(conn: Connection, names: dict[str, str], run: str = "run-1") -> publication.Staged:
    return publication.stage(
        conn, run, {"person": people(names)}, said(names), base=publication.pointer(conn)
    )


def publish(conn: Connection, names: dict[str, str], run: str = "run-1") -> int:
    number = stage(conn, names, run).number
    publication.release(conn, number)
    return number


def seen(conn: Connection) -> dict[str, str]:
    frame = publication.rows_at(conn, "person", publication.pointer(conn))
    assert frame is not None
    return dict(zip(frame["row_key"], frame["name"], strict=True))


def test_readers_see_a_publication_when_it_is_released(conn: Connection) -> None:
    staged = stage(conn, A)
    assert staged.counts["person"] == {"opened": 2, "closed": 0, "unchanged": 0}
    assert seen(conn) == {}
    assert fetch(conn, "select count(*) as n from shared.person") == [{"n": 0}]
    publication.release(conn, staged.number, by="somebody", reason="because")
    assert seen(conn) == A
    assert fetch(conn, "select count(*) as n from shared.person") == [{"n": 2}]
    assert fetch(conn, "select moved_by, reason from publication.movement") == [
        {"moved_by": "somebody", "reason": "because"}
    ]


def test_only_what_changed_is_written(conn: Connection) -> None:
    publish(conn, A)
    staged = stage(conn, B, "run-2")
    assert staged.counts["person"] == {"opened": 2, "closed": 1, "unchanged": 1}
    assert staged.rows["person"] == 3
    assert fetch(conn, "select count(*) as n from golden.person where from_publication = 2") == [{"n": 2}]


def test_a_refused_publication_leaves_only_its_number(conn: Connection) -> None:
    publish(conn, A)
    staged = stage(conn, B, "run-2")
    publication.refuse(conn, staged.number)
    assert seen(conn) == A
    assert fetch(conn, "select from golden.person where from_publication = 2 or to_publication = 2") == []
    assert fetch(conn, "select from golden.provenance where from_publication = 2 or to_publication = 2") == []
    assert publish(conn, B, "run-3") == 3


def test_a_run_that_stages_again_keeps_its_number(conn: Connection) -> None:
    first = stage(conn, A)
    assert stage(conn, A) == first
    assert stage(conn, B, "run-2").number == first.number + 1
    states = [(row["number"], row["state"]) for row in publication.publications(conn)]
    assert states == [(2, "staged"), (1, "refused")]


def test_a_run_made_on_another_publication_is_not_staged(conn: Connection) -> None:
    publish(conn, A)
    with pytest.raises(PopbaseError, match="was made on publication 0"):
        publication.stage(conn, "run-2", {"person": people(B)}, said(B), base=0)


def test_an_unknown_table_or_column_is_named(conn: Connection) -> None:
    with pytest.raises(PopbaseError, match="nothing"):
        publication.stage(conn, "run-1", {"nothing": people(A)}, said(A), base=0)
    wrong = people(A).with_columns(more=pl.lit(1))
    with pytest.raises(PopbaseError, match="no column more"):
        publication.stage(conn, "run-1", {"person": wrong}, said(A), base=0)


def test_decisions_are_made_once(conn: Connection) -> None:
    number = publish(conn, A)
    for decide in (publication.release, publication.refuse):
        with pytest.raises(UsageError, match="is released"):
            decide(conn, number)
    with pytest.raises(UsageError, match="no publication 9"):
        publication.rollback(conn, 9)


def test_after_a_rollback_the_next_publication_starts_from_what_readers_see(conn: Connection) -> None:
    publish(conn, A, "run-1")
    publish(conn, B, "run-2")
    publication.rollback(conn, 1, by="somebody", reason="wrong")
    assert seen(conn) == A
    with pytest.raises(UsageError, match="not released"):
        publication.rollback(conn, 2)
    staged = stage(conn, A, "run-3")
    assert staged.counts["person"] == {"opened": 0, "closed": 0, "unchanged": 2}
    publication.release(conn, staged.number)
    assert seen(conn) == A
    assert dict(publication.rows_at(conn, "person", 2).select("row_key", "name").iter_rows()) == B  # type: ignore[union-attr]


def test_a_staged_publication_does_not_survive_a_rollback(conn: Connection) -> None:
    publish(conn, A, "run-1")
    publish(conn, B, "run-2")
    number = stage(conn, A, "run-3").number
    publication.rollback(conn, 1)
    with pytest.raises(UsageError, match="refused"):
        publication.release(conn, number)
    assert seen(conn) == A


def test_the_same_content_has_the_same_hash(conn: Connection) -> None:
    first = stage(conn, A)
    publication.release(conn, first.number)
    again = stage(conn, dict(reversed(A.items())), "run-2")
    assert again.content_hash == first.content_hash == publication.content_hash_of(conn, again.number)
    assert stage(conn, B, "run-3").content_hash != first.content_hash


def test_a_column_that_is_null_everywhere_changes_no_hash() -> None:
    frame = people(A)
    wider = frame.with_columns(more=pl.lit(None, dtype=pl.Date)).select(
        "more", "name", "row_key", "person_id"
    )
    assert row_hashes(wider).to_list() == row_hashes(frame).to_list()
    assert content_hash({"a": row_hashes(frame), "b": row_hashes(frame.clear())}) == content_hash(
        {"a": row_hashes(frame)}
    )


def test_a_value_cannot_pass_for_another_column() -> None:
    rows = [{"a": "1b=1:2", "b": None}, {"a": "1", "b": "2"}, {"a": "", "b": None}, {"a": None, "b": ""}]
    frame = pl.DataFrame(rows, schema={"a": pl.String, "b": pl.String})
    assert row_hashes(frame).n_unique() == 4


def test_a_key_that_occurs_twice_is_not_published(conn: Connection) -> None:
    twice = pl.concat([people(A), people(A)])
    with pytest.raises(PopbaseError, match="person_standing"):
        publication.stage(conn, "run-1", {"person": twice}, said(A), base=0)
    conn.rollback()


def test_a_reader_in_a_long_transaction_holds_nobody_up(database: object, copy: str) -> None:
    url = database.url(copy)  # type: ignore[attr-defined]
    with connect(url) as conn:
        publish(conn, A, "run-1")
    with connect(url) as reader:
        execute(reader, "set transaction isolation level repeatable read")
        before = fetch(reader, "select person_id from shared.person order by 1")
        started = time.monotonic()
        with connect(url) as conn:
            publish(conn, B, "run-2")
        assert time.monotonic() - started < 5
        assert fetch(reader, "select person_id from shared.person order by 1") == before
    with connect(url) as conn:
        assert seen(conn) == B


def test_nobody_sees_half_a_publication(database: object, copy: str) -> None:
    """Every row says which of two whole contents it belongs to; a reader counts them while they alternate."""
    url = database.url(copy)  # type: ignore[attr-defined]
    contents = [{f"p{i}": f"{letter}名" for i in range(200)} for letter in "甲乙"]
    torn: list[int] = []
    done = threading.Event()

    def read() -> None:
        with connect(url) as conn:
            while not done.is_set():
                rows = fetch(conn, "select count(*) as n, count(distinct name) as kinds from shared.person")
                conn.commit()
                if rows[0]["n"] not in (0, 200) or rows[0]["kinds"] > 1:
                    torn.append(rows[0]["n"])

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(6):
        with connect(url) as conn:
            publish(conn, contents[turn % 2], f"run-{turn}")
    done.set()
    reader.join()
    assert torn == []


def test_a_row_that_somebody_else_wrote_meanwhile_stops_the_publication(conn: Connection) -> None:
    publish(conn, A)
    seen_then = places_seen(conn, "golden.person", "true")
    execute(conn, "update golden.person set name = name where person_id = 'p1'")
    with pytest.raises(PopbaseError, match="was written"):
        close_places(conn, "golden.person", seen_then, 2)


def test_a_row_without_its_hash_stops_the_publication(conn: Connection) -> None:
    publish(conn, A)
    execute(conn, "update golden.person set row_hash = 'x' where person_id = 'p1'")
    with pytest.raises(PopbaseError, match="without its hash"):
        stage(conn, B)
