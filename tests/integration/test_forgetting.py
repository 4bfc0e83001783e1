"""One person erased by order: gone everywhere, never brought back, and every other row still proven."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.errors import UsageError
from pipelines.forgetting import forget, look
from pipelines.proving import verify
from pipelines.settings import Settings
from pipelines.stages.replay import replay
from pipelines.stages.upkeep import upkeep
from pipelines.store import amendments, redacting
from pipelines.store.database import open_database
from pipelines.store.mirror import set_mirror
from pipelines.store.postgres import execute
from tests.integration.test_erasing import left, take
from tests.integration.test_tampering import PUBLISHED
from tests.office import Office, declare, open_office, suite

ORDER = {"order": "2026-17", "by": "Li", "reason": "art. 47"}
WHO, KEY, NEIGHBOUR = "欧阳雪松", "office/letters|q", "李四"
OTHERS = {"d": "赵六", "f": "周八", "g": "吴九", "h": "郑十", "i": "钱十一", "j": "冯十二"}
ROWS = {"a": "王小明", "b": NEIGHBOUR, "q": WHO} | OTHERS
LATER = ROWS | {"a": "王大明"}


@pytest.fixture
def office(fresh: Settings, tmp_path: Path) -> Office:
    office = open_office(fresh, tmp_path)
    declare(office.settings.declarations, PUBLISHED, suite().replace("column: word", "column: name"))
    return office


def person_of(office: Office, key: str = KEY) -> str:
    (row,) = office.ask("select person_id from resolution.membership where record_key = %s", key)
    return str(row["person_id"])


def said_in_database(office: Office, *words: str) -> list[str]:
    """Tables of which a row, as text, holds one of the words."""
    sql = (
        "select schemaname || '.' || quote_ident(tablename) as name from pg_tables"
        " where schemaname <> all(%s) order by 1"
    )
    names = [row["name"] for row in office.ask(sql, ["pg_catalog", "information_schema", "reading"])]
    held = "select exists (select from {} as t where t::text like any(%s)) as held"
    patterns = [f"%{word}%" for word in words]
    return [name for name in names if office.ask(held.format(name), patterns)[0]["held"]]


def test_an_erased_person_is_nowhere_and_all_else_is_proven(office: Office, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    set_mirror(office.settings.lake, mirror)
    take(office, 1, ROWS), take(office, 2, LATER)
    who = person_of(office)
    assert said_in_database(office, WHO, KEY)
    told = look(office.settings, who)
    assert told["rows"]["golden.person"] == 1
    assert (set(told["deliveries"].values()), told["certificates"]) == ({1}, 2)
    assert left(office.settings.lake, WHO)
    assert verify(office.settings, 1).verdict == "holds"
    assert list(office.settings.lake.glob("linking/*/keys.arrow"))
    forget(office.settings, who, **ORDER)
    assert said_in_database(office, WHO, KEY) == []
    assert (left(office.settings.lake, WHO), left(mirror, WHO)) == ([], [])
    traces = [path for folder in (office.settings.lake, mirror) for path in folder.rglob("keys.arrow*")]
    assert traces == []
    assert left(office.settings.lake, NEIGHBOUR)
    assert forget(office.settings, who, **ORDER)["files"] == 0
    with pytest.raises(UsageError, match="by order 2026-17"):
        look(office.settings, who)
    for number in (1, 2):
        proof = verify(office.settings, number)
        assert (proof.verdict, proof.altered) == ("redacted", None)
        assert "order 2026-17" in proof.redacted[0]
    seen = "select name from golden.person where to_publication is null"
    names = {row["name"] for row in office.ask(seen)}
    assert names == {"王大明", NEIGHBOUR, *OTHERS.values()}


def test_later_deliveries_do_not_bring_the_person_back_and_every_row_is_counted(office: Office) -> None:
    take(office, 1, ROWS)
    forget(office.settings, person_of(office), **ORDER)
    batch = take(office, 2, LATER)
    assert (left(office.settings.lake, WHO), said_in_database(office, WHO, KEY)) == ([], [])
    (aside,) = office.ask(
        "select row_number, reason_codes from quality.quarantine where batch_id = %s", batch
    )
    assert aside == {"row_number": 3, "reason_codes": ["PB-RW-012"]}
    counted = "select rows_in, rows_on, quarantined from ledger.conservation where batch_id = %s and stage = 'standardise'"
    assert office.ask(counted, batch) == [{"rows_in": 9, "rows_on": 8, "quarantined": 1}]
    assert office.ask("select from feedback.finding") == []
    assert [verify(office.settings, n).verdict for n in (1, 2)] == ["redacted", "holds"]


@pytest.mark.long
def test_a_delivery_that_lost_a_row_is_replayed_from_what_was_kept_of_it(office: Office) -> None:
    batch = take(office, 1, ROWS)
    forget(office.settings, person_of(office), **ORDER)
    replay(office.settings, batch_id=batch, by="Li", reason="a trial")
    assert office.judge()["refused"] == []
    counted = "select stage, rows_in, rows_on, quarantined from ledger.conservation where batch_id = %s order by stage"
    assert [tuple(row.values()) for row in office.ask(counted, batch)] == [
        ("land", 9, 9, 0), ("standardise", 9, 8, 1), ("validate", 8, 8, 0),
    ]  # fmt: skip
    assert verify(office.settings, 1).verdict == "redacted"


@pytest.mark.long
def test_two_orders_follow_each_other_and_the_next_run_goes_on(office: Office) -> None:
    take(office, 1, ROWS)
    forget(office.settings, person_of(office), **ORDER)
    take(office, 2, LATER)
    forget(office.settings, person_of(office, "office/letters|b"), **ORDER)
    third = take(office, 3, LATER | {"e": "孙七"})
    assert left(office.settings.lake, NEIGHBOUR) == []
    proofs = [verify(office.settings, number) for number in (1, 2, 3)]
    assert [(p.verdict, len(p.redacted), p.altered) for p in proofs] == [
        ("redacted", 2, None), ("redacted", 1, None), ("holds", 0, None),
    ]  # fmt: skip
    (kept,) = office.ask("select row_numbers from ledger.redaction where batch_id = %s", third)
    assert kept["row_numbers"] == [2, 3]


@pytest.mark.parametrize("place", [pytest.param("prepare", marks=pytest.mark.long), "finish"])
def test_an_erasure_that_was_killed_is_had_wholly_or_not_at_all(
    office: Office, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    take(office, 1, ROWS)
    who = person_of(office)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(*((amendments, "amend") if place == "prepare" else (redacting, "finish")), killed)
        with pytest.raises(KeyboardInterrupt):
            forget(office.settings, who, **ORDER)
    assert verify(office.settings, 1).altered is None
    assert bool(said_in_database(office, WHO)) == (place == "prepare")
    if place == "prepare":
        forget(office.settings, who, **ORDER)
    else:
        upkeep(office.settings)
    assert left(office.settings.lake, WHO) == []
    assert verify(office.settings, 1).verdict == "redacted"


def test_the_command_shows_what_would_go_and_erases_only_when_told(office: Office) -> None:
    take(office, 1, ROWS)
    places = {
        "POPBASE_HOME": str(office.settings.home),
        "POPBASE_DATABASE_URL": str(office.settings.database_url),
        "POPBASE_DECLARATIONS": str(office.settings.declarations),
    }
    command = ["erase", "--person", person_of(office), "--order", "1", "--by", "Li", "--reason", "art. 47"]
    shown = CliRunner().invoke(app, command, env=places)
    assert (shown.exit_code, '"golden.person": 1' in shown.output) == (0, True)
    assert said_in_database(office, WHO)
    assert CliRunner().invoke(app, [*command, "--yes"], env=places).exit_code == 0
    told = CliRunner().invoke(app, ["verify", "1", "--lang", "en"], env=places)
    assert (told.exit_code, "holds, with rows erased by order" in told.output) == (0, True)
    assert WHO not in shown.output + told.output


def test_what_is_refused_erases_nothing(office: Office) -> None:
    take(office, 1, ROWS)
    with pytest.raises(UsageError, match="may not name the person"):
        forget(office.settings, person_of(office), order="1", by="Li", reason=f"{WHO} asked for it")
    with pytest.raises(UsageError, match="there is no person"):
        look(office.settings, "P-none")
    with open_database(office.settings) as conn:
        execute(conn, "update golden.person set name = '别人' where name = %s", (NEIGHBOUR,))
    with pytest.raises(UsageError, match="publication 1 does not hold"):
        forget(office.settings, person_of(office), **ORDER)
    assert said_in_database(office, WHO)
