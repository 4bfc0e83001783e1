"""`popbase as-of`: what readers saw on a day."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

from pipelines.store.database import open_database
from pipelines.store.postgres import fetch
from pipelines.store.versions import count_at, golden_names, seen_condition

if TYPE_CHECKING:
    from pipelines.settings import Settings

CHINA: Final = timezone(timedelta(hours=8))


def seen_on(settings: Settings, day: date) -> dict[str, Any]:
    """The publication readers saw at the end of that day in China.

    Returns {"publication": n (0: none yet), "tables": {golden table: rows}, "where": true of its golden rows, in SQL}.
    """
    end = datetime.combine(day + timedelta(days=1), time(), CHINA) - timedelta(microseconds=1)
    with open_database(settings) as conn:
        number = int(fetch(conn, "select publication.seen_on(%s) as number", (end,))[0]["number"])
        names = golden_names(conn) if number else []
        tables = {name: count_at(conn, name, number) for name in names}
    return {"publication": number, "tables": tables, "where": seen_condition(number)}
