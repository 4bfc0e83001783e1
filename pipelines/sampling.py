"""`popbase sample`: persons of a publication for an auditor to look at, each traced to the rows it was made of."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from pipelines.errors import UsageError
from pipelines.settings import Settings
from pipelines.store import audit, publication, runs, signing
from pipelines.store.database import open_database
from pipelines.store.lake import Lake
from pipelines.store.postgres import fetch_frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipelines.store.postgres import Connection

LARGEST: Final = 10_000
STARTS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
MASKS: Final = {
    "citizen_id": "shared.masked_identity_number(p.citizen_id)",
    "name": "shared.masked_name(p.name)",
    "born_on": "shared.masked_year(p.born_on)",
    "sex_code": "p.sex_code",
}
"""What is shown of a person, and how while it is masked."""


def sample(
    settings: Settings,
    number: int,
    size: int,
    seed: int,
    folder: Path,
    *,
    by: str = "",
    purpose: str | None = None,
) -> dict[str, Any]:
    """Draw persons of a publication and write cases.csv and sources.csv into `folder`.

    Strata are the combinations of feeds a person's records come from. Each has its share of the sample and at least
    one case while there are enough; the cases of a stratum are those with the smallest SHA-256 of seed and person_id,
    so that the draw can be repeated and foreseen by nobody who does not know the seed. With a purpose the persons
    are shown unmasked and who sees them is written down.

    Returns {"publication", "seed", "cases", "strata", "unmasked", "cases_file", "sources_file"}.

    Raises:
        UsageError: no such publication, one whose records are gone, a size out of bounds, or a purpose without a
            name.
    """
    if not 0 < size <= LARGEST:
        raise UsageError(f"--size is 1 to {LARGEST}")
    if purpose is not None and not (purpose.strip() and by.strip()):
        raise UsageError("unmasking needs a name and a purpose", hint="--unmask PURPOSE --by NAME")
    lake = Lake(settings.lake)
    with open_database(settings) as conn:
        members = _members(lake, number, publication.run_of(conn, number))
        strata = _strata(members)
        chosen = draw(strata, size, seed)
        sources = _sources(lake, members, chosen, runs.released_inputs(conn, number) or {})
        persons = _persons(conn, number, chosen["person_id"].to_list(), masked=purpose is None)
        if purpose is not None:
            ids = chosen["person_id"].to_list()
            signing.record_unmasking(conn, f"publication:{number}", seed, ids, by=by, purpose=purpose)
        drawn = {"seed": seed, "cases": chosen.height, "is_unmasked": purpose is not None}
        audit.record(conn, audit.Event("sampled", f"publication:{number}", by or "operator", drawn))
        cases = chosen.join(persons, on="person_id", how="left").sort("stratum", "person_id")
        files = [_write(folder / "cases.csv", cases), _write(folder / "sources.csv", sources)]
    return {
        "publication": number,
        "seed": seed,
        "cases": cases.height,
        "strata": chosen["stratum"].n_unique(),
        "unmasked": purpose is not None,
        "cases_file": str(files[0]),
        "sources_file": str(files[1]),
    }


def _members(lake: Lake, number: int, run_id: str) -> pl.DataFrame:
    """record_key, person_id of all that the publication was made of."""
    if not lake.has(f"resolved/{run_id}"):
        raise UsageError(
            f"publication {number} cannot be sampled: the lake has not kept whose records it was made of",
            hint=f"popbase verify {number} tells whether a delivery of it was erased; sample a later one",
        )
    return lake.read(f"resolved/{run_id}")


def _strata(members: pl.DataFrame) -> pl.DataFrame:
    """person_id, stratum: the feeds of a person's records, in order."""
    feed = pl.col("record_key").str.split("|").list.first().alias("feed")
    feeds = members.select("person_id", feed).group_by("person_id").agg(pl.col("feed").unique().sort())
    return feeds.select("person_id", pl.col("feed").list.join(" + ").alias("stratum")).sort("person_id")


def draw(strata: pl.DataFrame, size: int, seed: int) -> pl.DataFrame:
    """person_id, stratum of the sample; the order of `strata` changes nothing."""
    counts = dict(strata.group_by("stratum").len().sort("stratum").iter_rows())
    shares = allot(counts, min(size, strata.height))
    places = [hashlib.sha256(f"{seed}|{name}".encode()).hexdigest() for name in strata["person_id"]]
    ranked = strata.with_columns(pl.Series("place", places, dtype=pl.String)).sort("place")
    parts = [ranked.filter(pl.col("stratum") == name).head(share) for name, share in shares.items()]
    return pl.concat(parts).select("person_id", "stratum") if parts else ranked.select("person_id", "stratum")


def allot(counts: Mapping[str, int], size: int) -> dict[str, int]:
    """How many cases of each stratum: one each, largest first, then by largest remainder of its share."""
    total = sum(counts.values())
    shares = {name: min(1, size) for name in sorted(counts, key=lambda n: (-counts[n], n))[:size]}
    left = size - sum(shares.values())
    while left > 0:
        short = {
            n: counts[n] * size / total - shares.get(n, 0) for n in counts if shares.get(n, 0) < counts[n]
        }
        most = min(short, key=lambda n: (-short[n], n))
        shares[most] = shares.get(most, 0) + 1
        left -= 1
    return shares


def _persons(conn: Connection, number: int, person_ids: list[str], *, masked: bool) -> pl.DataFrame:
    """The golden person of each case as the publication shows it."""
    shown = ", ".join(f"{mask if masked else f'p.{name}'} as {name}" for name, mask in MASKS.items())
    sql = (
        f"select p.person_id, p.record_count, {shown} from golden.person p where p.person_id = any(%s)"  # noqa: S608
        " and p.from_publication <= %s and coalesce(p.to_publication, 2147483647) > %s"
    )
    return fetch_frame(conn, sql, (person_ids, number, number))


def _sources(
    lake: Lake, members: pl.DataFrame, chosen: pl.DataFrame, inputs: Mapping[str, Any]
) -> pl.DataFrame:
    """person_id, feed, batch_id, row_number of every record of the cases: where to look in the deliveries."""
    wanted = members.join(chosen.select("person_id"), on="person_id", how="semi")
    found = []
    for feed, batch_ids in sorted(inputs.get("feeds", {}).items()):
        rows = [
            lake.scan(f"accepted/{batch_id}")
            .select(
                "record_key",
                pl.col("row_number").cast(pl.Int64),
                pl.lit(batch_id).alias("batch_id"),
                place=pl.lit(n),
            )
            .filter(pl.col("record_key").is_in(wanted["record_key"].implode()))
            .collect()
            for n, batch_id in enumerate(batch_ids)
        ]
        if rows:
            last = pl.concat(rows).sort("place").unique("record_key", keep="last", maintain_order=True)
            found.append(last.join(wanted, on="record_key").with_columns(pl.lit(feed).alias("feed")))
    columns = ["person_id", "feed", "batch_id", "row_number"]
    if not found:
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    return pl.concat(found).select(columns).sort(columns)


def _write(path: Path, frame: pl.DataFrame) -> Path:
    """A CSV that spreadsheets read and take no cell of for a formula; nobody else on the machine reads it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(frame.columns)
    writer.writerows(_cells(row) for row in frame.iter_rows())
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    path.write_text(text.getvalue(), encoding="utf-8-sig", newline="")
    return path


def _cells(row: Iterable[object]) -> list[str]:
    told = ["" if cell is None else str(cell) for cell in row]
    return [f"'{cell}" if cell.startswith(STARTS_A_FORMULA) else cell for cell in told]
