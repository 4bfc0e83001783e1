from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from pipelines.linkage import hiding
from pipelines.linkage.hidden_quality import LEAST, hidden_quality, merged, traits_of
from pipelines.linkage.hiding import HIDDEN, as_fitted, hidden_links
from pipelines.linkage.residual import FellegiSunterEngine
from pipelines.linkage.resolve import resolve
from tests.unit.linkage.people import citizen_id, frame, person, policy

NAMES = [a + b + c for a in "甲乙丙丁" for b in "戊己庚" for c in "辛壬癸"]


def people() -> list[dict[str, Any]]:
    """Two feeds tell of everybody; a twin of the first has another number and everything else in common."""
    rows = []
    for n, name in enumerate(NAMES):
        born = date(1970, 1, 1) + timedelta(days=97 * n)
        shared: dict[str, Any] = {"born_on": born, "telephone": f"138{n:08d}", "household_number": f"{n:09d}"}
        rows += [person(f"{feed}|{n}", name, citizen_id(born), **shared) for feed in ("a", "b")]
    born = date(1970, 1, 1)
    twin: dict[str, Any] = {"born_on": born, "telephone": "13800000000", "household_number": "000000000"}
    return [*rows, person("c|0", NAMES[0], citizen_id(born, 13), **twin)]


def hidden(rows: list[dict[str, Any]], size: int = 200) -> pl.DataFrame:
    records = frame(*rows)
    found = resolve(records, None, None, policy())
    return hidden_links(records, found.memberships, FellegiSunterEngine, policy(), found.model, size)


def test_a_hidden_record_is_linked_to_its_own_person_by_the_rest() -> None:
    told = hidden(people())
    others = told.filter(~pl.col("record_key").is_in(["a|0", "b|0", "c|0"]))
    assert others.height == len(NAMES) - 1
    assert (others["right"] == 1).all()
    assert (others["wrong"] == 0).all()


def test_who_is_only_in_one_feed_counts_for_precision_alone() -> None:
    (twin,) = hidden(people()).filter(pl.col("record_key") == "c|0").to_dicts()
    assert not twin["is_linkable"]


def test_the_draw_depends_on_keys_alone() -> None:
    rows = people()
    assert hidden(rows, 9).equals(hidden(rows[::-1], 9))
    assert set(hidden(rows, 9)["record_key"]) <= set(hidden(rows, 12)["record_key"])


def test_what_shares_nothing_with_a_hidden_record_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    near = hidden(people(), 9)
    monkeypatch.setattr(hiding, "_near", lambda _, others: others)
    assert near.equals(hidden(people(), 9))


def test_the_run_s_own_estimates_are_used_and_nothing_is_estimated_again() -> None:
    used = as_fitted(policy(), {"population": 54321, "m": {"sex": {"same": 0.7, "other": 0.3}}})
    assert (used.comparisons["sex"]["same"].m, used.population_floor) == (0.7, 54321)
    assert used.comparisons["name"] == policy().comparisons["name"]


def one(key: str, **given: Any) -> dict[str, Any]:
    plain = dict.fromkeys(HIDDEN.names()) | {"record_key": key, "feed": "a", "person_id": key, "right": 1}
    return plain | {"wrong": 0, "is_linkable": True, "citizen_id_sex_code": "1"} | given


def test_bias_is_shown_by_group_and_small_groups_together() -> None:
    rows = [one(f"m{n}") for n in range(40)]
    rows += [one(f"f{n}", citizen_id_sex_code="2", right=0, wrong=n % 2) for n in range(20)]
    rows += [one(f"x{n}", feed="b") for n in range(6)] + [one(f"y{n}", feed="c") for n in range(5)]
    traits = pl.DataFrame(schema={"person_id": pl.String, "ethnicity": pl.String, "home": pl.String})
    told = hidden_quality(pl.DataFrame(rows, schema=HIDDEN), traits, date(2026, 1, 1))
    by_sex = told.filter(pl.col("grouping") == "sex").sort("member").to_dicts()
    assert [(row["member"], row["recall"], row["wrong"]) for row in by_sex] == [
        ("female", 0.0, 10),
        ("male", 1.0, 0),
    ]
    feeds = told.filter(pl.col("grouping") == "feed")
    assert feeds.select("member", "hidden").rows() == [("a", 60), ("others", 11)]


def test_a_rest_of_fewer_than_ten_is_not_told() -> None:
    counts = pl.DataFrame({"member": ["a", "b", "c"], "hidden": [50, LEAST - 1, 3]})
    assert merged(counts)["member"].to_list() == ["a", "others"]
    assert merged(counts.head(2))["member"].to_list() == ["a"]


def test_local_is_who_is_registered_where_the_first_register_registers() -> None:
    said = [
        ("r|1", 9, "511622"),
        ("r|2", 9, "511622"),
        ("p|3", 1, "511622"),
        ("p|4", 1, "110101"),
        ("p|5", 1, None),
    ]
    records = pl.DataFrame(said, schema=["record_key", "authority", "registered_division_code"], orient="row")
    members = records.select("record_key", person_id="record_key")
    homes = dict(traits_of(records, members).select("person_id", "home").iter_rows())
    assert homes == {"r|1": "local", "r|2": "local", "p|3": "local", "p|4": "migrant", "p|5": None}
