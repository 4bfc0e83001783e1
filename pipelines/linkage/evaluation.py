"""How well records were resolved, against a truth. Pairs are counted from group sizes, never enumerated."""

from __future__ import annotations

from typing import Any

import polars as pl

Scores = dict[str, float]


def evaluate(records: pl.DataFrame) -> dict[str, Any]:
    """Quality of a resolution.

    Pairwise: all pairs of records of one person. `cluster`: B-cubed (Bagga and Baldwin 1998), the
    mean over records. `without_valid_id`: pairs with at least one record whose own ID, as
    delivered, is not a valid 18-digit number. `by_feed`: pairs with at least one record of the
    feed. `persons_of_two_people`: wrong merges. `exact_id_baseline`: pairwise, had records been linked by equal IDs alone. Where nothing
    was linked precision is 1, where nothing was to be linked recall is 1.

    Args:
        records: record_key, feed, person (the truth), person_id (null: linked to nobody),
            own_id_valid (Boolean), citizen_id (valid or upgraded, else null); optionally
            is_excused (Boolean): number history or a judgement gives its person several IDs.
    """
    alone = pl.concat_str(pl.lit("alone|"), "record_key")
    frame = records.with_columns(
        found=pl.coalesce(pl.concat_str(pl.lit("p|"), "person_id"), alone),
        baseline=pl.coalesce(pl.when(pl.col("person_id").is_not_null()).then("citizen_id"), alone),
        own_id_valid=pl.col("own_id_valid").fill_null(value=False),
    )
    valid = frame.filter("own_id_valid")
    return {
        "pairwise": _pairwise(frame),
        "cluster": _b_cubed(frame),
        "without_valid_id": _pairwise(frame, without=valid),
        "by_feed": {
            feed: _pairwise(frame, without=frame.filter(pl.col("feed") != feed))
            for feed in sorted(frame["feed"].unique())
        },
        "persons_with_two_valid_ids": _two_valid_ids(valid),
        "persons_of_two_people": _two_people(frame),
        "exact_id_baseline": _pairwise(frame.with_columns(found="baseline")),
    }


def _two_valid_ids(valid: pl.DataFrame) -> int:
    excused = (
        pl.col("is_excused").fill_null(value=False).any()
        if "is_excused" in valid.columns
        else pl.lit(value=False)
    )
    persons = (
        valid.filter(pl.col("person_id").is_not_null())
        .group_by("person_id")
        .agg(numbers=pl.col("citizen_id").drop_nulls().n_unique(), excused=excused)
    )
    return persons.filter((pl.col("numbers") > 1) & ~pl.col("excused")).height


def _two_people(frame: pl.DataFrame) -> int:
    return frame.group_by("found").agg(people=pl.col("person").n_unique()).filter(pl.col("people") > 1).height


def _pairwise(frame: pl.DataFrame, without: pl.DataFrame | None = None) -> Scores:
    """Scores over all pairs, less the pairs inside `without`."""
    counts = []
    for by in (["person", "found"], ["found"], ["person"]):
        pairs = _pairs(frame, by) - (0 if without is None else _pairs(without, by))
        counts.append(pairs)
    right, linked, true = counts
    return _scores(_share(right, linked), _share(right, true))


def _pairs(frame: pl.DataFrame, by: list[str]) -> int:
    sizes = frame.group_by(by).len("size")["size"].cast(pl.Int64)
    return int((sizes * (sizes - 1) // 2).sum())


def _b_cubed(frame: pl.DataFrame) -> Scores:
    sizes = frame.select(
        both=pl.len().over("person", "found"), found=pl.len().over("found"), true=pl.len().over("person")
    )
    if sizes.is_empty():
        return _scores(1.0, 1.0)
    shares = sizes.select(
        precision=(pl.col("both") / pl.col("found")).mean(), recall=(pl.col("both") / pl.col("true")).mean()
    )
    return _scores(float(shares["precision"][0]), float(shares["recall"][0]))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def _scores(precision: float, recall: float) -> Scores:
    both = precision + recall
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / both if both else 0.0,
    }
