"""Deadlines in working days."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from pipelines.kernels.working_days import Calendar

NATIONAL = Calendar(
    holidays=frozenset({date(2026, 10, day) for day in range(1, 8)}),
    working_weekends=frozenset({date(2026, 10, 10)}),
)


def test_weekends_and_listed_holidays_do_not_count() -> None:
    assert Calendar().after(date(2026, 9, 30), 2) == date(2026, 10, 2)
    assert NATIONAL.after(date(2026, 9, 30), 2) == date(2026, 10, 9)


def test_a_weekend_that_is_worked_counts() -> None:
    assert NATIONAL.after(date(2026, 9, 30), 3) == date(2026, 10, 10)


@given(st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.integers(1, 40))
def test_the_deadline_is_worked_and_so_many_worked_days_lie_before_it(day: date, count: int) -> None:
    due = NATIONAL.after(day, count)
    span = [date.fromordinal(n) for n in range(day.toordinal() + 1, due.toordinal() + 1)]
    assert NATIONAL.is_worked(due)
    assert sum(map(NATIONAL.is_worked, span)) == count
