"""Deliveries in any order against a model in memory: the current records are always the model's."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from pipelines.settings import Settings
from pipelines.stages.replay import replay
from pipelines.stages.upkeep import approve
from pipelines.stages.withdraw import withdraw
from pipelines.store.database import open_database
from pipelines.store.embedded import ADMIN, server_url, stop_server
from tests.generative.delivery_model import Model, Rows, Sent
from tests.office import FEED, Office, declare, open_office, suite

WORDS = ("1", "2", "bad", "odd")
UNSHRUNK = settings(report_multiple_bugs=False, phases=[Phase.generate])
"""A step takes a tenth of a second, so a history is sooner read than shrunk."""

full = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(WORDS), max_size=4)
flagged = st.dictionaries(st.sampled_from("abcd"), st.tuples(st.sampled_from(WORDS), st.sampled_from("IUD")))
increments = flagged.map(lambda told: [(key, word, flag) for key, (word, flag) in sorted(told.items())])
contents = st.one_of(full, full, increments)


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    folder = Path(tempfile.mkdtemp(prefix="popbase-machine-"))
    folder.chmod(0o755)  # the server's account looks in
    one = open_office(Settings(home=folder), folder)
    with open_database(one.settings):
        pass
    execute_as_admin(one, "alter system set fsync = off")
    execute_as_admin(one, "select pg_reload_conf()")
    yield one
    stop_server(one.settings)
    shutil.rmtree(folder)


def execute_as_admin(office: Office, statement: str) -> None:
    conn = psycopg2.connect(server_url(office.settings, "popbase", ADMIN))
    conn.autocommit = True
    with conn.cursor() as cursor:
        cursor.execute(statement)
    conn.close()


def forget(office: Office) -> Office:
    """The same office on its first day."""
    declare(office.settings.declarations)
    execute_as_admin(
        office,
        "set session_replication_role = replica;"  # these tables are append-only: their triggers sleep meanwhile
        "truncate ledger.delivery, ledger.batch, quality.rule_result, quality.verdict, audit.event cascade",
    )
    for folder in (office.inbox, office.settings.lake):
        shutil.rmtree(folder, ignore_errors=True)
    return Office(office.settings)


class Deliveries(RuleBasedStateMachine):
    """What departments and engineers do, in any order."""

    place: Office

    def __init__(self) -> None:
        super().__init__()
        self.office, self.model = forget(self.place), Model()
        self.inbox: list[Sent] = []

    @rule(rows=contents, step=st.sampled_from([1, 1, 1, 2]))
    def send_the_next(self, rows: Rows, step: int) -> None:
        newest = max((s.sequence for s in [*self.model.everything(), *self.inbox]), default=0)
        self.send(Sent(newest + step, rows))

    @rule(rows=contents, sequence=st.integers(1, 6))
    def send_any(self, rows: Rows, sequence: int) -> None:
        self.send(Sent(sequence, rows))

    @rule(rows=contents, sequence=st.integers(1, 6), replaces=st.integers(1, 6), same=st.booleans())
    def correct(self, rows: Rows, sequence: int, replaces: int, *, same: bool) -> None:
        self.send(Sent(replaces if same else sequence, rows, replaces))

    @precondition(lambda self: self.model.everything())
    @rule(which=st.integers(0, 50), is_correction=st.booleans())
    def send_again(self, which: int, *, is_correction: bool) -> None:
        known = self.model.everything()
        sent = known[which % len(known)]
        self.send(Sent(sent.sequence, sent.rows, sent.sequence if is_correction else sent.replaces))

    def send(self, sent: Sent) -> None:
        said = {} if sent.replaces is None else {"replaces": sent.replaces}
        self.office.send(sent.sequence, sent.rows, **said)
        self.inbox.append(sent)

    @rule()
    def take(self) -> None:
        in_order = sorted(self.inbox, key=lambda s: (s.sequence, s.replaces is not None))
        fates = [(sent, self.model.take_in(sent)) for sent in in_order]
        self.inbox = [sent for sent, fate in fates if fate == "postponed"]
        codes = [fate for _, fate in fates if fate.startswith("PB-")]
        landed = self.office.land()
        assert landed["landed"] == [sent.name for sent, fate in fates if fate == "landed"]
        assert [refusal["code"] for refusal in landed["refused"]] == codes
        assert landed["redelivered"] == sum(fate == "redelivered" for _, fate in fates)
        assert len(landed["postponed"]) == len(self.inbox)
        self.model.judge([s for s in self.model.everything() if s.state == "landed"])
        self.office.judge()
        self.check()

    @precondition(lambda self: self.model.waiting)
    @rule()
    def say_yes(self) -> None:
        assert self.model.waiting is not None
        approve(self.office.settings, self.model.waiting.name, by="machine", reason="test")
        self.model.waiting.was_accepted = True
        self.model.take_turns([])
        self.check()

    @precondition(lambda self: any(s.state == "passed" for s in self.model.everything()))
    @rule(which=st.integers(0, 50))
    def take_back(self, which: int) -> None:
        passed = [s for s in self.model.everything() if s.state == "passed"]
        gone = passed[which % len(passed)]
        withdraw(self.office.settings, gone.name, by="machine", reason="test")
        gone.state, gone.was_accepted = "withdrawn", False
        self.model.take_turns([])
        self.check()

    @precondition(lambda self: self.model.again())
    @rule(word=st.sampled_from(WORDS[:3]))
    def mend_the_suite(self, word: str) -> None:
        declare(self.office.settings.declarations, rules=suite(refused=word))
        replay(self.office.settings, feed=FEED)
        self.office.judge()
        self.model.refused_word = word
        self.model.judge(self.model.again())
        self.check()

    def check(self) -> None:
        assert self.office.register() == dict(sorted(self.model.register().items()))
        named = {f"office-letters-{name}": state for name, state in self.office.batches().items()}
        assert named == self.model.states()


def machine(office: Office) -> type[RuleBasedStateMachine]:
    """The machine of that office; Hypothesis makes one a history."""

    class Here(Deliveries):
        place = office

    return Here


def test_the_register_is_what_the_model_says(office: Office) -> None:
    few = settings(UNSHRUNK, max_examples=10, stateful_step_count=12)
    run_state_machine_as_test(machine(office), settings=few)


@pytest.mark.long
def test_the_register_is_what_the_model_says_for_long(office: Office) -> None:
    many = settings(UNSHRUNK, max_examples=100, stateful_step_count=30)
    run_state_machine_as_test(machine(office), settings=many)
