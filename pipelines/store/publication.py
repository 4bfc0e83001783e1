"""Publications: staged beside what readers see, then released, refused, or later withdrawn.

Readers follow one pointer row, so publishing takes no lock that a reader holds, and nobody sees half a
publication. Every function runs in the caller's transaction; the pointer's row is the lock among writers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import Any

import polars as pl

from pipelines.errors import PopbaseError, UsageError
from pipelines.store.contents import Contents, contents, kept_contents
from pipelines.store.lake import Lake
from pipelines.store.postgres import Connection, ahead, execute, fetch
from pipelines.store.said import said_by_row
from pipelines.store.versions import (
    PROVENANCE,
    Span,
    Written,
    content_hash_of,
    golden_names,
    row_hashes,
    rows_at,
    seen_hashes,
    touch,
    undo,
    write_rows,
)

__all__ = [
    "Staged", "content_hash_of", "is_after_rollback", "pointer", "publications", "refuse", "release", "rollback", "rows_at",
    "run_of", "stage",
]  # fmt: skip


@dataclass(frozen=True)
class Staged:
    """A staged publication.

    Attributes:
        number: its number, for good.
        base: the publication readers saw when it was staged; 0 for none.
        counts: {table: {opened, closed, unchanged}} against what readers see.
        rows: {table: rows it has}.
        content_hash: over all rows; the same content has the same hash whatever its number.
    """

    number: int
    base: int
    counts: dict[str, dict[str, int]]
    rows: dict[str, int]
    content_hash: str


def pointer(conn: Connection) -> int:
    """The publication readers see; 0 before the first."""
    number: int = fetch(conn, "select number from publication.pointer")[0]["number"]
    return number


def publications(conn: Connection) -> list[dict[str, Any]]:
    """All publications, newest first."""
    return fetch(conn, "select * from publication.publication order by number desc")


def run_of(conn: Connection, number: int) -> str:
    """The run a publication was made by; UsageError when there is none of that number."""
    return str(_publication(conn, number)["run_id"])


def stage(
    conn: Connection,
    run_id: str,
    tables: Mapping[str, pl.DataFrame],
    provenance: pl.DataFrame,
    base: int,
    *,
    touched: pl.Series | None = None,
    lake: Lake | None = None,
) -> Staged:
    """Write a publication that nobody sees yet, against the one readers see.

    A publication that was staged before and not decided is removed first: the same run's is made anew under its
    number, another run's counts as refused.

    Args:
        conn: the transaction.
        run_id: the run that made the tables.
        tables: content by golden table, `row_key` unique in each; a table that is not given becomes empty.
        provenance: table, row_key, attribute, record_key, rule.
        base: the publication the run was made on.
        touched: the persons whose rows the tables hold, all others keep theirs; default: the tables are whole.
        lake: keeps what a publication holds, for the next one; default: that is asked of the server.

    Raises:
        PopbaseError: when readers see another publication than `base`, a table or column is unknown, rows are of
            persons that are not among the touched, or others than the touched are to be made anew after a rollback.
    """
    current = _lock(conn)
    if base != current:
        raise PopbaseError(
            f"run {run_id} was made on publication {base}, readers see {current}",
            hint="popbase run makes a new run",
        )
    names = golden_names(conn)
    unknown = sorted(set(tables) - set(names))
    if unknown:
        raise PopbaseError(
            f"there is no golden table {', '.join(unknown)}", hint="does a contract publish it?"
        )
    span = _span(conn, run_id, current)
    if touched is None:
        written, held = _write_whole(conn, span, _hashed(names, tables, provenance))
    else:
        _check_touched(span, tables, provenance, touched)
        touch(conn, touched)
        written, held = _write_touched(conn, span, _hashed(names, tables, provenance), lake)
    staged = Staged(span.number, current, _counts(names, written, held), held.heights(names), held.sha256)
    _note(conn, run_id, staged)
    if lake is not None:
        held.keep(lake)
    return staged


def is_after_rollback(conn: Connection) -> bool:
    """Whether publications later than the one readers see were withdrawn: rows they closed are to be opened again."""
    sql = (
        "select exists (select from publication.publication as w cross join publication.pointer as p"
        " where w.state = 'withdrawn' and w.number > p.number) as is_so"
    )
    return bool(fetch(conn, sql)[0]["is_so"])


def _check_touched(
    span: Span, tables: Mapping[str, pl.DataFrame], provenance: pl.DataFrame, touched: pl.Series
) -> None:
    if span.after_withdrawn:
        raise PopbaseError(
            "after a rollback all rows are made anew, this run made some", hint="popbase run makes a new run"
        )
    rows = [frame["person_id"] for frame in tables.values()] + [provenance["row_key"]]
    if any(not keys.is_in(touched.implode()).all() for keys in rows):
        raise PopbaseError("rows of persons that are not touched were handed over")


def _write_whole(
    conn: Connection, span: Span, hashed: Iterator[tuple[str, pl.DataFrame]]
) -> tuple[dict[str, Written], Contents]:
    """Write all rows, the next tables hashed while one is written; what was written, and what readers will see."""
    written, hashes = {}, {}
    for name, fresh in ahead(hashed, _AHEAD):
        written[name], hashes[name] = write_rows(conn, name, fresh, span), fresh["row_hash"]
    return written, contents({name: rows for name, rows in hashes.items() if name != PROVENANCE})


def _write_touched(
    conn: Connection, span: Span, hashed: Iterator[tuple[str, pl.DataFrame]], lake: Lake | None
) -> tuple[dict[str, Written], Contents]:
    """Write the rows of the touched, while what readers see is fetched from the lake, or then from the server."""
    with ThreadPoolExecutor(max_workers=1) as reader:
        kept = reader.submit(_kept, lake, _seen_hash(conn, span.base))
        written = {name: write_rows(conn, name, fresh, span, touched_only=True) for name, fresh in hashed}
        found = kept.result() or _as_stored(conn, span.base)
    return written, _next_contents(found, {name: one for name, one in written.items() if name != PROVENANCE})


def _seen_hash(conn: Connection, current: int) -> str | None:
    """The content hash of what readers see."""
    return str(_publication(conn, current)["content_hash"]) if current else None


def _kept(lake: Lake | None, sha256: str | None) -> Contents | None:
    return None if lake is None or sha256 is None else kept_contents(lake, sha256)


def _as_stored(conn: Connection, current: int) -> Contents:
    """What readers see, as the server has it."""
    return contents({name: seen_hashes(conn, name, current) for name in golden_names(conn)})


def _next_contents(found: Contents, written: Mapping[str, Written]) -> Contents:
    """What readers see, with what was written."""
    for name, one in written.items():
        if one.begun.is_empty() and one.ended.is_empty():
            continue
        try:
            found = found.changed(name, one.ended, one.begun)
        except ValueError:
            raise PopbaseError(
                f"golden.{name} is not what was published", hint="popbase verify tells more"
            ) from None
    return found


def _counts(
    names: Iterable[str], written: Mapping[str, Written], held: Contents
) -> dict[str, dict[str, int]]:
    """{table: {opened, closed, unchanged}}, of whole tables."""
    changes = {name: written[name].change for name in names}
    return {
        name: asdict(replace(change, unchanged=held.rows(name) - change.opened))
        for name, change in changes.items()
    }


def _hashed(
    names: Iterable[str], tables: Mapping[str, pl.DataFrame], provenance: pl.DataFrame
) -> Iterator[tuple[str, pl.DataFrame]]:
    """Every golden table, then the provenance, with their hashes; one that is not given is empty."""
    for name in names:
        frame = tables.get(name, _NO_ROWS)
        yield name, frame.with_columns(row_hashes(frame))
    said = said_by_row(provenance)
    yield PROVENANCE, said.with_columns(row_hashes(said))


_AHEAD = 16
"""Tables that are hashed ahead of the one that is written: the server is the slower of the two."""
_NO_ROWS = pl.DataFrame(schema={"row_key": pl.String, "person_id": pl.String})


def _lock(conn: Connection) -> int:
    """Wait for other writers; readers are not held up. Returns the number readers see."""
    number: int = fetch(conn, "select number from publication.pointer for update")[0]["number"]
    return number


def _span(conn: Connection, run_id: str, current: int) -> Span:
    number = _drop_staged(conn, run_id)
    sql = (
        "select coalesce(max(number), 0) + 1 as next,"
        " coalesce(bool_or(state = 'withdrawn' and number > %s), false) as after_withdrawn"
        " from publication.publication"
    )
    found = fetch(conn, sql, (current,))[0]
    return Span(number or found["next"], current, found["after_withdrawn"])


def _drop_staged(conn: Connection, run_id: str | None) -> int | None:
    """Remove an undecided publication; its number, when it is this run's and so may be given again."""
    rows = fetch(conn, "select number, run_id from publication.publication where state = 'staged'")
    if not rows:
        return None
    number: int = rows[0]["number"]
    undo(conn, number)
    if rows[0]["run_id"] == run_id:
        execute(conn, "delete from publication.publication where number = %s", (number,))
        return number
    _set_state(conn, number, "refused")
    return None


def _note(conn: Connection, run_id: str, staged: Staged) -> None:
    execute(
        conn,
        "insert into publication.publication (number, run_id, base, state, content_hash, counts)"
        " values (%s, %s, %s, 'staged', %s, %s)",
        (staged.number, run_id, staged.base, staged.content_hash, json.dumps(staged.counts)),
    )


def release(conn: Connection, number: int, *, by: str = "audit", reason: str | None = None) -> None:
    """Let readers see a staged publication.

    Raises:
        UsageError: when it is not staged, or readers see another one than it was staged against.
    """
    current = _lock(conn)
    staged = _undecided(conn, number)
    if staged["base"] != current:
        raise UsageError(f"publication {number} was staged against {staged['base']}, readers see {current}")
    execute(
        conn,
        "update publication.publication set state = 'released', released_at = now(), released_by = %s"
        " where number = %s",
        (by, number),
    )
    _move(conn, current, number, by, reason)


def refuse(conn: Connection, number: int) -> None:
    """Remove what a staged publication wrote; its number is not used again. UsageError when it is not staged."""
    _lock(conn)
    _undecided(conn, number)
    undo(conn, number)
    _set_state(conn, number, "refused")


def rollback(conn: Connection, number: int, *, by: str = "operator", reason: str | None = None) -> None:
    """Move readers back to a released publication (0: to none); later ones become withdrawn.

    Raises:
        UsageError: when that publication is not one readers could see before the present one.
    """
    current = _lock(conn)
    if number == current:
        return
    if number and _publication(conn, number)["state"] != "released":
        raise UsageError(f"publication {number} is not released", hint="popbase publications lists them")
    _drop_staged(conn, None)
    execute(
        conn,
        "update publication.publication set state = 'withdrawn' where number > %s and state = 'released'",
        (number,),
    )
    _move(conn, current, number, by, reason)


def _move(conn: Connection, current: int, number: int, by: str, reason: str | None) -> None:
    execute(conn, "update publication.pointer set number = %s", (number,))
    execute(
        conn,
        "insert into publication.movement (from_number, to_number, moved_by, reason) values (%s, %s, %s, %s)",
        (current, number, by, reason),
    )


def _publication(conn: Connection, number: int) -> dict[str, Any]:
    rows = fetch(conn, "select * from publication.publication where number = %s", (number,))
    if not rows:
        raise UsageError(f"there is no publication {number}", hint="popbase publications lists them")
    return rows[0]


def _undecided(conn: Connection, number: int) -> dict[str, Any]:
    found = _publication(conn, number)
    if found["state"] != "staged":
        raise UsageError(f"publication {number} is {found['state']}", hint="popbase publications lists them")
    return found


def _set_state(conn: Connection, number: int, state: str) -> None:
    execute(conn, "update publication.publication set state = %s where number = %s", (state, number))
