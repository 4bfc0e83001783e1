from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from pipelines.errors import UsageError
from pipelines.evaluating import evaluate_truth
from pipelines.explaining import explain_pair, explain_person
from pipelines.quality.second import DERIVED, NO_ANSWER
from pipelines.sampling import sample
from pipelines.second_opinion import second_opinion
from pipelines.status import failing_rows
from tests.acceptance.conftest import County, settle


def test_two_months_make_two_publications(county: County) -> None:
    assert [(run.publication, run.decision) for run in county.runs] == [(1, "released"), (2, "released")]
    assert not any(run.refused or run.waiting for run in county.runs)


def test_every_row_is_accounted_for(county: County) -> None:
    lost = county.ask(
        "select c.batch_id, c.stage from ledger.conservation c join ledger.batch b using (batch_id)"
        " where c.rows_in <> c.rows_on + c.quarantined + c.superseded + c.refused"
        " or (c.stage = 'land' and c.rows_in <> b.rows_received)"
    )
    chained = county.ask(
        "select a.batch_id from ledger.conservation a join ledger.conservation b using (batch_id)"
        " where (a.stage, b.stage) in (('land', 'standardise'), ('standardise', 'validate')) and a.rows_on <> b.rows_in"
    )
    assert lost == chained == []
    assert county.ask("select count(distinct stage) as n from ledger.conservation")[0]["n"] == 3


def test_quarantined_rows_are_counted_as_they_are_listed(county: County) -> None:
    listed = county.ask(
        "select batch_id, stage, count(*) as n from quality.quarantine group by 1, 2 order by 1, 2"
    )
    counted = county.ask(
        "select batch_id, stage, quarantined as n from ledger.conservation where quarantined > 0 order by 1, 2"
    )
    assert listed == counted != []


def test_resolution_is_as_good_as_promised(county: County) -> None:
    figures = evaluate_truth(county.settings, county.truth)
    assert figures["persons_with_two_valid_ids"] == 0
    assert figures["pairwise"]["precision"] >= 0.999
    assert figures["pairwise"]["recall"] >= figures["exact_id_baseline"]["recall"]
    assert figures["without_valid_id"]["f1"] >= 0.97


def test_no_two_published_persons_share_a_number(county: County) -> None:
    numbers = county.ask(
        "select count(citizen_id) as said, count(distinct citizen_id) as different"
        " from golden.person, publication.pointer c"
        " where from_publication <= c.number and coalesce(to_publication, c.number + 1) > c.number"
    )[0]
    assert numbers["said"] == numbers["different"] > 0


def test_every_published_value_has_its_source(county: County) -> None:
    orphans = county.ask(
        "select p.person_id from golden.person p, publication.pointer c where p.from_publication <= c.number"
        " and coalesce(p.to_publication, c.number + 1) > c.number and p.name is not null and not exists ("
        "  select from golden.provenance v where v.table_name = 'person' and v.row_key = p.row_key"
        "  and v.attribute = 'name' and v.from_publication <= c.number"
        "  and coalesce(v.to_publication, c.number + 1) > c.number)"
    )
    assert not orphans


def test_the_same_inbox_again_is_nothing_new(county: County) -> None:
    before = county.ask("select * from publication.publication order by number")
    again = county.run()
    assert (again.decision, again.publication) == ("nothing new", 2)
    assert county.ask("select * from publication.publication order by number") == before


def test_another_home_publishes_the_same_content(county: County, tmp_path: Path) -> None:
    other = settle(tmp_path / "home", tmp_path / "delivered", months=2)
    hashes = "select number, content_hash from publication.publication order by number"
    assert other.ask(hashes) == county.ask(hashes)


def test_person_ids_outlive_a_month(county: County) -> None:
    kept, gone = county.ask(
        "select count(*) filter (where to_publication is null) as n from golden.person where from_publication = 1"
        " union all select count(*) from resolution.person where redirect_to is not null"
    )
    assert kept["n"] > 0.7 * county.runs[0].persons
    assert gone["n"] < 0.01 * county.runs[0].persons


def test_a_person_is_explained_without_showing_values(county: County) -> None:
    person = county.ask(
        "select person_id, name, citizen_id from golden.person where record_count > 3 limit 1"
    )[0]
    told = explain_person(county.settings, person["person_id"])
    first, second, *_ = (record["record"] for record in told["records"])
    assert explain_pair(county.settings, first, second)["one_person"]
    assert person["name"] not in told["text"]
    assert str(person["citizen_id"]) not in json.dumps(told)


def test_the_report_shows_no_person(county: County) -> None:
    site = Path(str(county.runs[-1].site))
    text = "".join(path.read_text(encoding="utf-8") for path in site.parent.rglob("*.*") if path.is_file())
    numbers = county.ask("select citizen_id from golden.person where citizen_id is not null limit 300")
    assert not [1 for row in numbers if row["citizen_id"] in text]


def test_an_audit_sample_is_traced_to_rows_and_unmasked_on_record(county: County, tmp_path: Path) -> None:
    number = int(county.runs[0].publication or 0)
    told = sample(county.settings, number, 12, 4, tmp_path / "a")
    again = sample(county.settings, number, 12, 4, tmp_path / "b", by="审计甲", purpose="抽查")
    cases = [pl.read_csv(tmp_path / name / "cases.csv", infer_schema=False) for name in ("a", "b")]
    assert cases[0]["person_id"].to_list() == cases[1]["person_id"].to_list()
    assert all("*" in name for name in cases[0]["name"].drop_nulls())
    assert not any("*" in name for name in cases[1]["name"].drop_nulls())
    sources = pl.read_csv(told["sources_file"], infer_schema=False).group_by("person_id").len()
    traced = dict(sources.iter_rows())
    assert all(traced[row["person_id"]] == int(row["record_count"]) for row in cases[0].iter_rows(named=True))
    recorded = county.ask("select cases, unmasked_by, purpose from ledger.unmasking")
    assert [tuple(row.values()) for row in recorded] == [(again["cases"], "审计甲", "抽查")]


def test_a_wrong_hash_is_refused_and_the_rest_goes_on(county: County, tmp_path: Path) -> None:
    source = min(county.inbox.glob("*/*/*/manifest.json")).parent
    spoiled = source.parent / "spoiled"
    shutil.copytree(source, spoiled)
    manifest = json.loads((spoiled / "manifest.json").read_text(encoding="utf-8"))
    manifest |= {"sequence": 900, "sha256": "0" * 64}
    (spoiled / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    run = county.run()
    shutil.move(spoiled, tmp_path / "spoiled")
    assert [refusal["code"] for refusal in run.refused] == ["PB-DL-004"]
    assert run.publication == 2


@pytest.mark.parametrize("table", ["person", "employment", "enrolment", "insurance", "dwelling", "residence"])
def test_readers_find_every_table(county: County, table: str) -> None:
    assert county.ask(f"select count(*) as n from shared.{table}")[0]["n"] > 0  # noqa: S608 - names above


def test_great_expectations_on_postgresql_counts_what_the_audit_counted(county: County) -> None:
    number, compared = second_opinion(county.settings)
    assert number == county.runs[-1].publication
    verdicts = Counter(one.verdict for one in compared)
    assert verdicts["differs"] == 0, [one for one in compared if one.verdict == "differs"]
    assert verdicts["agrees"] >= 45
    assert {one.reason for one in compared if one.verdict == "not_compared"} <= {DERIVED, NO_ANSWER}


def test_a_row_changed_behind_the_audit_makes_the_second_opinion_differ(county: County) -> None:
    change = "update golden.person set sex_code = %s where row_key = %s and to_publication is null"
    row = county.ask(
        "select row_key, sex_code from golden.person where to_publication is null order by 1 limit 1"
    )[0]
    county.ask(change + " returning 1", "x", row["row_key"])
    try:
        _, compared = second_opinion(county.settings)
    finally:
        county.ask(change + " returning 1", row["sex_code"], row["row_key"])
    differing = [one for one in compared if one.verdict == "differs"]
    assert [(one.table, one.audit, one.second) for one in differing] == [("person", 0, 1)]


def test_the_rows_that_break_a_rule_are_those_that_were_counted(county: County) -> None:
    counted = county.ask(
        "select r.subject, r.rule_id, r.failed from quality.rule_result r join ledger.batch b on b.batch_id = r.subject"
        " where r.status = 'failed' and r.examined > 1 order by 1, 2"
    )
    assert len(counted) > 30
    for batch_id in sorted({row["subject"] for row in counted}):
        told = {row["rule_id"]: row["failed"] for row in counted if row["subject"] == batch_id}
        found = failing_rows(county.settings, batch_id)
        assert {rule: len(found.get(rule, ())) for rule in told} == told
    with pytest.raises(UsageError, match="no rule looked"):
        failing_rows(county.settings, "../raw/x")
