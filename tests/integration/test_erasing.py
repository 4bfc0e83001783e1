"""Deliveries destroyed by order or after their retention: gone everywhere, on record, and told apart from alteration."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipelines.errors import PopbaseError, UsageError
from pipelines.explaining import explain_person
from pipelines.proving import verify
from pipelines.sampling import sample
from pipelines.settings import Settings
from pipelines.stages.erase import erase
from pipelines.stages.publish import publish
from pipelines.stages.resolve import resolve
from pipelines.stages.survive import survive
from pipelines.stages.upkeep import upkeep
from pipelines.stages.withdraw import withdraw
from pipelines.store import audit, erasing
from pipelines.store.database import open_database
from pipelines.store.lake import Lake
from pipelines.store.mirror import set_mirror
from pipelines.store.postgres import execute, fetch
from tests.office import CONTRACT, FEED, Office, batch_id, declare, open_office

NAMED = CONTRACT.replace(
    "name: word}", "name: name, type: person_name}\nattributes: {name: 1}\nretention_years: 10"
)
ONE = {"a": "王小明", "b": "李四", "c": "张三丰", "d": "赵六"}
TWO = {"a": "王大明", "b": "李四", "c": "张三丰", "d": "赵六"}
MANY = ONE | {"f": "周八", "g": "吴九", "h": "郑十"}
WORD = "王小明"
"""Only the first delivery says it."""
ORDER = {"order": "2026-17", "by": "Li", "reason": "sent by mistake"}


@pytest.fixture
def office(fresh: Settings, tmp_path: Path) -> Office:
    office = open_office(fresh, tmp_path)
    declare(office.settings.declarations, NAMED)
    return office


def run(office: Office) -> None:
    resolve(office.settings)
    survive(office.settings)
    publish(office.settings)


def take(office: Office, sequence: int, rows: dict[str, str]) -> str:
    office.send(sequence, rows)
    assert office.take()["refused"] == []
    run(office)
    return batch_id(sequence, rows)


def made_of(office: Office, batch: str) -> str:
    """The run that was made of a delivery alone."""
    with open_database(office.settings) as conn:
        rows = fetch(conn, "select run_id, inputs from ledger.run")
    return next(str(row["run_id"]) for row in rows if [batch] in row["inputs"]["feeds"].values())


def left(folder: Path, word: str = WORD) -> list[str]:
    """Files that still say the word, read as what they are."""
    said = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        if path.read_bytes()[:4] == b"PAR1":
            has_word = word in str(pl.read_parquet(path).to_dict(as_series=False))
        else:
            has_word = word.encode() in path.read_bytes()
        said += [str(path.relative_to(folder))] if has_word else []
    return said


def test_an_erased_delivery_is_gone_and_verify_says_by_what_order(office: Office, tmp_path: Path) -> None:
    lake, mirror = office.settings.lake, tmp_path / "mirror"
    set_mirror(lake, mirror)
    first, _ = take(office, 1, ONE), take(office, 2, TWO)
    assert left(lake)
    assert left(mirror)
    looked = f"linking/{made_of(office, first)}/keys.arrow"
    assert (lake / looked).is_file()
    assert (mirror / looked).is_dir()
    told = erase(office.settings, first, **ORDER)
    assert (left(lake), left(mirror)) == ([], [])
    assert not (lake / looked).exists()
    assert not (mirror / looked).exists()
    assert told["files"] > 0
    proof = verify(office.settings, 1)
    assert (proof.verdict, proof.altered) == ("erased", None)
    assert [note.split(":")[0] for note in proof.erased] == [first]
    assert "by Li, order 2026-17" in proof.erased[0]
    assert verify(office.settings, 1, replay=True).verdict == "erased"
    assert verify(office.settings, 2, replay=True).verdict == "holds"


def test_the_record_of_it_is_an_event_without_words(office: Office) -> None:
    first, _ = take(office, 1, ONE), take(office, 2, TWO)
    erase(office.settings, first, **ORDER)
    with open_database(office.settings) as conn:
        assert [fault for _, fault in audit.faults(conn) if fault] == []
        last = next(e for e in reversed(audit.events(conn)) if e["kind"] == "erased")
        with pytest.raises(PopbaseError, match="ObjectNotInPrerequisiteState"):
            execute(conn, "delete from ledger.erasure")
        conn.rollback()
    assert (last["actor"], last["facts"]["batch_id"], last["facts"]["kind"]) == ("Li", first, "order")
    assert "mistake" not in str(last)


def test_what_readers_see_or_a_register_is_made_of_is_not_erased(office: Office) -> None:
    first = take(office, 1, ONE)
    with pytest.raises(UsageError, match="its register is made of it"):
        erase(office.settings, first, **ORDER)
    withdraw(office.settings, first, by="Li", reason="wrong")
    with pytest.raises(UsageError, match="the newest or the one readers see"):
        erase(office.settings, first, **ORDER)
    assert left(office.settings.lake)
    with open_database(office.settings) as conn:
        assert erasing.erased(conn) == {}


def test_the_run_after_an_erasure_does_not_bring_it_back(office: Office) -> None:
    take(office, 1, MANY)
    second = take(office, 2, MANY | {"e": "孙七"})
    withdraw(office.settings, second, by="Li", reason="wrong")
    run(office)
    erase(office.settings, second, **ORDER)
    office.send(2, MANY | {"e": "孙七"}, replaces=2, folder="again")
    assert [fault["code"] for fault in office.take()["refused"]] == ["PB-DL-027"]
    run(office)
    assert left(office.settings.lake, "孙七") == []
    assert [path for path in left(office.settings.lake, "letters|e'") if path.startswith("linking")] == []
    assert office.ask("select name from shared.person where name like '孙%%'") == []
    assert verify(office.settings, 2).verdict == "erased"
    with pytest.raises(UsageError, match="cannot be sampled"):
        sample(office.settings, 2, 1, 1, office.settings.home / "sample")


@pytest.mark.long
def test_bytes_that_are_gone_without_a_record_or_come_back_otherwise_are_altered(office: Office) -> None:
    first, second = take(office, 1, ONE), take(office, 2, TWO)
    lake = Lake(office.settings.lake)
    hashes = {r["batch_id"]: r["content_sha256"] for r in office.ask("select * from ledger.batch")}
    paths = {b: lake.root / "bytes" / h[:2] / h for b, h in hashes.items()}
    paths[second].unlink()
    assert verify(office.settings, 2).altered == f"bytes of {second}: they are gone"
    erase(office.settings, first, **ORDER)
    paths[first].write_bytes(b"something else")
    assert verify(office.settings, 1).altered == f"bytes of {first}: they are not the delivered ones"


@pytest.mark.long
def test_an_erasure_that_was_killed_is_finished_by_upkeep(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = take(office, 1, ONE), take(office, 2, TWO)
    with monkeypatch.context() as patch:
        patch.setattr(erasing, "wipe", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            erase(office.settings, first, **ORDER)
    assert left(office.settings.lake)
    assert upkeep(office.settings)["erased"] == 0
    assert left(office.settings.lake) == []
    assert erase(office.settings, first, **ORDER)["files"] == 0


def test_upkeep_erases_what_its_contract_keeps_no_longer_and_nothing_in_effect(office: Office) -> None:
    first, second = take(office, 1, ONE), take(office, 2, TWO)
    assert upkeep(office.settings)["erased"] == 0
    with open_database(office.settings) as conn:
        execute(conn, "update ledger.batch set landed_at = landed_at - interval '11 years'")
    declare(office.settings.declarations, NAMED.replace("retention_years: 10", ""))
    assert upkeep(office.settings)["erased"] == 0, "nothing is destroyed by a default"
    declare(office.settings.declarations, NAMED)
    assert upkeep(office.settings)["erased"] == 1
    assert upkeep(office.settings)["erased"] == 0
    rows = office.ask("select batch_id, kind, reason, erased_by from ledger.erasure")
    assert rows == [
        {"batch_id": first, "kind": "retention", "reason": "retention_years: 10", "erased_by": "upkeep"}
    ]
    assert left(office.settings.lake) == []
    assert left(office.settings.lake, "王大明")
    assert second in {
        row["batch_id"] for row in office.ask("select batch_id from ledger.batch where status = 'accepted'")
    }


@pytest.mark.long
def test_the_same_bytes_of_another_delivery_stay(office: Office) -> None:
    first = take(office, 1, ONE)
    take(office, 2, ONE)
    take(office, 3, ONE)
    erase(office.settings, first, **ORDER)
    assert verify(office.settings, 1).verdict == "holds"
    assert verify(office.settings, 3, replay=True).verdict == "holds"


@pytest.mark.long
def test_a_publication_made_of_erased_deliveries_is_not_explained_but_says_why(office: Office) -> None:
    first, _ = take(office, 1, ONE), take(office, 2, TWO)
    erase(office.settings, first, **ORDER)
    (person,) = office.ask("select min(person_id) as id from golden.person")
    with pytest.raises(UsageError, match="were erased"):
        explain_person(office.settings, person["id"], number=1)
    assert explain_person(office.settings, person["id"], number=2)


@pytest.mark.parametrize("missing", ["order", "by", "reason"])
def test_an_erasure_without_order_name_or_reason_is_refused(office: Office, missing: str) -> None:
    with pytest.raises(UsageError, match="needs an order"):
        erase(office.settings, f"{FEED}-1", **(ORDER | {missing: " "}))


@pytest.mark.long
def test_findings_lose_the_value_of_what_was_erased(office: Office) -> None:
    first, _ = take(office, 1, ONE), take(office, 2, TWO)
    with open_database(office.settings) as conn:
        execute(
            conn,
            "insert into feedback.finding (department, feed, kind, record_key, column_name, reason_codes, value, batch_id,"
            " row_number, first_batch, first_seen, last_seen, state, outcome) values"
            " ('office', %s, 'value', 'k', 'c', '{}', %s, %s, 1, %s, '2026-01-01', '2026-01-01', 'closed', 'corrected')",
            (FEED, WORD, first, first),
        )
    erase(office.settings, first, **ORDER)
    with open_database(office.settings) as conn:
        assert fetch(conn, "select value from feedback.finding") == [{"value": None}]
