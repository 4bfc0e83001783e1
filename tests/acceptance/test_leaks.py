"""Nobody's value shows where it must not: markers planted in every column of every delivery are looked for."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from pipelines.contract.load import load_contracts
from pipelines.errors import PopbaseError
from pipelines.kernels.audited import JOINED
from pipelines.privacy import without_values
from pipelines.store.access import departments
from pipelines.store.database import database_url, open_database
from pipelines.store.embedded import ADMIN, server_url
from pipelines.store.placement import root_of
from pipelines.store.postgres import connect, copy_frame, execute, fetch
from tests.acceptance.canaries import Flock
from tests.acceptance.ground import End, Ground, open_ground

HOLDERS = re.compile(
    r"golden\.|masking\.|resolution\.(membership|assignment|conflict|judgement|review_case|event_cause)$|feedback\.(finding|audited)$|shared\.finding$"
)
"""Tables that hold values, or keys of records, which may be made of an ID."""
COMMANDS = (
    ("run", "--json"), ("run", "--json"), ("status",), ("status", "--json"), ("publications", "--json"),
    ("report",), ("step", "upkeep"), ("evaluate", "--json"), ("feedback", "out"), ("feedback", "list", "--json"),
    ("audit-log", "--json"), ("sample", "--publication", "1", "--json"),
    ("export", "person", "--format", "csv", "--json"), ("reads", "--json"),
)  # fmt: skip

READER = departments(load_contracts())[0]


@dataclass(frozen=True)
class Planted:
    """A ground on which marked deliveries were taken in, and all that commands said meanwhile."""

    ground: Ground
    flock: Flock
    said: dict[str, End]

    def seen_in_logs(self) -> dict[str, int]:
        root = root_of(self.ground.settings.home)
        assert root is not None
        logs = [
            path
            for path in root.rglob("*")
            if "data" not in path.relative_to(root).parts or "log" in path.name
        ]
        return self.flock.seen_in_files(logs)


@pytest.fixture(scope="module")
def planted() -> Iterator[Planted]:
    flock = Flock()
    with open_ground(200, seed=5, months=2, prepare=flock.plant) as ground:
        said = {}
        inbox = str(ground.delivered / "inbox")
        with open_database(ground.settings):
            pass
        ground.keep("empty")
        for number, command in enumerate(COMMANDS):
            options = {
                "run": ["--inbox", inbox],
                "feedback": ["--out", str(ground.scratch / "given")] if "out" in command else [],
                "export": [
                    "--as",
                    READER,
                    "--by",
                    "Li",
                    "--purpose",
                    "trial",
                    "--out",
                    str(ground.scratch / "files"),
                ],
                "evaluate": ["--truth", str(ground.delivered / "truth.csv")],
            }
            said[f"{number} {command[0]}"] = ground.run(*command, *options.get(command[0], []))
        yield Planted(ground, flock, said)


def test_marked_deliveries_are_taken_in_and_published(planted: Planted) -> None:
    summary = json.loads(planted.said["0 run"].said.splitlines()[-1])
    assert (summary["publication"], summary["decision"]) == (1, "released")
    lake = planted.flock.seen_in_files(planted.ground.settings.lake.glob("bytes/*/*"))
    held = planted.flock.seen_in_database(server_url(planted.ground.settings, "popbase", ADMIN))
    assert len(lake) > 5
    assert held["golden.person"] > 100


def test_no_command_says_a_value(planted: Planted) -> None:
    seen = {name: planted.flock.seen_in(end.said) for name, end in planted.said.items()}
    assert {name for name in seen if seen[name]} == set()
    assert {name: end.code for name, end in planted.said.items() if end.code not in {0, 3}} == {}
    assert not any("Traceback" in end.said for end in planted.said.values())


def test_explaining_a_person_shows_no_value(planted: Planted) -> None:
    with open_database(planted.ground.settings) as conn:
        sql = "select person_id from golden.person where name like '禤%' and to_publication is null order by 1 limit 5"
        persons = [row["person_id"] for row in fetch(conn, sql)]
    told = "".join(
        planted.ground.run("explain", person, *how).said for person in persons for how in ((), ("--json",))
    )
    assert persons
    assert all(person in told for person in persons)
    assert planted.flock.seen_in(told) == set()


def test_a_feedback_file_shows_its_own_departments_values_and_nobody_elses(planted: Planted) -> None:
    files = sorted((planted.ground.scratch / "given").glob("*.xlsx"))
    owners = {path.stem.rsplit("-", 2)[0]: path for path in files}
    assert len(owners) > 3
    for department, path in owners.items():
        sheet = openpyxl.load_workbook(path, read_only=True).worksheets[0]
        shown = {part.upper() for row in sheet.values for cell in row for part in str(cell).split(JOINED)}
        mine = planted.flock.by_department[department]
        others = set().union(*(m for d, m in planted.flock.by_department.items() if d != department))
        assert len(shown & mine) > 5
        assert shown & others == set()


def test_a_review_workbook_shows_what_agrees_and_no_value(planted: Planted) -> None:
    path = planted.ground.scratch / "cases.xlsx"
    told = planted.ground.run("review", "export", str(path))
    assert (told.code, told.said) == (0, told.said), told.said
    listed = planted.ground.run("review", "list", "--json")
    sheets = openpyxl.load_workbook(path, read_only=True).worksheets
    cells = "\n".join(
        str(cell) for sheet in sheets for row in sheet.values for cell in row if cell is not None
    )
    assert sheets[0].max_row > 2
    assert planted.flock.seen_in(cells) | planted.flock.seen_in(told.said + listed.said) == set()
    with zipfile.ZipFile(path) as parts:
        texts = [parts.read(name).decode(errors="replace") for name in parts.namelist()]
    assert planted.flock.seen_in("\n".join(texts)) == set()


@pytest.mark.long  # it imports Great Expectations and audits every table again
def test_a_second_opinion_tells_counts_and_no_value(planted: Planted) -> None:
    told = [planted.ground.run("second-opinion", *how) for how in ((), ("--json",))]
    assert [end.code for end in told] == [0, 0], told[0].said
    assert "PB-PER-004" in told[1].said
    assert planted.flock.seen_in("".join(end.said for end in told)) == set()
    assert planted.seen_in_logs() == {}


def test_rows_that_break_rules_are_listed_without_their_values(planted: Planted) -> None:
    with open_database(planted.ground.settings) as conn:
        batches = fetch(
            conn, "select distinct on (feed) batch_id from ledger.batch order by feed, sequence desc"
        )
    told = "".join(planted.ground.run("failing", row["batch_id"], "--json").said for row in batches)
    assert "PB-LAB-" in told
    assert planted.flock.seen_in(told) == set()


def test_no_file_of_the_home_beside_the_lake_shows_a_value(planted: Planted) -> None:
    home, lake = planted.ground.settings.home, planted.ground.settings.lake
    files = [path for path in home.rglob("*") if lake not in path.parents and "data" not in path.parts]
    assert len([path for path in files if path.suffix in {".html", ".json", ".csv"}]) > 5
    assert planted.flock.seen_in_files(files) == {}


def test_only_tables_that_must_hold_values_hold_them(planted: Planted) -> None:
    held = planted.flock.seen_in_database(server_url(planted.ground.settings, "popbase", ADMIN))
    assert [name for name in held if not HOLDERS.match(name)] == []


def test_no_reader_reaches_a_table_that_holds_values(planted: Planted) -> None:
    with open_database(planted.ground.settings) as conn:
        open_to_readers = fetch(
            conn,
            "select r.rolname, c.oid::regclass::text as relation from pg_roles r cross join pg_class c"
            " where r.rolname ~ '^popbase_(reader|login|plain)' and c.relkind in ('r', 'v', 'm', 'p')"
            " and c.relnamespace in ('golden'::regnamespace, 'resolution'::regnamespace, 'ledger'::regnamespace,"
            " 'quality'::regnamespace, 'publication'::regnamespace, 'migration'::regnamespace, 'feedback'::regnamespace,"
            " 'audit'::regnamespace, 'masking'::regnamespace)"
            " and (has_any_column_privilege(r.oid, c.oid, 'select') or has_schema_privilege(r.oid, c.relnamespace, 'usage'))",
        )
    assert open_to_readers == []


def test_a_broken_constraint_shows_no_row(planted: Planted) -> None:
    planted.ground.restore("empty")
    with connect(server_url(planted.ground.settings, "popbase", ADMIN)) as conn:
        execute(conn, "alter table golden.person add constraint no_canary check (name not like '禤%')")
    end = planted.ground.run("run", "--inbox", str(planted.ground.delivered / "inbox"))
    assert (end.code, "no_canary" in end.said) == (1, True), end.said
    assert planted.flock.seen_in(end.said) == set()
    assert planted.seen_in_logs() == {}


def test_a_connection_that_breaks_inside_a_copy_shows_no_row(planted: Planted) -> None:
    planted.ground.restore("empty")
    stop = ("publish", "before copy", "inside copy")
    end = planted.ground.run(
        "run", "--inbox", str(planted.ground.delivered / "inbox"), stop=stop, deed=("backend", "SIGTERM")
    )
    assert end.code == 5, end.said
    assert planted.flock.seen_in(end.said) == set()
    assert "COPY" not in end.said
    assert planted.seen_in_logs() == {}


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("resolution.membership", {"record_key": "zzcanary1", "person_id": "nobody", "run_id": "r"}),
        (
            "quality.fault_count",
            {"batch_id": "zzcanary2", "column_name": "a", "reason_code": "b", "rows": "zzcanary"},
        ),
        ("resolution.person", {"person_id": "zzcanary3", "number": "zzcanary"}),
    ],
)
def test_a_copy_that_fails_names_columns_and_constraints_only(
    planted: Planted, table: str, row: dict[str, str]
) -> None:
    with pytest.raises(PopbaseError) as failed, connect(database_url(planted.ground.settings)) as conn:
        copy_frame(conn, table, pl.DataFrame([row]))
    assert planted.flock.seen_in(str(failed.value)) == set()
    assert planted.seen_in_logs() == {}


def test_an_error_of_a_library_is_told_by_its_type_and_place() -> None:
    with pytest.raises(PopbaseError) as told, without_values():
        pl.Series(["zzcanary"]).cast(pl.Int64)
    assert "zzcanary" not in str(told.value)
    assert "InvalidOperationError at privacy:" in str(told.value)
    assert told.value.__suppress_context__


def test_an_error_of_the_machine_keeps_its_words(tmp_path: Path) -> None:
    with pytest.raises(PopbaseError, match=r"No such file or directory: .*nothing"), without_values():
        (tmp_path / "nothing").read_text(encoding="utf-8")
