from __future__ import annotations

import pytest

from tests.fuzz.__main__ import summary
from tests.fuzz.cases import FORMS, case_of
from tests.fuzz.runner import run


@pytest.mark.parametrize("files", [2_000, pytest.param(20_000, marks=pytest.mark.long)])
def test_every_delivery_ends_in_rows_that_add_up_or_in_a_refusal_with_a_code(files: int) -> None:
    tally = run(seed=files, files=files, workers=2)
    assert not tally.faults, summary(tally)
    assert tally.files == files
    assert set(tally.read) == {*FORMS, "manifest"}
    assert min(tally.read.values()) > files / 80
    assert len(tally.outcomes) > 12


def test_the_same_number_gives_the_same_delivery() -> None:
    assert [case_of(7, number) for number in range(50)] == [case_of(7, number) for number in range(50)]
