from __future__ import annotations

import polars as pl

from pipelines.synthetic.changes import changes
from pipelines.synthetic.dirt import Fault
from pipelines.synthetic.views import Rows, feeds

FEED = next(feed for feed in feeds() if feed.keys == ("AAC001",))


def _rows(state: dict[int, tuple[str, str]], faults: list[Fault] | None = None) -> Rows:
    frame = pl.DataFrame({"AAC001": [key for key, _ in state.values()], "v": [v for _, v in state.values()]})
    person = pl.Series(list(state), dtype=pl.Int64)
    return Rows(frame, person, person.cast(pl.UInt64), faults or [])


def test_rows_come_change_go_and_change_their_key() -> None:
    before = _rows({1: ("a", "x"), 2: ("b", "x"), 3: ("c", "x"), 4: ("d", "x")})
    after = _rows({1: ("a", "x"), 2: ("b", "y"), 4: ("e", "x"), 5: ("f", "x")})
    told = changes(FEED, before, after)
    assert told.frame.rows() == [
        ("c", "", "D"),
        ("d", "", "D"),
        ("b", "y", "U"),
        ("e", "x", "I"),
        ("f", "x", "I"),
    ]
    assert told.person.to_list() == [-1, -1, 2, 4, 5]


def test_faults_follow_their_rows() -> None:
    before = _rows({1: ("a", "x"), 2: ("b", "x")})
    after = _rows({2: ("b", "z"), 3: ("c", "x")}, [Fault(0, "v", "blank"), Fault(1, "v", "blank")])
    assert [fault.row for fault in changes(FEED, before, after).faults] == [1, 2]


def test_a_row_without_key_cannot_be_deleted() -> None:
    told = changes(FEED, _rows({1: ("", "x")}), _rows({2: ("b", "x")}))
    assert told.frame["CZBZ"].to_list() == ["I"]
