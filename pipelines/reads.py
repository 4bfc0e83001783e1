"""`popbase reads`: who read whom through the reading functions, as the duty of audit sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pipelines.store.database import open_in_duty
from pipelines.store.postgres import fetch

if TYPE_CHECKING:
    from datetime import datetime

    from pipelines.settings import Settings

_READS: Final = """
select * from reading.read
where (%s::text is null or key_hmac = reading.key_of(%s)) and (%s::text is null or login = %s)
    and (%s::timestamptz is null or read_at >= %s)
order by read_id
"""
_GONE: Final = "select coalesce(max(read_id), 0) - count(*) as gone from reading.read"


def reads(
    settings: Settings, *, person: str | None = None, login: str | None = None, since: datetime | None = None
) -> dict[str, Any]:
    """{"reads": rows of reading.read, "gone": numbers below the newest that no row has}."""
    with open_in_duty(settings, "audit") as conn:
        rows = fetch(conn, _READS, (person, person, login, login, since, since))
        return {"reads": rows, "gone": fetch(conn, _GONE)[0]["gone"]}
