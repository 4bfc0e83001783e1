"""A run may be killed at any moment, its server too, and run again: once, or refused with nothing changed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from pipelines.settings import Settings
from pipelines.store.database import front_database_url, open_database
from pipelines.store.embedded import start_server, stop_server
from pipelines.store.placement import root_of
from pipelines.store.postgres import execute, fetch
from tests.acceptance.ground import KILLED, Ground, open_ground
from tests.acceptance.standing import numbers_given, standing

FIRST_MONTH = "2026-06-30"
JULY = ("labour/employment", "social_insurance/contribution")
POINTS = {
    "a delivery is in the lake and not in the ledger": ("land", "after file raw", "after file raw"),
    "a delivery is not committed": ("land", "after insert into ledger.delivery", "before commit"),
    "a delivery is committed": ("land", "after insert into ledger.delivery", "after commit"),
    "standard rows are in the lake alone": ("standardise", "after file faults", "after file faults"),
    "a batch is standardised": ("standardise", "after insert into ledger.stage_time", "after commit"),
    "accepted rows are in the lake alone": ("validate", "after file accepted", "after file accepted"),
    "a batch is half accepted": ("validate", "before copy", "inside copy"),
    "a batch is accepted": ("validate", "after insert into ledger.stage_time", "after commit"),
    "persons are not committed": ("resolve", "after insert into ledger.stage_time", "before commit"),
    "persons are committed": ("resolve", "after insert into ledger.stage_time", "after commit"),
    "golden rows are in the lake alone": ("survive", "after file provenance", "after file provenance"),
    "golden rows are half staged": ("publish", "before create temp table ending", "inside copy"),
    "a publication is staged": ("publish", "after insert into publication.publication", "after commit"),
    "the pointer has not moved": ("publish", "after insert into publication.movement", "before commit"),
    "the pointer has moved": ("publish", "after insert into publication.movement", "after commit"),
    "the report is half written": ("report", "begin", "before insert into ledger.stage_time"),
}
FAILURES = [
    ("land", "after file raw", "after file raw", "server", "SIGKILL"),
    ("validate", "after file accepted", "before commit", "backend", "SIGTERM"),
    ("resolve", "after file links", "inside copy", "server", "SIGQUIT"),
    ("publish", "before create temp table ending", "inside copy", "backend", "SIGKILL"),
    ("publish", "after insert into publication.movement", "before commit", "server", "SIGKILL"),
]


@dataclass(frozen=True)
class Scene:
    """A ground on which June is published, two people were judged to be one, and July lies in the inbox."""

    ground: Ground
    inbox: Path
    undisturbed: dict[str, Any]
    trace: list[str]

    def run(self, **stop: Any) -> tuple[int, str]:
        end = self.ground.run("run", "--inbox", str(self.inbox), **stop)
        return end.code, end.said

    def ends_as_undisturbed(self) -> bool:
        assert self.run()[0] == 0
        found = standing(self.ground.settings)
        assert {name for name in found if found[name] != self.undisturbed[name]} == set()
        number = max(row["number"] for row in numbers_given(self.ground.settings))
        assert (self.ground.settings.reports / f"{number:06d}" / "index.html").exists()
        return True


def deliver(ground: Ground, inbox: Path, feeds: tuple[str, ...], *, is_first: bool) -> None:
    for folder in sorted((ground.delivered / "inbox").glob("*/*/*")):
        place = folder.relative_to(ground.delivered / "inbox")
        if str(place.parent) in feeds and (folder.name <= FIRST_MONTH) is is_first:
            shutil.copytree(folder, inbox / place)


def judge(ground: Ground) -> None:
    """One merge and one split to come: they are events, which a second attempt must neither lose nor double."""
    with open_database(ground.settings) as conn:
        persons = fetch(
            conn,
            "select min(record_key) as one, max(record_key) as other from resolution.membership"
            " group by person_id having count(*) > 2 order by person_id limit 3",
        )
        joined = sorted((persons[0]["one"], persons[1]["one"]))
        parted = sorted((persons[2]["one"], persons[2]["other"]))
        for (a, b), verdict in ((joined, "positive"), (parted, "negative")):
            execute(
                conn,
                "insert into resolution.judgement (record_a, record_b, verdict, judged_by, reason)"
                " values (%s, %s, %s, 'a clerk', 'a test')",
                (a, b, verdict),
            )


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with open_ground(300, seed=11, months=2) as ground:
        inbox, trace = ground.scratch / "inbox", ground.scratch / "trace"
        feeds = tuple(
            {
                str(p.relative_to(ground.delivered / "inbox").parent)
                for p in (ground.delivered / "inbox").glob("*/*/*")
            }
        )
        deliver(ground, inbox, feeds, is_first=True)
        first = ground.run("run", "--inbox", str(inbox))
        assert first.code == 0, first.said
        judge(ground)
        ground.keep("june")
        deliver(ground, inbox, JULY, is_first=False)
        ground.restore("june")
        second = ground.run("run", "--inbox", str(inbox), trace=str(trace))
        assert second.code == 0, second.said
        ground.keep("july")
        yield Scene(ground, inbox, standing(ground.settings), trace.read_text(encoding="utf-8").splitlines())


def test_a_run_that_is_killed_sixteen_times_on_its_way_ends_as_one_undisturbed(scene: Scene) -> None:
    scene.ground.restore("june")
    ends = {name: scene.run(stop=point)[0] for name, point in POINTS.items()}
    assert ends == dict.fromkeys(POINTS, KILLED)
    assert scene.ends_as_undisturbed()


@pytest.mark.parametrize("name", ["persons are committed", "a publication is staged"])
def test_a_run_that_is_killed_once_ends_as_one_undisturbed(scene: Scene, name: str) -> None:
    scene.ground.restore("june")
    assert scene.run(stop=POINTS[name])[0] == KILLED
    assert scene.ends_as_undisturbed()


def test_a_run_whose_server_fails_five_times_says_so_and_ends_as_one_undisturbed(scene: Scene) -> None:
    scene.ground.restore("june")
    for step, anchor, what, victim, sent in FAILURES:
        code, said = scene.run(stop=(step, anchor, what), deed=(victim, sent))
        assert code == 5, said
        assert "the database went away" in said
        assert "Traceback" not in said
        assert "CONTEXT" not in said
    assert scene.ends_as_undisturbed()


def test_of_two_runs_at_once_one_waits_and_finds_nothing_new(scene: Scene) -> None:
    scene.ground.restore("june")
    command = {"command": ["run", "--inbox", str(scene.inbox)]}
    ends = scene.ground.run_together([command, command])
    assert [end.code for end in ends] == [0, 0]
    assert sorted("nothing new" in end.said for end in ends) == [False, True]
    assert any("another run is under way" in end.said for end in ends)
    assert scene.ends_as_undisturbed()


def test_the_number_of_a_publication_nobody_saw_is_never_given_to_another_run(scene: Scene) -> None:
    scene.ground.restore("june")
    assert scene.run(stop=POINTS["a publication is staged"])[0] == KILLED
    late = scene.ground.scratch / "late"
    shutil.copytree(scene.inbox, late)
    deliver(scene.ground, late, ("residence/permit",), is_first=False)
    end = scene.ground.run("run", "--inbox", str(late))
    assert end.code == 0, end.said
    states = [(row["number"], row["state"]) for row in numbers_given(scene.ground.settings)]
    assert states == [(1, "released"), (2, "refused"), (3, "released")]
    found = standing(scene.ground.settings)
    assert all(row["first"] for name in found if name.startswith("golden.") for row in found[name])


def test_a_file_system_that_takes_no_large_file_stops_the_run_and_publishes_nothing(scene: Scene) -> None:
    scene.ground.restore("june")
    before = standing(scene.ground.settings)
    code, said = scene.run(largest_file=4096)
    assert (code, "Traceback" in said, "File too large" in said) == (1, False, True), said
    after = standing(scene.ground.settings)
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"deliveries", "batches", "conservation", "lake"}  # what smaller feeds landed before it
    assert scene.ends_as_undisturbed()


def told_again(scene: Scene, command: tuple[str, ...], stop: dict[str, Any] | None = None) -> dict[str, Any]:
    """What stands when the command is said, killed on its way if so wished and said again, and then published."""
    scene.ground.restore("july")
    if stop is not None:
        assert scene.ground.run(*command, **stop).code == KILLED
    assert scene.ground.run(*command).code in ({0} if stop is None else {0, 2})  # 2: it was done already
    assert scene.run()[0] == 0
    return standing(scene.ground.settings)


def correction(scene: Scene, verb: str) -> tuple[str, ...]:
    with open_database(scene.ground.settings) as conn:
        sql = "select batch_id from ledger.batch where feed = %s order by sequence desc limit 1"
        batch_id: str = fetch(conn, sql, (JULY[0],))[0]["batch_id"]
    why = ("--by", "a clerk", "--reason", "a test")
    return (verb, batch_id, *why) if verb == "withdraw" else (verb, "--batch", batch_id, *why)


@pytest.mark.parametrize(("verb", "table"), [("withdraw", "ledger.withdrawal"), ("replay", "ledger.replay")])
def test_a_correction_that_is_killed_before_its_commit_can_be_said_again(
    scene: Scene, verb: str, table: str
) -> None:
    command = correction(scene, verb)
    undisturbed = told_again(scene, command)
    found = told_again(scene, command, {"stop": ("start", f"after insert into {table}", "before commit")})
    assert {name for name in found if found[name] != undisturbed[name]} == set()


@pytest.mark.long
@pytest.mark.parametrize("verb", ["withdraw", "replay"])
def test_a_correction_that_is_killed_anywhere_can_be_said_again(scene: Scene, verb: str) -> None:
    command, trace = correction(scene, verb), scene.ground.scratch / "correction"
    undisturbed = told_again(scene, command)
    scene.ground.restore("july")
    scene.ground.run(*command, trace=str(trace))
    for k in sampled(trace.read_text(encoding="utf-8").splitlines()):
        found = told_again(scene, command, {"stop_at": k})
        assert {name for name in found if found[name] != undisturbed[name]} == set(), k


def erasure(scene: Scene) -> tuple[tuple[str, ...], str]:
    """The command that erases somebody of whom several feeds speak, and that person's citizen ID."""
    scene.ground.restore("july")
    with open_database(scene.ground.settings) as conn:
        sql = (
            "select g.person_id, g.citizen_id from golden.person as g join resolution.membership using (person_id)"
            " where g.to_publication is null and g.citizen_id is not null group by 1, 2 order by count(*) desc, 1 limit 1"
        )
        (who,) = fetch(conn, sql)
    why = ("--order", "2026-17", "--by", "a clerk", "--reason", "a test", "--yes")
    return ("erase", "--person", who["person_id"], *why), who["citizen_id"]


def files_that_say(folder: Path, word: str) -> list[str]:
    frames = {path: str(pl.read_parquet(path).to_dict(as_series=False)) for path in folder.rglob("*.parquet")}
    return sorted(str(path.relative_to(folder)) for path, text in frames.items() if word in text)


@pytest.mark.long
def test_an_erasure_of_a_person_that_is_killed_anywhere_is_finished_when_said_again(scene: Scene) -> None:
    (command, number), trace = erasure(scene), scene.ground.scratch / "erasure"
    assert files_that_say(scene.ground.settings.lake, number)
    assert scene.ground.run(*command, trace=str(trace)).code == 0
    for k in sampled(trace.read_text(encoding="utf-8").splitlines())[::6]:
        scene.ground.restore("july")
        assert scene.ground.run(*command, stop_at=k).code == KILLED
        end = scene.ground.run(*command)
        assert end.code == 0, (k, end.said)
        assert files_that_say(scene.ground.settings.lake, number) == [], k
        with open_database(scene.ground.settings) as conn:
            assert not fetch(conn, "select from golden.person where citizen_id = %s", (number,))
        end = scene.ground.run("verify", "--all")
        assert (end.code, "不符" in end.said) == (0, False), (k, end.said)


@contextmanager
def small_lake(ground: Ground, spare: int) -> Iterator[None]:
    """The lake on a disk of its own with so many bytes free; its owner gives it more in the end."""
    lake = ground.settings.lake
    ground.restore("june")
    held = sum(path.stat().st_blocks * 512 for path in lake.rglob("*") if path.is_file())
    shutil.rmtree(lake)
    lake.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={held + spare}", "tmpfs", str(lake)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        lake.rmdir()
        pytest.skip("only an account that may mount can fill a disk")
    try:
        shutil.copytree(ground.scratch / "june", lake, dirs_exist_ok=True)
        yield
    finally:
        subprocess.run(["umount", str(lake)], check=True)
        lake.rmdir()


@pytest.mark.parametrize("spare", [20_000, 300_000])
def test_a_full_disk_stops_the_run_and_the_next_one_goes_on(scene: Scene, spare: int) -> None:
    with small_lake(scene.ground, spare):
        code, said = scene.run()
        assert (code, "Traceback" in said, "No space left on device" in said) == (1, False, True), said
        grow = ["mount", "-o", "remount,size=512m", str(scene.ground.settings.lake)]
        subprocess.run(grow, check=True)
        assert scene.ends_as_undisturbed()


@contextmanager
def server_on_a_disk_of_its_own(ground: Ground) -> Iterator[Path]:
    """Where the server's files are meanwhile."""
    root = root_of(ground.settings.home)
    assert root is not None
    stop_server(ground.settings)
    aside, owner = root.with_name("aside"), root.stat()
    root.rename(aside)
    root.mkdir()
    options = f"size=1g,uid={owner.st_uid},gid={owner.st_gid},mode=0700"
    try:
        if subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(root)], check=False
        ).returncode:
            pytest.skip("only an account that may mount can fill a disk")
        subprocess.run(["cp", "-a", f"{aside}/.", str(root)], check=True)
        yield root
    finally:
        stop_server(ground.settings)
        subprocess.run(["umount", str(root)], check=False)
        root.rmdir()
        aside.rename(root)


@pytest.mark.long
@pytest.mark.parametrize("spare", [0, 100_000, 400_000])
def test_a_full_disk_of_the_server_stops_the_run_and_the_next_one_goes_on(scene: Scene, spare: int) -> None:
    scene.ground.restore("june")
    with server_on_a_disk_of_its_own(scene.ground) as root:
        start_server(scene.ground.settings)
        filling = root / "filling"
        with filling.open("wb") as filled:
            os.posix_fallocate(filled.fileno(), 0, shutil.disk_usage(root).free - spare)
        code, said = scene.run()
        assert code in {1, 5}, said
        assert "Traceback" not in said
        filling.unlink()
        assert scene.ends_as_undisturbed()


@pytest.mark.long
def test_a_home_whose_first_run_is_killed_again_and_again_ends_as_one_undisturbed(scene: Scene) -> None:
    dice, settings = Random(1), Settings(home=scene.ground.scratch / "fresh")  # noqa: S311 - no secret
    june = scene.ground.scratch / "june inbox"
    for folder in sorted(scene.inbox.glob("*/*/*")):
        if folder.name <= FIRST_MONTH:
            shutil.copytree(folder, june / folder.relative_to(scene.inbox))
    environment = {
        "POPBASE_HOME": str(settings.home),
        "POPBASE_FRONT_DATABASE_URL": front_database_url(scene.ground.settings),
    }
    for _ in range(20):
        end = scene.ground.run(
            "run", "--inbox", str(june), environ=environment, kill_after=dice.uniform(0.05, 5.0)
        )
        assert end.code in {KILLED, 0}, end.said
    end = scene.ground.run("run", "--inbox", str(june), environ=environment)
    assert end.code == 0, end.said
    contents = [row["content_hash"] for row in standing(settings)["publications"]]
    stop_server(settings)
    assert contents == [scene.undisturbed["publications"][0]["content_hash"]]


def sampled(trace: list[str]) -> list[int]:
    """Every commit and every file, before and after, and of the other statements every thirteenth."""
    marked = [k for k, event in enumerate(trace, 1) if "commit" in event or " file " in event]
    return sorted({*marked, *range(1, len(trace) + 1, 13)})


@pytest.mark.long
def test_a_run_killed_at_any_commit_file_or_statement_ends_as_one_undisturbed(scene: Scene) -> None:
    for k in sampled(scene.trace):
        scene.ground.restore("june")
        assert scene.run(stop_at=k)[0] == KILLED, scene.trace[k - 1]
        assert scene.ends_as_undisturbed(), scene.trace[k - 1]


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_a_run_killed_at_random_times_ends_as_one_undisturbed(scene: Scene, seed: int) -> None:
    dice = Random(seed)  # noqa: S311 - no secret
    scene.ground.restore("june")
    for _ in range(10):
        assert scene.run(kill_after=dice.uniform(0.05, 3.0))[0] in {KILLED, 0}
    assert scene.ends_as_undisturbed()


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_a_run_whose_server_fails_anywhere_ends_as_one_undisturbed(scene: Scene, seed: int) -> None:
    dice = Random(seed)  # noqa: S311 - no secret
    scene.ground.restore("june")
    for _ in range(5):
        deed = dice.choice(
            [("server", "SIGKILL"), ("server", "SIGQUIT"), ("backend", "SIGKILL"), ("backend", "SIGTERM")]
        )
        code, said = scene.run(stop_at=dice.randrange(1, len(scene.trace)), deed=deed)
        assert code in {0, 5}, said
    assert scene.ends_as_undisturbed()
