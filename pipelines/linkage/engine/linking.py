"""Candidate pairs, compared and weighed; only those that reach the review threshold are kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.linkage.engine.blocking import CHUNK, apply_rules, candidate_chunks
from pipelines.linkage.engine.threads import THREADS, ahead
from pipelines.linkage.engine.weights import KinWeights, Weights, kin_weights, weigh, weights

if TYPE_CHECKING:
    from pipelines.linkage.engine.model import LinkageModel
    from pipelines.linkage.engine.table import Table

Rows = npt.NDArray[np.int32]
Bits = npt.NDArray[np.float64]
Levels = npt.NDArray[np.int8]

_SLACK = 1e-6


@dataclass(frozen=True)
class _Evidence:
    of: list[Weights]
    kin: KinWeights | None


@dataclass(frozen=True)
class Links:
    """What was found.

    Attributes:
        pairs: a, b (keys, in their order), weight (bits, prior included), probability, is_link, and
            level_<comparison> (Int8, -1 missing); pairs at or above possible_weight, sorted.
        compared: how many candidate pairs there were.
    """

    pairs: pl.DataFrame
    compared: int


def link(
    table: Table,
    model: LinkageModel,
    *,
    chunk: int = CHUNK,
    threads: int = THREADS,
    among: npt.NDArray[np.bool_] | None = None,
) -> Links:
    """Links and possible links among the records of a table; `among`: pairs with one of these rows alone.

    Memory grows with `chunk` and `threads` and with the pairs kept, not with the candidate pairs.
    Neither of the two changes the result.

    Raises:
        UsageError: when the model was not fitted.
    """
    known = _Evidence(weights(table, model), kin_weights(model))
    rules = apply_rules(table, model.blocking, model.block_cap)
    chunks = _among(candidate_chunks(rules, chunk), among)
    kept = list(ahead(lambda pair: _score(table, model, known, *pair), chunks, threads))
    return Links(_frame(table, model, kept), sum(scored.compared for scored in kept))


def _among(
    chunks: Iterator[tuple[Rows, Rows]], among: npt.NDArray[np.bool_] | None
) -> Iterator[tuple[Rows, Rows]]:
    if among is None:
        yield from chunks
        return
    for a, b in chunks:
        kept = among[a] | among[b]
        yield a[kept], b[kept]


@dataclass(frozen=True)
class _Scored:
    a: Rows
    b: Rows
    weight: Bits
    levels: Levels
    compared: int


def _score(table: Table, model: LinkageModel, known: _Evidence, a: Rows, b: Rows) -> _Scored:
    prior = prior_bits(model)
    found = weigh(known.of, table, a, b, model.possible_weight - prior - _SLACK)
    weight = found.bits.sum(axis=0) + prior
    if known.kin is not None:
        weight = known.kin.lower(weight, found.bits, found.levels)
    weight = np.round(weight, 6)
    enough = weight >= model.possible_weight
    which = found.which[enough]
    return _Scored(a[which], b[which], weight[enough], found.levels[:, enough], len(a))


def prior_bits(model: LinkageModel) -> float:
    """log2 of the prior odds of a fitted model."""
    prior = float(model.prior.probability or 0)
    return float(np.log2(prior / (1 - prior)))


def probability(weight: Bits) -> Bits:
    """Match probability of weights in bits, nine digits."""
    return np.asarray(np.round(1 / (1 + np.exp2(-np.clip(weight, -60, 60))), 9))


def _frame(table: Table, model: LinkageModel, kept: list[_Scored]) -> pl.DataFrame:
    nothing = np.empty((len(model.comparisons), 0), np.int8)
    a, b = (np.concatenate([np.empty(0, np.int32), *(getattr(one, side) for one in kept)]) for side in "ab")
    weight = np.concatenate([np.empty(0), *(one.weight for one in kept)])
    levels = np.concatenate([nothing, *(one.levels for one in kept)], axis=1)
    order = np.lexsort((b, a))
    a, b, weight, levels = a[order], b[order], weight[order], levels[:, order]
    return pl.DataFrame(
        {
            "a": table.keys.gather(a),
            "b": table.keys.gather(b),
            "weight": weight,
            "probability": probability(weight),
            "is_link": (weight >= model.link_weight) & ~_is_doubtful(model, levels),
            **{f"level_{one.name}": levels[k] for k, one in enumerate(model.comparisons)},
        }
    )


def _is_doubtful(model: LinkageModel, levels: Levels) -> npt.NDArray[np.bool_]:
    found = np.zeros(levels.shape[1], np.bool_)
    for comparison, of in zip(model.comparisons, levels, strict=True):
        doubtful = [place for place, level in enumerate(comparison.levels) if level.is_doubtful]
        found |= np.isin(of, doubtful)
    return found
