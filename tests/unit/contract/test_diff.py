from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
import yaml

from pipelines.contract.diff import (
    BOTH,
    RARITY,
    RULES,
    diff_contracts,
    diff_feeds,
    diff_paths,
    said_places,
)
from pipelines.contract.load import load_contracts
from pipelines.contract.model import Contract
from pipelines.errors import ContractError, UsageError

OLD = """
feed: office/register
title: {zh: 登记, en: Register}
owner: {department: office, zh: 办公室, en: Office}
legal_basis: {zh: 办法, en: Measures}
cadence: monthly
authority: 10
delivery: {form: text, encoding: gb18030}
key: [[NR]]
columns:
  - {source: NR, name: number}
  - {source: XM, name: name, type: person_name}
  - {source: XB, name: sex_code, type: code, list: sex, lookup: {男性: "1"}}
  - {source: RQ, name: since_on, type: date, required: true}
  - {source: BZ, name: remark}
thresholds: {removed: 0.05}
attributes: {name: 3}
publishes: {table: register, title: {zh: 登记, en: Register}, columns: [number, since_on], valid: {since: since_on}}
"""

CASES = """
what changes                     | from                        | to                               | place                     | breaks
a title                          | en: Measures                | en: Rules                        | legal_basis.en            |
the office's name                | en: Office                  | en: Bureau                       | owner.en                  |
the department                   | department: office          | department: bureau               | owner.department          | readers
more often                       | cadence: monthly            | cadence: daily                   | cadence                   | sender
less often                       | cadence: monthly            | cadence: termly                  | cadence                   |
another encoding                 | encoding: gb18030           | encoding: utf-8                  | delivery.encoding         | sender
an archive                       | encoding: gb18030           | encoding: gb18030, archive: zip  | delivery.archive          | sender
another key                      | [[NR]]                      | [[NR, RQ]]                       | key                       | sender readers
a stricter threshold             | removed: 0.05               | removed: 0.01                    | thresholds.removed        | sender
a laxer threshold                | removed: 0.05               | removed: 0.5                     | thresholds.removed        |
a header that was an alias       | source: XM                  | source: MC                       | columns.name.source       |
a header that was none           | source: BZ                  | source: FJ                       | columns.remark.source     | sender
a column becomes required        | name: remark                | name: remark, required: true     | columns.remark.required   | sender
a type nobody reads              | name: remark                | name: remark, type: address      | columns.remark.type       | sender
a published type                 | name: since_on, type: date  | name: since_on, type: month      | columns.since_on.type     | sender readers
a repair more                    | 男性: "1"                   | 男性: "1", 女性: "2"             | columns.sex_code.lookup.女性 |
a repair that means another code | 男性: "1"                   | 男性: "2"                        | columns.sex_code.lookup.男性 | sender
a repair less                    | , lookup: {男性: "1"}       |                                  | columns.sex_code.lookup.男性 | sender
a rank                           | attributes: {name: 3}       | attributes: {name: 1}            | attributes.name           |
a table renamed                  | table: register             | table: entry                     | publishes.table           | readers
a published column less          | [number, since_on]          | [since_on]                       | publishes.columns.number  | readers
a published column more          | [number, since_on]          | [number, since_on, remark]       | publishes.columns.remark  |
a reader more                    | table: register             | table: register, readers: [bank] | publishes.readers.bank    |
another beginning                | {since: since_on}           | {since: number}                  | publishes.valid.since     | readers
"""  # fmt: skip
ROWS = [tuple(cell.strip() for cell in line.split("|")) for line in CASES.strip().splitlines()[1:]]


def contract(text: str) -> Contract:
    return Contract.model_validate(yaml.safe_load(text))


@pytest.mark.parametrize(("what", "was", "now", "place", "breaks"), ROWS, ids=[row[0] for row in ROWS])
def test_each_change_breaks_what_it_breaks(what: str, was: str, now: str, place: str, breaks: str) -> None:
    assert was in OLD
    changes = diff_contracts(contract(OLD), contract(OLD.replace(was, now)))
    assert [(change.place, " ".join(change.breaks)) for change in changes] == [(place, breaks)]


@pytest.mark.parametrize(
    ("column", "breaks"),
    [("{source: FJ, name: enclosure}", ()), ("{source: FJ, name: enclosure, required: true}", ("sender",))],
)
def test_a_new_column_breaks_something_only_when_it_is_required(column: str, breaks: tuple[str, ...]) -> None:
    changes = diff_contracts(
        contract(OLD), contract(OLD.replace("thresholds:", f"  - {column}\nthresholds:"))
    )
    assert [(change.place, change.breaks) for change in changes] == [("columns.enclosure", breaks)]


def test_a_column_that_goes_is_missed_only_by_readers() -> None:
    less = OLD.replace("  - {source: BZ, name: remark}\n", "").replace("attributes: {name: 3}\n", "")
    unread = less.replace("  - {source: XM, name: name, type: person_name}\n", "")
    changes = {change.place: change.breaks for change in diff_contracts(contract(OLD), contract(unread))}
    assert changes == {"columns.remark": (), "columns.name": ("readers",), "attributes.name": ()}


def test_a_column_under_another_standard_name_is_no_trouble_for_its_sender() -> None:
    renamed = OLD.replace("name: remark", "name: note, required: true")
    changes = {c.place: c.breaks for c in diff_contracts(contract(OLD), contract(renamed))}
    assert changes == {"columns.remark": (), "columns.note": ()}


def test_the_order_of_columns_is_no_change() -> None:
    turned = OLD.replace("[number, since_on]", "[since_on, number]")
    assert diff_contracts(contract(OLD), contract(turned)) == []


def test_publishing_no_more_breaks_and_publishing_does_not() -> None:
    published, not_published = contract(OLD), contract(OLD[: OLD.index("publishes:")])
    assert [c.breaks for c in diff_contracts(published, not_published)] == [("readers",)]
    assert [c.breaks for c in diff_contracts(not_published, published)] == [()]


def test_a_feed_that_goes_breaks_and_a_feed_that_comes_does_not() -> None:
    feeds = {"office/register": contract(OLD)}
    assert [change.breaks for change in diff_feeds(feeds, {})] == [BOTH]
    assert [change.breaks for change in diff_feeds({}, feeds)] == [()]


def test_every_place_of_every_shipped_contract_has_its_rule() -> None:
    places = {place for c in [*load_contracts().values(), contract(OLD)] for place, _ in said_places(c)}
    inside = {place for place in places if not re.fullmatch(r"columns\.\w+\.name", place)}
    assert [p for p in sorted(inside) if not any(re.fullmatch(rule, p) for rule, _ in RULES)] == []


def test_a_place_that_no_rule_knows_breaks_for_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.contract.diff.RULES", ())
    changes = diff_contracts(contract(OLD), contract(OLD.replace("authority: 10", "authority: 11")))
    assert [change.breaks for change in changes] == [BOTH]


def test_all_cadences_are_ordered() -> None:
    assert set(RARITY) == set(get_args(Contract.model_fields["cadence"].annotation))


def test_two_files_or_two_folders_are_compared(tmp_path: Path) -> None:
    for side, text in (("old", OLD), ("new", OLD.replace("authority: 10", "authority: 11"))):
        path = tmp_path / side / "contracts" / "office" / "register.yml"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
        (tmp_path / side / "contracts" / "_reference").symlink_to(Path("contracts/_reference").resolve())
    file = "contracts/office/register.yml"
    assert [c.place for c in diff_paths(tmp_path / "old", tmp_path / "new")] == ["authority"]
    assert [c.told for c in diff_paths(tmp_path / "old" / file, tmp_path / "new" / file)] == [
        "was 10, now 11"
    ]
    with pytest.raises(UsageError):
        diff_paths(tmp_path / "old", tmp_path / "new" / file)


def test_a_faulty_file_is_told_by_its_faults(tmp_path: Path) -> None:
    path = tmp_path / "odd.yml"
    path.write_text("feed: a/b", encoding="utf-8")
    with pytest.raises(ContractError, match=r"odd\.yml: columns"):
        diff_paths(path, path)
