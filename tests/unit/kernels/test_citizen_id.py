from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines.kernels.citizen_id import repair_candidates, school_rolls, standardise_citizen_ids

AS_OF = date(2026, 6, 30)
VECTORS = Path(__file__).parents[2] / "data" / "id_vectors.csv"
STATUS = {
    "valid": "valid",
    "valid_suspicious": "valid",
    "valid_normalised": "valid",
    "valid_structure": "valid",
    "repairable": "invalid",
    "invalid": "invalid",
    "invalid:excel_precision": "invalid",
    "invalid:excel_scientific": "invalid",
    "invalid:float64": "invalid",
    "upgradeable:51162219900101001X": "upgraded",
    "ambiguous": "ambiguous",
    "contains_cid18": "not_citizen",
    "not_a_citizen_id": "not_citizen",
}


def vectors() -> list[tuple[str, str, str]]:
    with VECTORS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [(row["value"], row["kind"], row["expected"]) for row in rows]


def judge(*texts: str | None) -> list[dict[str, object]]:
    return standardise_citizen_ids(pl.Series(texts, dtype=pl.String), as_of=AS_OF).to_dicts()


@pytest.mark.parametrize(("value", "kind", "expected"), vectors())
def test_every_vector_has_its_status(value: str, kind: str, expected: str) -> None:
    (judged,) = judge(value)
    if kind in ("uscc", "marriage"):
        assert judged["status"] in ("not_citizen", "invalid")
        return
    assert judged["status"] == STATUS[expected]
    assert (judged["value"] is not None) == (judged["status"] in ("valid", "upgraded"))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("51162219900101001X", None),
        ("51162219900101001x", "PB-ID-011"),
        ("５１１６２２１９９００１０１００１Ｘ", "PB-ID-010"),
        ("51162219900101001Ⅹ", "PB-ID-012"),
        ("51162219900101001Х", "PB-ID-012"),
        ("51162219900101001Χ", "PB-ID-012"),
        ("'51162219900101001X", "PB-ID-013"),
        ('="51162219900101001X"', "PB-ID-013"),
        ("\ufeff51162219900101001X\u200b", "PB-ID-014"),
        ("511622 19900101 001X", "PB-ID-015"),
        ("511622900101001", "PB-ID-020"),
        ("511622230101997", "PB-ID-021"),
        ("511622900230001", "PB-ID-022"),
        ("5116221990010100", "PB-ID-030"),
        ("51162219900l01001X", "PB-ID-031"),
        ("511622199001010011", "PB-ID-032"),
        ("511622199002300115", "PB-ID-033"),
        ("511622203001010115", "PB-ID-034"),
        ("511622179001010014", "PB-ID-035"),
        ("51162219900101001*", "PB-ID-036"),
        ("511622********1234", "PB-ID-037"),
        ("440524188001010014", "PB-ID-040"),
        ("119999199001010012", "PB-ID-041"),
        ("5.11622E+17", "PB-ID-050"),
        ("511622199001010000", "PB-ID-051"),
        ("511622199001009984", "PB-ID-052"),
        ("511622199001041000", "PB-ID-053"),
        ("5l1622199001010011", "PB-ID-031"),
        ("ABC123456789012", "PB-ID-060"),
        ("E12345678", "PB-ID-061"),
        ("北字第01234567号", "PB-ID-061"),
        ("91110000600037341L", "PB-ID-062"),
        ("J511622201201019019", "PB-ID-063"),
        ("不详", "PB-ID-064"),
        ("000000", "PB-ID-064"),
        ("000000000000000000", "PB-ID-033"),
    ],
)
def test_every_fault_has_its_code(text: str, code: str | None) -> None:
    assert judge(text)[0]["code"] == code


@pytest.mark.parametrize("blank", [None, "", "   ", "\u3000", "\ufeff\u200b", "\t"])
def test_nothing_is_said_about_blanks(blank: str | None) -> None:
    (judged,) = judge(blank)
    assert judged.pop("status") == "blank"
    assert set(judged.values()) == {None}


def test_division_codes_of_every_year_of_the_county_are_known() -> None:
    judged = judge("51292819700615123X", "513623197006151232", "511622197006151234")
    assert [one["code"] for one in judged] == [None, None, None]


def test_an_unknown_division_stays_valid() -> None:
    (judged,) = judge("119999199001010012")
    assert (judged["status"], judged["division_code"]) == ("valid", "119999")


def test_residence_permits_and_foreign_residents_are_kinds_of_their_own() -> None:
    judged = judge("810000199001010019", "830000199001010012", "911156199001010010")
    assert [one["kind"] for one in judged] == ["hmt", "hmt", "foreign_resident"]
    assert judged[2]["division_code"] is None


def test_what_a_number_tells_is_split_off() -> None:
    (judged,) = judge("11010519491231002X")
    assert judged["born_on"] == date(1949, 12, 31)
    assert (judged["sex_code"], judged["division_code"]) == ("2", "110105")


def test_an_upgraded_number_keeps_its_old_form_as_cleaned() -> None:
    (judged,) = judge(" 511622900101001")
    assert (judged["value"], judged["cleaned"]) == ("51162219900101001X", "511622900101001")


def test_an_invalid_number_keeps_its_cleaned_form_and_tells_nothing() -> None:
    (judged,) = judge("'511622199001010011")
    assert judged["cleaned"] == "511622199001010011"
    assert (judged["value"], judged["born_on"], judged["kind"]) == (None, None, None)


def test_no_rows_are_no_rows() -> None:
    empty = pl.Series([], dtype=pl.String)
    assert standardise_citizen_ids(empty, as_of=AS_OF).height == 0
    assert school_rolls(empty).height == repair_candidates(empty).height == 0


def test_only_school_rolls_with_g_hold_a_citizen_id() -> None:
    rolls = pl.Series(["G51162219900101001X", "J511622201201019019", "L511622201201011234", "7", None, ""])
    read = school_rolls(rolls, as_of=AS_OF)
    assert read["citizen_id"].to_list() == ["51162219900101001X", None, None, None, None, None]
    assert read["kind"].to_list() == ["G", "J", "L", "other", None, None]


def test_a_school_roll_with_a_failing_number_is_told() -> None:
    read = school_rolls(pl.Series(["G511622199001010011", "511622"]), as_of=AS_OF)
    assert read["code"].to_list() == ["PB-ID-066", "PB-ID-065"]


def test_a_starred_check_character_is_repaired_by_the_check_alone() -> None:
    found = repair_candidates(pl.Series(["51162219900101001*", None, "5"]))
    assert found.rows() == [(0, "51162219900101001X", "check")]


def test_a_number_that_passes_has_no_candidates() -> None:
    assert repair_candidates(pl.Series(["51162219900101001X"])).height == 0
