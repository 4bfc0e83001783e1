"""What the audit of the published tables finds goes back to the department whose records said it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.settings import Settings
from pipelines.stages.publish import publish
from pipelines.stages.report import report
from pipelines.stages.resolve import resolve
from pipelines.stages.survive import survive
from tests.office import CONTRACT, RULE, Office, batch_id, declare, open_office

MORE = """  - {source: XM, name: name, type: person_name}
  - {source: SINCE, name: since_on, type: date}
"""
PUBLISHED = """
attributes: {name: 1}
publishes:
  table: letter
  title: {zh: 字母, en: Letter}
  columns: [word, since_on]
  valid: {since: since_on}
"""
AUDIT = RULE.format(id="PB-LTR-001", word="wrong", severity="warn", reject="")


@pytest.fixture
def office(fresh: Settings, tmp_path: Path) -> Office:
    office = open_office(fresh, tmp_path)
    named = CONTRACT + MORE
    declare(tmp_path / "declared", named + PUBLISHED)
    path = tmp_path / "declared/expectations/published/letter.yml"
    path.parent.mkdir(parents=True)
    path.write_text(f"suite: published/letter\nrules:{AUDIT}", encoding="utf-8")
    return office


def findings(office: Office) -> list[tuple[Any, ...]]:
    sql = (
        "select column_name, value, reason_codes, state, row_number, batch_id, returns from feedback.finding"
    )
    return [tuple(row.values()) for row in office.ask(f"{sql} order by record_key")]


def publish_all(office: Office) -> None:
    resolve(office.settings)
    survive(office.settings)
    assert publish(office.settings)["decision"] == "released"
    report(office.settings)


def test_a_published_row_that_breaks_a_rule_goes_back_until_it_is_mended(office: Office) -> None:
    office.send(1, {"a": "one", "b": "wrong"})
    office.take()
    assert findings(office) == []
    publish_all(office)
    first = batch_id(1, {"a": "one", "b": "wrong"})
    assert findings(office) == [("VALUE", "wrong", ["PB-LTR-001"], "raised", 2, first, 0)]
    (said,) = office.ask("select zh, expected_en from feedback.sentence where code = 'PB-LTR-001'")
    assert said["zh"] == "不符合规则：测试"

    again = {"c": "new", "a": "one", "b": "wrong"}
    office.send(2, again)
    office.take()  # delivered again, and it still says so
    assert findings(office)[0][3:] == ("raised", 3, batch_id(2, again), 0)

    office.send(3, {"a": "one", "b": "mended"})
    office.take()
    assert [row[3] for row in findings(office)] == ["closed"]
    publish_all(office)
    assert [row[3] for row in findings(office)] == ["closed"]
