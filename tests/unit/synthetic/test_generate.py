from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import polars as pl
import pytest

from pipelines.synthetic.generate import Generated, generate
from tests.unit.synthetic.deliveries import count, is_valid_id, lines, manifests, sheet, table


def _digests(county: Path) -> dict[str, str]:
    files = sorted(path for path in county.rglob("*") if path.is_file())
    return {str(f.relative_to(county)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def test_the_same_seed_gives_the_same_bytes(county: Path, again: tuple[Path, Generated]) -> None:
    assert _digests(county) == _digests(again[0])


def test_another_seed_gives_other_people(county: Path, tmp_path: Path) -> None:
    generate(600, 1, tmp_path)
    assert _digests(county)["truth.csv"] != _digests(tmp_path)["truth.csv"]


def test_manifests_state_hash_and_number_of_rows(county: Path) -> None:
    for folder, manifest in manifests(county):
        assert manifest["rows"] == count(county, folder, manifest)
        if "file" in manifest:
            raw = (folder / manifest["file"]).read_bytes()
            assert manifest["sha256"] == hashlib.sha256(raw).hexdigest()


def test_the_returned_counts_are_those_of_the_manifests(again: tuple[Path, Generated]) -> None:
    out, generated = again
    stated = {(m["feed"], m["sequence"]): m["rows"] for _, m in manifests(out)}
    assert stated == generated.rows


def test_sequences_count_from_one_and_follow_the_dates(county: Path) -> None:
    by_feed: dict[str, list[tuple[int, str]]] = {}
    for _, manifest in manifests(county):
        by_feed.setdefault(manifest["feed"], []).append((manifest["sequence"], manifest["data_date"]))
    for deliveries in by_feed.values():
        ordered = sorted(deliveries)
        assert [sequence for sequence, _ in ordered] == list(range(1, len(ordered) + 1))
        assert [date for _, date in ordered] == sorted(date for _, date in ordered)


def test_truth_names_rows_that_exist(county: Path) -> None:
    stated = {(m["feed"], m["sequence"]): m["rows"] for _, m in manifests(county)}
    truth = pl.read_csv(county / "truth.csv")
    assert truth.select("feed", "sequence", "row").is_duplicated().sum() == 0
    for feed, sequence, row in truth.select("feed", "sequence", "row").iter_rows():
        assert 1 <= row <= stated[feed, sequence]


def test_a_monthly_register_has_a_true_person_in_every_row(county: Path) -> None:
    truth = pl.read_csv(county / "truth.csv").filter(pl.col("feed").str.ends_with("permit"))
    stated = [m["rows"] for _, m in manifests(county) if m["feed"].endswith("permit")]
    assert len(truth) == sum(stated)


def test_persons_are_as_many_as_asked_for(county: Path) -> None:
    first = pl.read_csv(county / "truth.csv").filter(pl.col("data_date") == "2026-06-30")
    assert 580 <= first["person"].n_unique() <= 600


def test_valid_numbers_of_one_person_are_valid_by_an_independent_check(county: Path) -> None:
    folder, manifest = next(
        (folder, manifest) for folder, manifest in manifests(county) if "registration" in str(folder)
    )
    rows = [line.split(",") for line in lines(folder, manifest)]
    numbers = [row[0] for row in rows[1:] if row[0]]
    assert sum(is_valid_id(number) for number in numbers) > 0.98 * len(numbers)
    assert len(set(numbers)) > 0.99 * len(numbers)


def test_birth_date_and_sex_are_in_the_number(county: Path) -> None:
    folder, manifest = next((f, m) for f, m in manifests(county) if "registration" in str(f))
    header, *rows = [line.split(",") for line in lines(folder, manifest)]
    at = [header.index(name) for name in ("GMSFHM", "CSRQ", "XB")]
    agreeing = [
        row[at[0]][6:14] == row[at[1]] and int(row[at[0]][16]) % 2 == int(row[at[2]]) % 2
        for row in rows
        if len(row) == len(header) and is_valid_id(row[at[0]])
    ]
    assert sum(agreeing) > 0.99 * len(agreeing)


def test_a_workbook_has_title_header_total_and_footer(county: Path) -> None:
    folder, manifest = next((f, m) for f, m in manifests(county) if m.get("encoding") == "xlsx")
    title, header, *rows, total, footer = sheet(folder, manifest)
    assert title[0] == "2025-2026学年学籍信息表"
    assert header[0] == "学籍号"
    assert total[:2] == ("合计", str(manifest["rows"]))
    assert str(footer[0]).startswith("填表人：")
    assert {str(row[0])[0] for row in rows} <= set("GJL")


def test_roll_numbers_with_j_pass_the_check_but_are_nobodys(tmp_path: Path) -> None:
    generate(4000, 5, tmp_path)
    folder, manifest = next((f, m) for f, m in manifests(tmp_path) if m.get("encoding") == "xlsx")
    rolls = [str(row[0]) for row in sheet(folder, manifest)[2:-2]]
    invented = [roll[1:] for roll in rolls if roll[0] == "J"]
    assert invented
    assert all(is_valid_id(number) for number in invented)


def test_incremental_deliveries_end_with_the_operation(county: Path) -> None:
    for folder, manifest in manifests(county):
        if manifest["mode"] != "incremental" or "table" in manifest:
            continue
        header, *rows = [line.split(",") for line in lines(folder, manifest)]
        assert header[-1] == "CZBZ"
        assert {row[-1] for row in rows} <= {"I", "U", "D"}
        assert all(row[0] and not any(row[1:-1]) for row in rows if row[-1] == "D")


def test_packages_applied_in_order_give_the_state_of_the_register(county: Path) -> None:
    stated = [m for _, m in manifests(county) if "table" in m]
    state: set[tuple[str, str]] = set()
    for manifest in sorted(stated, key=lambda m: m["sequence"]):
        package = table(county, manifest)
        assert package.columns[-2:] == ["BAO", "CZBZ"]
        for key, operation in zip(package.select("YWH", "QLRXH").rows(), package["CZBZ"], strict=True):
            assert (key in state) == (operation != "I")
            state = state - {key} if operation == "D" else state | {key}
    assert len(state) > 50


def test_rows_of_a_package_are_in_the_order_of_their_keys(county: Path) -> None:
    for _, manifest in manifests(county):
        if "table" in manifest:
            keys = table(county, manifest).select("YWH", "QLRXH").rows()
            assert keys == sorted(keys, key=lambda key: tuple(part.encode() for part in key))


def test_control_totals_are_those_of_the_rows(county: Path) -> None:
    for folder, manifest in manifests(county):
        for column, totals in manifest.get("control_totals", {}).items():
            if "table" in manifest:
                values = set(table(county, manifest)[column])
            else:
                _, header, *rows = sheet(folder, manifest)[:-2]
                values = {str(row[header.index(column)]) for row in rows}
            assert totals["distinct"] == len(values)


def test_faults_name_columns_and_rows_that_exist(county: Path) -> None:
    stated = {(m["feed"], m["sequence"]): m["rows"] for _, m in manifests(county)}
    with (county / "faults.csv").open(encoding="utf-8") as stream:
        faults = list(csv.DictReader(stream))
    assert len(faults) > 100
    for fault in faults:
        first = 0 if fault["kind"].startswith("header") else 1
        assert first <= int(fault["row"]) <= stated[fault["feed"], int(fault["sequence"])]


def test_noted_faults_are_in_the_rows(county: Path) -> None:
    faults = pl.read_csv(county / "faults.csv", schema_overrides={"column": pl.String})
    for folder, manifest in manifests(county):
        if manifest.get("encoding") != "gb18030":
            continue
        header, *rows = [line.split(",") for line in lines(folder, manifest)]
        mine = faults.filter(feed=manifest["feed"], sequence=manifest["sequence"], kind="fifteen")
        for row, column in mine.select("row", "column").iter_rows():
            assert len(rows[row - 1][header.index(column)]) == 15


def test_later_full_deliveries_differ_but_lose_few_keys(county: Path) -> None:
    full = [(f, m) for f, m in manifests(county) if m["feed"].endswith("contribution")]
    before, after = ([line.split("|")[0] for line in lines(*delivery)[1:]] for delivery in full)
    assert before != after
    assert len(set(before) - set(after)) < 0.03 * len(set(before))


def test_progress_is_told_up_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    generate(50, 1, tmp_path, progress=lambda *args: told.append(args))
    assert told[-1] == ("people", 50, 50)


@pytest.mark.parametrize(("persons", "months"), [(0, 1), (5, 0)])
def test_a_county_of_nobody_or_of_no_month_is_refused(tmp_path: Path, persons: int, months: int) -> None:
    with pytest.raises(ValueError, match="from 1"):
        generate(persons, 1, tmp_path, months)


def test_nobody_is_a_pupil_s_guardian_who_is_the_pupil_or_grown_up_beside_it(county: Path) -> None:
    known = 0
    for folder, manifest in manifests(county):
        if manifest["feed"] != "education/enrolment":
            continue
        _, header, *rows = sheet(folder, manifest)
        name, guardian, relation = (header.index(c) for c in ("姓名", "监护人姓名", "监护人关系"))
        assert not [row for row in rows[:-2] if row[name] == row[guardian] and row[relation]]
        assert not [row for row in rows[:-2] if row[guardian] and not row[relation]]
        known += sum(bool(row[relation]) for row in rows[:-2])
    assert known > 20
