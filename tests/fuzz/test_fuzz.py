from __future__ import annotations

from tests.fuzz.__main__ import summary
from tests.fuzz.cases import FORMS, case_of
from tests.fuzz.runner import run

FILES = 12_000
"""A million in `make fuzz`."""


def test_every_delivery_ends_in_rows_that_add_up_or_in_a_refusal_with_a_code() -> None:
    tally = run(seed=FILES, files=FILES, workers=2)
    assert not tally.faults, summary(tally)
    assert tally.files == FILES
    assert set(tally.read) == {*FORMS, "manifest"}
    assert min(tally.read.values()) > FILES / 80
    assert len(tally.outcomes) > 12


def test_the_same_number_gives_the_same_delivery() -> None:
    assert [case_of(7, number) for number in range(50)] == [case_of(7, number) for number in range(50)]
