"""The publisher is killed 300 times, its server 50 times, and each of its statements fails once.

The publication is the second of a county: it opens rows, closes rows and leaves rows. What is compared is told in
standing.py; after each blow the certificate, the audit chain and the tables must agree, whatever readers see.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from pipelines.proving import verify
from pipelines.store.database import open_database
from pipelines.store.postgres import compose, fetch
from pipelines.store.publication import pointer
from pipelines.store.versions import golden_names
from tests.acceptance.ground import KILLED, Ground, open_ground
from tests.acceptance.standing import standing

pytestmark = pytest.mark.long
FIRST_MONTH = "2026-06-30"
LONGEST = 2.5
"""Seconds; a publication takes about two."""
DOUBLED = """
select row_key from {table} where from_publication <= %s and coalesce(to_publication > %s, true)
group by 1 having count(*) > 1
"""


@dataclass(frozen=True)
class Stage:
    """A county whose second publication is about to be made."""

    ground: Ground
    undisturbed: dict[str, Any]
    trace: list[str]

    def publish(self, **stop: Any) -> tuple[int, str]:
        end = self.ground.run("step", "publish", **stop)
        return end.code, end.said

    def begin(self) -> None:
        self.ground.restore("survived")

    def ends_as_undisturbed(self) -> set[str]:
        """What differs once the same command has been said again."""
        code, said = self.publish()
        assert code == 0, said
        found = standing(self.ground.settings)
        return {name for name in found if found[name] != self.undisturbed[name]}

    def disagreement(self) -> list[str]:
        """What of ledger, tables, chain and certificate does not fit what readers see now."""
        with open_database(self.ground.settings) as conn:
            number = pointer(conn)
            told = [
                f"{name} has a row twice"
                for name in golden_names(conn)
                if fetch(conn, compose(conn, DOUBLED, table=f"golden.{name}"), (number, number))
            ]
        proof = verify(self.ground.settings, number)
        return told if proof.altered is None else [*told, proof.altered]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with open_ground(80, seed=5, months=2) as ground:
        inbox, delivered = ground.scratch / "inbox", ground.delivered / "inbox"
        for month in ("first", "second"):
            for folder in sorted(delivered.glob("*/*/*")):
                target = inbox / folder.relative_to(delivered)
                if (folder.name <= FIRST_MONTH or month == "second") and not target.exists():
                    shutil.copytree(folder, target)
            stop = {"stop": ("publish", "begin", "begin")} if month == "second" else {}
            end = ground.run("run", "--inbox", str(inbox), **stop)
            assert end.code == (KILLED if stop else 0), end.said
        ground.keep("survived")
        ground.restore("survived")
        trace = ground.scratch / "trace"
        end = ground.run("step", "publish", trace=str(trace))
        assert end.code == 0, end.said
        undisturbed = standing(ground.settings)
        assert [row["state"] for row in undisturbed["publications"]] == ["released", "released"]
        yield Stage(ground, undisturbed, trace.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("seed", range(10))
def test_a_publisher_killed_thirty_times_at_random_moments_loses_and_doubles_nothing(
    stage: Stage, seed: int
) -> None:
    dice, kills = Random(seed), 0  # noqa: S311 - no secret
    stage.begin()
    while kills < 30:
        moment = dice.uniform(0.02, LONGEST)
        code, said = stage.publish(kill_after=moment)
        assert code in {KILLED, 0}, said
        assert stage.disagreement() == [], f"seed {seed}, kill {kills}, after {moment:.3f} s"
        kills += code == KILLED
        if code == 0:
            assert stage.ends_as_undisturbed() == set(), f"seed {seed}, kill {kills}"
            stage.begin()
    assert stage.ends_as_undisturbed() == set(), f"seed {seed}"


@pytest.mark.parametrize("seed", range(10))
def test_a_publisher_whose_server_is_killed_five_times_loses_and_doubles_nothing(
    stage: Stage, seed: int
) -> None:
    dice = Random(seed)  # noqa: S311 - no secret
    stage.begin()
    for kill in range(5):
        point = dice.randrange(1, len(stage.trace) // 2)
        code, said = stage.publish(stop_at=point, deed=("server", "SIGKILL"))
        where = f"seed {seed}, kill {kill}, at {point}: {stage.trace[point - 1]}"
        assert code == 5, (where, said)
        assert stage.disagreement() == [], where
    assert stage.ends_as_undisturbed() == set(), f"seed {seed}"


def points(trace: list[str]) -> dict[int, tuple[str, str]]:
    """Where to fail and how: before each statement, in each COPY, before each commit, and after it, unheard."""
    chosen: dict[int, tuple[str, str]] = {}
    for number, event in enumerate(trace, 1):
        what = event.split("\t")[1]
        before = trace[number - 2].split("\t")[1] if number > 1 else ""
        is_statement = what.startswith("before ") and not what.startswith("before file")
        if what == "after commit":
            chosen[number] = ("answer", "lost")
        elif is_statement or (what, before) == ("inside copy", "before copy"):
            chosen[number] = ("backend", "SIGTERM")
    return chosen


def let_go(trace: list[str]) -> int:
    """The last commit, of the session that only holds the turn: it has nothing to commit, so nobody misses it."""
    return max(number for number, event in enumerate(trace, 1) if event.endswith("\tbefore commit"))


@pytest.mark.parametrize("part", range(8))
def test_each_statement_of_a_publication_may_fail_once_before_and_after_its_commit(
    stage: Stage, part: int
) -> None:
    chosen = points(stage.trace)
    assert sum(deed == ("answer", "lost") for deed in chosen.values()) >= 3
    for point, deed in list(chosen.items())[part::8]:
        where = f"{point}: {stage.trace[point - 1]}, {deed}"
        stage.begin()
        code, said = stage.publish(stop_at=point, deed=deed)
        assert code == 5 or (code == 0 and point == let_go(stage.trace)), (where, said)
        assert "Traceback" not in said, where
        assert stage.disagreement() == [], where
        assert stage.ends_as_undisturbed() == set(), where
