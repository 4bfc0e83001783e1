from __future__ import annotations

from pathlib import Path

import polars as pl

from pipelines.synthetic.finding import Comparison, compare, read_planted

Told = tuple[int, str, str]
FEED = ("d/f", 1)


def frame(rows: list[Told], last: str) -> pl.DataFrame:
    schema = ["feed", "sequence", "row", "column", last]
    return pl.DataFrame([(*FEED, *row) for row in rows], schema=schema, orient="row").cast(
        {"feed": pl.String, "sequence": pl.Int64, "row": pl.Int64, "column": pl.String, last: pl.String}
    )


def compared(planted: list[Told], told: list[Told], comparable: tuple[int, ...] = ()) -> Comparison:
    rows = frame([(row, "", "") for row in comparable], "code").select("feed", "sequence", "row")
    return compare(frame(planted, "kind"), frame(told, "code"), rows)


def counts(comparison: Comparison, kind: str) -> tuple[int, ...]:
    row = comparison.kinds.filter(kind=kind).row(0, named=True)
    return tuple(row[name] for name in ("planted", "hidden", "found", "other", "missed"))


def test_a_fault_is_found_by_its_code_at_its_place() -> None:
    planted = [(row, "ID", "fifteen") for row in (1, 2, 3, 4)]
    told = [(1, "ID", "PB-ID-020"), (2, "ID", "PB-ID-032"), (3, "XM", "PB-ID-020")]
    comparison = compared(planted, told)
    assert counts(comparison, "fifteen") == (4, 0, 1, 1, 2)
    assert comparison.share_found == 0.25


def test_a_warning_where_nothing_was_planted_is_an_alarm_and_a_note_is_none() -> None:
    told = [(1, "ID", "PB-ID-020"), (1, "DH", "PB-TL-001"), (2, "", "PB-RW-001")]
    assert compared([], told).alarms.select("row", "code").rows() == [(1, "PB-ID-020"), (2, "PB-RW-001")]


def test_a_warning_of_what_is_right_is_an_alarm() -> None:
    comparison = compared([(1, "QH", "old_division")], [(1, "QH", "PB-CD-011")])
    assert comparison.alarms.height == 1


def test_a_row_set_aside_hides_its_other_faults() -> None:
    comparison = compared([(1, "", "short"), (1, "ID", "fifteen")], [(1, "", "PB-RW-001")])
    assert counts(comparison, "short") == (1, 0, 1, 0, 0)
    assert counts(comparison, "fifteen") == (1, 1, 0, 0, 0)
    assert comparison.alarms.height == 0


def test_of_two_reasons_to_set_a_row_aside_one_is_told() -> None:
    planted = [(1, "", "short"), (1, "HH", "blank_key"), (2, "HH", "blank_key")]
    comparison = compared(planted, [(1, "", "PB-RW-001"), (2, "", "PB-RW-002")])
    assert counts(comparison, "short") == (1, 0, 1, 0, 0)
    assert counts(comparison, "blank_key") == (2, 1, 0, 0, 1)


def test_a_disagreement_counts_where_the_row_has_a_number_to_compare_with() -> None:
    planted = [(1, "XB", "flipped"), (2, "XB", "flipped"), (3, "XB", "flipped")]
    comparison = compared(planted, [(1, "XB", "PB-ID-071")], comparable=(1, 2))
    assert counts(comparison, "flipped") == (3, 1, 1, 0, 1)


def test_another_person_s_number_explains_the_disagreement_in_its_row() -> None:
    comparison = compared([(1, "ID", "line_slip")], [(1, "CSRQ", "PB-ID-070"), (2, "CSRQ", "PB-ID-070")])
    assert comparison.alarms["row"].to_list() == [2]


def test_a_header_s_fault_stands_in_row_nought() -> None:
    comparison = compared([(0, "XM", "header_renamed")], [(0, "XM", "PB-HD-001")])
    assert counts(comparison, "header_renamed") == (1, 0, 1, 0, 0)


def test_nothing_planted_is_all_found() -> None:
    assert compared([], []).share_found == 1.0


def test_blank_columns_are_read_as_the_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "faults.csv"
    path.write_text("feed,sequence,row,column,kind\nd/f,1,2,,short\nd/f,1,3,XM,blank\n", encoding="utf-8")
    assert read_planted(path)["column"].to_list() == ["", "XM"]
