"""`popbase unmask`: one person's published values, for the duty of security, after it is on record who looks and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.errors import UsageError
from pipelines.store.database import open_in_duty
from pipelines.store.postgres import fetch

if TYPE_CHECKING:
    from pipelines.settings import Settings


def unmasked(settings: Settings, person_id: str, purpose: str) -> tuple[int, dict[str, Any]]:
    """The number of the record, and the person's values by column.

    Raises:
        UsageError: without a purpose, or readers see no such person.
    """
    if not purpose.strip():
        raise UsageError("unmasking needs a purpose", hint="--purpose TEXT")
    with open_in_duty(settings, "security") as conn:
        asked = fetch(conn, "select shared.ask_unmasking(%s, %s) as number", (person_id, purpose.strip()))
        number: int | None = asked[0]["number"]
        if number is None:
            raise UsageError("readers see no such person", hint="an id as in shared.person")
        conn.commit()
        told = fetch(conn, "select shared.unmasked_person(%s) as told", (number,))[0]["told"]
    return number, {name: told[name] for name in sorted(told)}
