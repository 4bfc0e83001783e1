"""Since when each value of a person held: what deliveries said at their dates, seen at each publication."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipelines.errors import UsageError
from pipelines.settings import Settings
from pipelines.timeline import timeline
from tests.integration.test_erasing import take
from tests.integration.test_forgetting import person_of
from tests.integration.test_tampering import PUBLISHED
from tests.office import Office, declare, open_office, suite

OTHERS = {"d": "赵六", "f": "周八", "g": "吴九", "h": "郑十"}


@pytest.fixture
def office(fresh: Settings, tmp_path: Path) -> Office:
    office = open_office(fresh, tmp_path)
    declare(office.settings.declarations, PUBLISHED, suite().replace("column: word", "column: name"))
    return office


def test_a_changed_name_has_two_periods_and_each_publication_knows_its_own(office: Office) -> None:
    take(office, 1, OTHERS | {"a": "王小明"})
    take(office, 2, OTHERS | {"a": "王大明"})
    who = person_of(office, "office/letters|a")
    told = timeline(office.settings, who)["periods"]
    assert [(p["attribute"], p["since"], p["until"], p["says"], p["value"]) for p in told] == [
        ("name", "2026-01-02", "2026-01-03", 1, None), ("name", "2026-01-03", None, 2, None),
    ]  # fmt: skip
    assert len(timeline(office.settings, who, 1)["periods"]) == 1
    (held,) = timeline(office.settings, who, about=date(2026, 1, 2), by="an auditor", purpose="a complaint")[
        "periods"
    ]
    assert held["value"] == "王小明"
    assert [row["purpose"] for row in office.ask("select purpose from ledger.unmasking")] == ["a complaint"]
    assert timeline(office.settings, who, about=date(2025, 1, 1))["periods"] == []
    with pytest.raises(UsageError, match="there is no person"):
        timeline(office.settings, "P-none")
    with pytest.raises(UsageError, match="a name and a purpose"):
        timeline(office.settings, who, purpose="curious")
    (now,) = office.ask("select name from golden.person where person_id = %s and to_publication is null", who)
    (stands,) = timeline(office.settings, who, about=date(2030, 1, 1), by="an auditor", purpose="again")[
        "periods"
    ]
    assert stands["value"] == now["name"]
