"""Figures of review: how far reviewers agree, and what drawn links say of a run's errors."""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from pipelines.errors import UsageError
from pipelines.kernels.agreement import Interval, kappa, wilson
from pipelines.policy import load_review
from pipelines.reviewing.cases import LOCK, newest_run
from pipelines.store import judging
from pipelines.store.database import open_database
from pipelines.store.lake import Lake
from pipelines.store.postgres import advisory_lock

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipelines.settings import Settings

LARGEST: Final = 10_000


def agreement(settings: Settings) -> list[dict[str, Any]]:
    """Of every two reviewers the cases both judged, the share they agree in, and Cohen's kappa, with intervals.

    What a reviewer said first of a case counts: what was said after a talk is no second opinion.
    """
    with open_database(settings) as conn:
        said = judging.judgements_on(conn, None)
    first: dict[str, dict[tuple[str, str], str]] = defaultdict(dict)
    for row in said:
        if row["undone_at"] is None and not row["is_settling"]:
            first[row["judged_by"]].setdefault((row["record_a"], row["record_b"]), row["verdict"])
    return [
        _pair(a, b, first[a], first[b])
        for a, b in combinations(sorted(first), 2)
        if first[a].keys() & first[b].keys()
    ]


def _pair(a: str, b: str, said_a: dict[Any, str], said_b: dict[Any, str]) -> dict[str, Any]:
    both = sorted(said_a.keys() & said_b.keys())
    x, y = [said_a[pair] for pair in both], [said_b[pair] for pair in both]
    agreed = sum(one == other for one, other in zip(x, y, strict=True))
    return {
        "reviewers": [a, b],
        "cases": len(both),
        "agreed": agreed,
        "share": _plain(wilson(agreed, len(both))),
        "kappa": _plain(kappa(x, y)),
    }


def draw_links(settings: Settings, size: int, seed: int, *, by: str) -> dict[str, Any]:
    """Draw links of the newest run at random for people to judge; each becomes a case.

    Strata are the methods, of weighed links also the bands of policies/review.yml. Each has at least its even share
    while it has so many, because the rare and the weak are where errors are. The links of a stratum are those with
    the smallest SHA-256 of seed and pair. Returns {"run_id", "seed", "cases", "strata": {stratum: drawn}}.

    Raises:
        UsageError: a size out of bounds, or no name.
    """
    if not 0 < size <= LARGEST or not by.strip():
        raise UsageError(f"--size is 1 to {LARGEST}, and who draws gives a name", hint="--size N --by NAME")
    bands = load_review(settings.policies / "review.yml").bands
    with open_database(settings) as conn:
        advisory_lock(conn, LOCK)
        run_id = newest_run(conn)
        links = with_strata(Lake(settings.lake).read(f"links/{run_id}"), bands)
        drawn = draw(links, size, seed)
        numbered = [
            (judging.case_of(conn, a, b, run_id), stratum, links_there)
            for a, b, stratum, links_there in drawn.iter_rows()
        ]
        judging.record_sample(conn, run_id, seed, numbered, by.strip())
    counts = dict(drawn.group_by("stratum").len().sort("stratum").iter_rows())
    return {"run_id": run_id, "seed": seed, "cases": drawn.height, "strata": counts}


def with_strata(links: pl.DataFrame, bands: Sequence[float]) -> pl.DataFrame:
    """record_a, record_b, stratum (`probabilistic 10-14`), of links that no judgement made; each pair once."""
    edges = sorted(bands)
    names = [
        f"<{edges[0]:g}",
        *(f"{a:g}-{b:g}" for a, b in pairwise(edges)),
        f">={edges[-1]:g}",
    ]
    made = links.filter(pl.col("method") != "judgement").unique(["record_a", "record_b"], keep="first")
    over = pl.sum_horizontal(*((pl.col("weight") >= edge).cast(pl.Int64) for edge in edges))
    band = over.replace_strict(dict(enumerate(names)), return_dtype=pl.String)
    weighed = pl.col("method").is_in(["probabilistic", "id_repair"])
    stratum = pl.when(weighed).then(pl.format("{} {}", "method", band)).otherwise("method")
    return made.select("record_a", "record_b", stratum=stratum).sort("record_a", "record_b")


def draw(links: pl.DataFrame, size: int, seed: int) -> pl.DataFrame:
    """record_a, record_b, stratum, links (of the stratum) of the sample; the order of `links` changes nothing."""
    places = [
        hashlib.sha256(f"{seed}|{a}|{b}".encode()).hexdigest()
        for a, b in links.select("record_a", "record_b").iter_rows()
    ]
    ranked = links.with_columns(pl.Series("place", places, dtype=pl.String)).sort("place")
    counts = dict(links.group_by("stratum").len().sort("stratum").iter_rows())
    shares = even_shares(counts, min(size, links.height))
    parts = [
        ranked.filter(pl.col("stratum") == name)
        .head(share)
        .with_columns(links=pl.lit(counts[name], pl.Int64))
        for name, share in shares.items()
    ]
    columns = ["record_a", "record_b", "stratum", "links"]
    return (
        pl.concat(parts).select(columns)
        if parts
        else ranked.with_columns(links=pl.lit(0, pl.Int64)).select(columns)
    )


def even_shares(counts: dict[str, int], size: int) -> dict[str, int]:
    """Cases of each stratum: as even as its links allow, what one cannot fill the others get."""
    shares, left = dict.fromkeys(sorted(counts), 0), size
    while left:
        hungry = [name for name in shares if shares[name] < counts[name]]
        each = max(1, left // len(hungry))
        for name in hungry:
            more = min(each, counts[name] - shares[name], left)
            shares[name] += more
            left -= more
    return {name: share for name, share in shares.items() if share}


def estimates(settings: Settings) -> list[dict[str, Any]]:
    """What judged samples say of the links they were drawn from: the share that is right, each stratum by its size."""
    with open_database(settings) as conn:
        rows = judging.samples(conn)
    grouped: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        grouped[row["run_id"], row["seed"]].append(row)
    return [
        {"run_id": run_id, "seed": seed, "drawn": len(cases), **_estimate(cases)}
        for (run_id, seed), cases in grouped.items()
    ]


def _estimate(cases: list[dict[str, Any]]) -> dict[str, Any]:
    strata = [_stratum(name, [c for c in cases if c["stratum"] == name]) for name in _names(cases)]
    told = [line for line in strata if line["judged"]]
    return {
        "judged": sum(line["judged"] for line in told),
        "precision": _plain(weighted([(s["links"], s["right"], s["judged"]) for s in told])),
        "strata_without_judgement": len(strata) - len(told),
        "strata": strata,
    }


def _names(cases: Iterable[dict[str, Any]]) -> list[str]:
    return sorted({case["stratum"] for case in cases})


def _stratum(name: str, cases: list[dict[str, Any]]) -> dict[str, Any]:
    judged = [case for case in cases if case["verdict"] is not None]
    right = sum(case["verdict"] == "positive" for case in judged)
    return {
        "stratum": name, "links": cases[0]["stratum_links"], "drawn": len(cases), "judged": len(judged),
        "right": right, "share": _plain(wilson(right, len(judged))),
    }  # fmt: skip


def weighted(strata: Sequence[tuple[int, int, int]]) -> Interval:
    """Share of right links over strata of (links, right, judged), with the Wilson limits combined by stratum.

    The distances from each stratum's share to its own limits are added as squares of its weight (MOVER: Zou and
    Donner 2008), which stays honest where every judged link of a stratum is right.
    """
    whole = sum(links for links, _, _ in strata)
    if not whole:
        return Interval(None, None, None)
    share, below, above = 0.0, 0.0, 0.0
    for links, right, judged in strata:
        found, part = wilson(right, judged), links / whole
        estimate, low, high = (
            found.estimate or 0.0,
            found.low or 0.0,
            1.0 if found.high is None else found.high,
        )
        share += part * estimate
        below += (part * (estimate - low)) ** 2
        above += (part * (high - estimate)) ** 2
    return Interval(share, max(0.0, share - math.sqrt(below)), min(1.0, share + math.sqrt(above)))


def _plain(found: Interval) -> dict[str, float | None]:
    told = {"estimate": found.estimate, "low": found.low, "high": found.high}
    return {name: figure if figure is None else round(figure, 4) for name, figure in told.items()}
