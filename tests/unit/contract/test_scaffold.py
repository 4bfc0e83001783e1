from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.contract.guessing import columns_of
from pipelines.contract.known import look_around
from pipelines.contract.load import CONTRACTS, ROOT, load_contracts
from pipelines.contract.model import Bilingual
from pipelines.contract.scaffold import TO_DO, Draft, Order, draft, missing_companions, write_files
from pipelines.errors import ContractError, UsageError
from pipelines.quality.suite import Suite, load_suites
from pipelines.quality.supported import SUPPORTED

COLUMNS = "NSRSBH,SFZJHM:citizen_id,XM,XB,CSRQ,SHXYDM:credit_code,DJRQ,JE:decimal:amount,XZQ:division,LXDH"
FORMS: list[dict[str, Any]] = [
    {"form": "text", "encoding": "gb18030"},
    {"form": "text", "encoding": "utf-8", "separator": "|"},
    {"form": "workbook", "title_rows": 1, "total_marker": "合计"},
    {"form": "table", "table": "front.guild_apprentice", "package_column": "BAO"},
]


def drafted(columns: str = COLUMNS, feed: str = "guild/apprentice", **told: Any) -> Draft:
    known = look_around(ROOT)
    return draft(Order(feed, columns_of(columns, known), told.pop("delivery", FORMS[0]), **told), known)


def suites_of(new: Draft, folder: Path) -> dict[str, Suite]:
    write_files(folder, new.files | missing_companions(new.contract, folder))
    return load_suites(folder / "expectations")


@pytest.mark.parametrize("delivery", FORMS, ids=lambda form: f"{form['form']}-{form.get('separator', '')}")
def test_what_is_written_loads_without_a_fault(tmp_path: Path, delivery: dict[str, Any]) -> None:
    new = drafted(delivery=delivery)
    suites = suites_of(new, tmp_path)
    assert load_contracts(tmp_path / "contracts") == {"guild/apprentice": new.contract}
    assert list(suites) == ["guild/apprentice", "published/apprentice"]
    assert new.contract.delivery.form == delivery["form"]


def test_every_rule_can_be_checked_and_says_everything_an_auditor_asks(tmp_path: Path) -> None:
    rules = [rule for suite in suites_of(drafted(), tmp_path).values() for rule in suite.rules]
    assert len(rules) > 12
    assert {rule.expectation for rule in rules} <= SUPPORTED
    assert all(rule.zh and rule.en and rule.office and rule.basis for rule in rules)


def test_rule_ids_are_nobody_elses(tmp_path: Path) -> None:
    taken = {f"PB-{prefix}-" for prefix in look_around(ROOT).prefixes}
    new = drafted(feed="guild/enrolment")
    ids = [rule.id for suite in suites_of(new, tmp_path).values() for rule in suite.rules]
    assert taken
    assert not [rule_id for rule_id in ids if rule_id[:7] in taken]


def test_a_table_name_that_is_taken_gets_its_department() -> None:
    published = drafted(feed="guild/enrolment").contract.publishes
    assert published is not None
    assert published.table == "guild_enrolment"


def test_columns_of_the_person_are_attributes_and_the_others_are_published() -> None:
    contract = drafted().contract
    assert set(contract.attributes) == {"citizen_id", "name", "sex_code", "born_on", "telephone"}
    assert contract.publishes is not None
    assert not set(contract.attributes) & set(contract.publishes.columns)
    assert contract.publishes.valid.since == "registered_on"


def test_without_a_date_nothing_of_its_own_is_published() -> None:
    new = drafted("SFZJHM:citizen_id,XM")
    assert new.contract.publishes is None
    assert list(new.files) == ["contracts/guild/apprentice.yml", "expectations/guild/apprentice.yml"]


@pytest.mark.parametrize(
    ("columns", "key"),
    [
        ("DJBH,SFZJHM:citizen_id,XM", (("DJBH",),)),
        ("SFZJHM:citizen_id,XM,CSRQ", (("SFZJHM",), ("XM", "CSRQ"))),
        ("SFZJHM:citizen_id,LX", (("SFZJHM",),)),
        ("LX,BZ", (("LX",),)),
    ],
)
def test_the_key_is_a_number_of_the_office_or_else_the_person(
    columns: str, key: tuple[tuple[str, ...], ...]
) -> None:
    assert drafted(columns).contract.key == key
    assert drafted("A,B", key=("B", "A")).contract.key == (("B", "A"),)


def test_what_only_the_department_knows_is_marked() -> None:
    told = Bilingual(zh="纳税人", en="Taxpayers")
    assert drafted().contract.legal_basis == TO_DO
    whole = drafted(title=told, owner=told, legal_basis=told, purpose=told)
    assert not [name for name, text in whole.files.items() if TO_DO.zh in text or TO_DO.en in text]


def test_a_department_that_is_known_keeps_its_owner() -> None:
    owner = next(iter(load_contracts().values())).owner
    assert drafted(feed=f"{owner.department}/something").contract.owner == owner


def test_the_first_line_leads_editors_to_the_schema() -> None:
    text = drafted().files["contracts/guild/apprentice.yml"]
    target = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert (CONTRACTS / "guild" / target).resolve() == CONTRACTS / "contract.schema.json"


def test_nothing_is_overwritten_and_nothing_half_written(tmp_path: Path) -> None:
    new = drafted()
    there = tmp_path / "expectations" / "guild" / "apprentice.yml"
    there.parent.mkdir(parents=True)
    there.write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="there already"):
        write_files(tmp_path, new.files)
    assert [path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.yml")] == ["mine"]


@pytest.mark.parametrize("feed", ["tax", "Tax/a", "tax/a/b", "published/a", "tax/person", "../tax/a"])
def test_a_name_that_is_no_feed_is_refused(feed: str) -> None:
    with pytest.raises(UsageError, match="no name of a feed"):
        drafted(feed=feed)


def test_faults_are_told_before_anything_is_written() -> None:
    with pytest.raises(ContractError, match="no code list 'colours'"):
        drafted("A:code=colours,B:date")
    with pytest.raises(UsageError, match="which is no column"):
        drafted("A,B", key=("C",))
    with pytest.raises(UsageError, match="citizen_id is of type citizen_id"):
        drafted("A:text:citizen_id")


@pytest.mark.parametrize("header", ["a: b", "#", "'", '"', "{", "甲，乙", "- x", "null", "1", "true"])
def test_any_header_survives_being_written_as_yaml(header: str) -> None:
    column = columns_of("A:date:since_on", look_around(ROOT))[0].model_copy(update={"source": header})
    new = draft(Order("guild/odd", (column,), FORMS[0]), look_around(ROOT))
    assert yaml.safe_load(new.files["contracts/guild/odd.yml"])["columns"][0]["source"] == header
