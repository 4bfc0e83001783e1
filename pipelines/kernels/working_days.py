"""Deadlines in working days, by a calendar of days off that the operator lists."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Calendar:
    """Which days are worked.

    Attributes:
        weekend: ISO weekdays that are off, Monday is 1.
        holidays: further days off.
        working_weekends: days of a weekend that are worked.
    """

    weekend: Collection[int] = (6, 7)
    holidays: Collection[date] = ()
    working_weekends: Collection[date] = ()

    def is_worked(self, day: date) -> bool:
        """Whether people work on that day."""
        if day in self.working_weekends:
            return True
        return day not in self.holidays and day.isoweekday() not in self.weekend

    def after(self, day: date, working_days: int) -> date:
        """The last of so many working days; the day itself does not count."""
        left = working_days
        while left > 0:
            day += timedelta(days=1)
            left -= self.is_worked(day)
        return day
