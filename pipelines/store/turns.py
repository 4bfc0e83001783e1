"""Taking turns: what two runs on one database must not do at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pipelines.settings import Settings
from pipelines.store.database import open_database
from pipelines.store.postgres import execute, fetch


@contextmanager
def turn(settings: Settings, name: str, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Keep the turn of that name while the block lasts; `waiting` is called when somebody else has it.

    The lock belongs to a session of its own that has no transaction open, so a long run holds up no clean-up of the
    database; a program that is killed lets go of it with its session.
    """
    with open_database(settings) as conn:
        asked = fetch(conn, "select pg_try_advisory_lock(hashtextextended(%s, 0)) as mine", (name,))
        if not asked[0]["mine"]:
            waiting()
            execute(conn, "select pg_advisory_lock(hashtextextended(%s, 0))", (name,))
        conn.commit()
        yield
